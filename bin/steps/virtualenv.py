"""Makes the virtual environment .venv with the pinned packages, and does nothing when nothing has changed."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from environment import ROOT, VENV, Refusal

PYTHON = VENV / "bin" / "python"
STAMP = VENV / "studium-installed.json"
MAKE = (sys.executable, "-m", "venv")
PIP_INSTALL = ("-I", "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-q")
REASONS = ("pyproject.toml", "constraints.txt")


def prepare(extra: str = "") -> None:
    """Make .venv hold Studium with its packages, those of the optional group `extra` included; raises Refusal when it cannot."""
    with _one_at_a_time():
        installed = _installed()
        if installed is not None and (not extra or extra in installed):
            return
        _refuse_without_venv()
        if not _works():
            _make()
        extras = sorted({*_extras_before(), *([extra] if extra else [])})
        print("Installing Python packages into .venv (the first time takes a minute) ...", flush=True)
        _install(extras)
        STAMP.write_text(json.dumps({"digest": _digest(), "extras": extras}))


def _installed() -> list[str] | None:
    """The optional groups that are installed, or None when something has changed since, or the environment is broken."""
    stamp = _stamp()
    return list(stamp["extras"]) if stamp.get("digest") == _digest() and _works() else None


def _extras_before() -> list[str]:
    return list(_stamp().get("extras", []))


def _stamp() -> dict[str, Any]:
    try:
        return dict(json.loads(STAMP.read_text()))
    except (OSError, ValueError):
        return {}


def _digest() -> str:
    """Of what decides the installation: the two files, and where it stands (an editable installation holds its path)."""
    digest = hashlib.sha256(os.fsencode(ROOT))
    for name in REASONS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def _works() -> bool:
    """Whether .venv has a Python that runs from where it is now (a copied or moved environment does not)."""
    if not PYTHON.exists():
        return False
    asked = [str(PYTHON), "-I", "-c", "import sys; print(sys.prefix, sys.version_info >= (3, 11), sep='\\n')"]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.splitlines() == [str(VENV), "True"] and _is_at_home()


def _is_at_home() -> bool:
    """Scripts in a virtual environment name its folder; after a move they run another one, or none."""
    return str(VENV) in (VENV / "bin" / "activate").read_text()


def _make() -> None:
    if VENV.exists():
        print("The virtual environment in .venv does not work here; making it anew.", flush=True)
        shutil.rmtree(VENV)
    made = subprocess.run([*MAKE, str(VENV)], capture_output=True, text=True, check=False, cwd="/")
    if made.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        raise Refusal(f"the virtual environment {VENV} could not be made:\n{made.stdout}{made.stderr}")


def _install(extras: list[str]) -> None:
    target = "." + (f"[{','.join(extras)}]" if extras else "")
    done = subprocess.run([str(PYTHON), *PIP_INSTALL, "-c", "constraints.txt", "-e", target], cwd=ROOT, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        print(done.stdout, file=sys.stderr)
        raise Refusal("the Python packages could not be installed; pip says why above. It needs the package index, or a mirror of it "
                      "named in pip's own settings (pip config set global.index-url ...). Then run the same command again.")


def _refuse_without_venv() -> None:
    if importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip"):
        return
    version = ".".join(platform.python_version_tuple()[:2])
    raise Refusal(f"{sys.executable} cannot make virtual environments: its module venv (or ensurepip) is missing. "
                  f"On Debian and Ubuntu: apt install python{version}-venv")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Two commands started together must not install into one folder at once; the second one waits."""
    folder = os.open(ROOT, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)
