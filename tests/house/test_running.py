"""bin/dev with real processes: it runs everything, heals what is killed, and leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from studium.testing.stack import Stack, free_port

pytestmark = pytest.mark.faults
ROOT = Path(__file__).parents[2]
GUNICORNS = ("studium.web.wsgi:app", "studium.web.cable:app")


class Dev:
    """One bin/dev, started from another folder, on a data folder whose path has spaces and is long."""

    def __init__(self, folder: Path) -> None:
        self.port, cable_port = free_port(), free_port()
        self.output = folder / "output.txt"
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STUDIUM_")}
        environ = kept | {"STUDIUM_PORT": str(self.port), "STUDIUM_CABLE_PORT": str(cable_port),
                          "STUDIUM_DATA_DIR": str(folder / "a data folder" / ("long" * 20))}
        with self.output.open("w") as output:
            self.process = psutil.Popen([str(ROOT / "bin" / "dev")], cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=output,
                                        stderr=subprocess.STDOUT, start_new_session=True)
        until(lambda: "Studium is up" in self.said or self.process.poll() is not None, 60)
        self.everything = self.processes()
        if "Studium is up" not in self.said:
            self.end()
            raise AssertionError(self.said)

    @property
    def said(self) -> str:
        return self.output.read_text()

    def processes(self, words: str = "") -> list[psutil.Process]:
        """Those of our tree that live now and whose command has the words in it, parents before children."""
        found = [self.process, *self.process.children(recursive=True)]
        return [one for one in found if one.status() != psutil.STATUS_ZOMBIE and words in " ".join(one.cmdline())]

    def is_well(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/up", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def end(self) -> None:
        """Stop what still runs: gently, and what a failed test left by force."""
        if self.process.is_running() and self.process.status() != psutil.STATUS_ZOMBIE:
            self.everything = self.processes()
            self.process.terminate()
            psutil.wait_procs(self.everything, timeout=45)
        for process in self.left():
            process.kill()
        self.process.wait(10)

    def left(self) -> list[psutil.Process]:
        return [one for one in self.everything if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Dev]:
    started = Dev(tmp_path)
    yield started
    started.end()


def test_it_serves_the_site_and_ctrl_c_leaves_no_process(dev: Dev) -> None:
    assert dev.is_well()
    assert len(dev.processes()) == 10, "bin/dev, supervisord, two workers, and a master and a worker of web, web and cable"
    os.killpg(dev.process.pid, signal.SIGINT)
    assert dev.process.wait(45) == 0
    assert dev.left() == []
    assert "Traceback" not in dev.said


def test_a_killed_supervisord_takes_everything_with_it(dev: Dev) -> None:
    dev.processes("bin/supervisord")[0].kill()
    assert dev.process.wait(20) == 1
    assert dev.left() == []
    assert "supervisord was killed by SIGKILL" in dev.said


def test_a_killed_bin_dev_leaves_nothing_either(dev: Dev) -> None:
    dev.process.kill()
    until(lambda: dev.left() == [], 45)


def open_to_others(folder: Path) -> list[str]:
    """What other users of the machine may read there."""
    found = [path for path in folder.rglob("*") if not path.is_socket()]
    assert len(found) > 4
    return [path.name for path in found if path.stat().st_mode & 0o077]


def test_what_bin_dev_writes_is_for_this_user_alone(dev: Dev, tmp_path: Path) -> None:
    assert open_to_others(tmp_path / "a data folder") == []


def test_what_bin_serve_writes_is_for_this_user_alone(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "data")
    before = os.umask(0o077)
    stack.run("studium", "migrate")
    os.umask(0o022)
    try:
        stack.start()
        assert open_to_others(tmp_path / "data") == []
    finally:
        os.umask(before)
        stack.stop()


@pytest.mark.parametrize("program", GUNICORNS)
def test_a_killed_gunicorn_master_comes_back_and_its_worker_goes(dev: Dev, program: str) -> None:
    usual = len(dev.processes(program))
    masters = [one for one in dev.processes(program) if "supervisord" in " ".join(one.parent().cmdline())]
    for master in masters:
        orphans = master.children()
        master.kill()
        until(lambda gone=orphans: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in gone), 20)
    until(lambda: len(dev.processes(program)) == usual, 20)
    until(dev.is_well, 20)


def until(true: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.05)
