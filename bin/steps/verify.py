"""`bin/verify [--full]`: sets up and proves everything, one line a step; the same at a desk and in CI. Exit code 0 only if all passed."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TextIO

import fresh_wheel
import virtualenv
from environment import ROOT, Refusal, complain
from virtualenv import PYTHON

LOGS = ROOT / "build" / "verify"
TYPED = ROOT / "build" / "mypy" / "studium"
PACKAGES = ("core", "queue", "services", "plugins", "web", "testing")
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
SHOWN_OF_A_FAILURE = 60
PYTEST = (str(PYTHON), "-m", "pytest", "-p", "no:cacheprovider")
QUICK = (*PYTEST, "-p", "no:schemathesis")  # only the fuzz tests need it, and each process would load it for a second
STORMS = ("tests/faults/test_jobs_survive_kill.py", "tests/faults/test_progress_survives_kill.py")
Step = Callable[[TextIO], None]
NO_COMPILED_FILES = "PYTHONDONTWRITEBYTECODE"
NO_TESTS = 5  # pytest's exit code when it collected nothing (docs.pytest.org, exit codes)


class Failed(Exception):
    """A step failed; the text says why in a sentence, its log says the rest."""


def main() -> None:
    """Run the steps of the asked profile, all of them even when one fails."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--full", action="store_true", help="also the browser, kill -9, wheel and clean-tree checks (needs Chromium)")
    full = arguments.parse_args().full
    began = time.monotonic()
    try:
        virtualenv.prepare("dev")
    except Refusal as refusal:
        complain(refusal)
        sys.exit(1)
    LOGS.mkdir(parents=True, exist_ok=True)
    before = _changes()
    failed = [name for group in (FAST, *(SLOW if full else ())) for name in _run_together(group)]
    if full and _changes() != before:
        failed.append("clean tree")
        print(f"the checks changed or left files that git sees:\n{_changes()}")
    print(f"\n{'FAILED: ' + ', '.join(failed) if failed else 'All passed'} in {time.monotonic() - began:.0f} s", flush=True)
    sys.exit(1 if failed else 0)


def ruff(log: TextIO) -> None:
    """Style and likely mistakes."""
    _call(log, str(PYTHON), "-m", "ruff", "check", "--output-format", "concise", ".")


def mypy(log: TextIO) -> None:
    """Types; mypy sees the folders as the packages that they are installed as. bin/steps is a set of scripts of its own."""
    TYPED.mkdir(parents=True, exist_ok=True)
    for folder in PACKAGES:
        link = TYPED / folder
        if not link.is_symlink():
            link.symlink_to(Path("..", "..", "..", folder))
    _call(log, str(PYTHON), "-m", "mypy", "-p", "studium")
    _call(log, str(PYTHON), "-m", "mypy", "bin/steps")


def tests(log: TextIO) -> None:
    """All tests that are quick: no browser, no kill -9."""
    _call(log, *QUICK, "-n", "2", "--dist", "loadfile", "-m", "not e2e and not faults and not fuzz and not slow")


def slow(log: TextIO) -> None:
    """Tests that start processes or try very many cases, and the API under requests made from its own OpenAPI document."""
    _call(log, *PYTEST, "-n", "2", "--dist", "loadfile", "-m", "slow or fuzz")


def wheel(log: TextIO) -> None:
    """What is installed works without the repository."""
    fresh_wheel.check(log)


def browser(log: TextIO) -> None:
    """The site in a real Chromium."""
    if not any(shutil.which(name) for name in BROWSERS):
        raise Failed("there is no Chromium, which these tests drive. On Debian and Ubuntu: apt install chromium-headless-shell")
    _call(log, *PYTEST, "-n", "3", "--dist", "loadfile", "-m", "e2e", "tests/e2e")  # three sites and browsers: they mostly wait


def storms(log: TextIO) -> None:
    """Long rounds of kill -9 that measure how soon all is well again: they need both cores."""
    _call(log, *PYTEST, "-m", "faults", *STORMS)


def faults(log: TextIO) -> None:
    """Real processes under kill -9, each moment by itself."""
    without = [f"--ignore={path}" for path in STORMS]
    _call(log, *PYTEST, "-n", "3", "--dist", "loadfile", "-m", "faults", *without, "tests")  # they mostly wait for programs to start


FAST = (ruff, mypy, tests)
SLOW = ((slow, wheel), (browser,), (storms,), (faults,))  # one group after the other: each needs the whole machine


def _run_together(steps: Sequence[Step]) -> list[str]:
    """Run the steps at the same time and report them in order; the names of those that failed."""
    with ThreadPoolExecutor(len(steps)) as threads:
        ends = [(step, threads.submit(_run, step)) for step in steps]
        return [step.__name__ for step, end in ends if not _report(step, end.result())]


def _run(step: Step) -> tuple[float, str]:
    """Run a step; how many seconds it took, and why it failed, if it did."""
    began = time.monotonic()
    reason = ""
    try:
        with _log(step).open("w") as log:
            step(log)
    except (Failed, Refusal) as failure:
        reason = str(failure)
    return time.monotonic() - began, reason


def _report(step: Step, end: tuple[float, str]) -> bool:
    """Print how a step ended; whether it passed."""
    seconds, reason = end
    print(f"{step.__name__:8} {'FAIL' if reason else 'PASS'} {seconds:6.1f} s  {reason}", flush=True)
    _show(_log(step), SHOWN_OF_A_FAILURE if reason else 1)
    return not reason


def _call(log: TextIO, *command: str) -> None:
    """Run a command at the root with its output in the log; raises Failed unless its exit code is 0.

    Compiled files are kept even where the environment says not to: every test process would compile all tests anew."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("STUDIUM_") and name != NO_COMPILED_FILES}
    done = subprocess.run(command, cwd=ROOT, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode == NO_TESTS and "pytest" in command:
        raise Failed("no test was found")
    if done.returncode:
        raise Failed(f"exit code {done.returncode}; all of its output: {Path(log.name).relative_to(ROOT)}")


def _log(step: Step) -> Path:
    return LOGS / f"{step.__name__}.log"


def _show(log: Path, lines: int) -> None:
    """The end of a step's output as it is, so that a test runner's closing line stays readable for people and machines."""
    for line in log.read_text(errors="replace").rstrip().splitlines()[-lines:]:
        print(line, flush=True)


def _changes() -> str:
    """What git sees as changed or new; nothing where this is no git work tree."""
    asked: Sequence[str] = ("git", "status", "--porcelain")
    return subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout if shutil.which("git") else ""


if __name__ == "__main__":
    main()
