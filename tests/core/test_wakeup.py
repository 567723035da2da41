"""A ring wakes every listener of the name, whichever process waits, and dead ones are cleared away."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from studium.core.wakeup import Doorbell, Listener, socket_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short name, so that the sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="studium-") as name:
        yield Path(name)


@pytest.fixture
def bell(folder: Path) -> Iterator[Doorbell]:
    bell = Doorbell(folder, "tea")
    yield bell
    bell.close()


@pytest.fixture
def listener(folder: Path) -> Iterator[Listener]:
    listener = Listener(folder, "tea")
    yield listener
    listener.close()


def test_a_ring_wakes_a_listener(bell, listener):
    assert bell.ring() == 1
    assert listener.wait(5)


def test_a_ring_wakes_a_thread_that_already_waits(bell, listener):
    woken = []
    thread = threading.Thread(target=lambda: woken.append(listener.wait(30)))
    thread.start()
    bell.ring()
    thread.join(20)
    assert woken == [True]


def test_without_a_ring_the_wait_ends_by_itself(listener):
    assert not listener.wait(0.01)
    assert not listener.wait(0)


def test_a_wait_of_nothing_tells_whether_it_has_rung(bell, listener):
    bell.ring()
    assert listener.wait(0)
    assert not listener.wait(0)


def test_rings_that_came_together_count_once(bell, listener):
    for _ in range(5):
        bell.ring()
    assert listener.wait(5)
    assert not listener.wait(0.01)


def test_every_listener_is_woken(bell, folder):
    listeners = [Listener(folder, "tea") for _ in range(20)]
    assert bell.ring() == 20
    assert all(listener.wait(5) for listener in listeners)
    for listener in listeners:
        listener.close()
    assert bell.ring() == 0


def test_names_do_not_mix(bell, listener, folder):
    other, longer = Listener(folder, "coffee"), Listener(folder, "teapot")
    assert bell.ring() == 1
    assert not other.wait(0.01)
    assert not longer.wait(0.01)
    other.close()
    longer.close()


def test_a_bell_nobody_hears_rings_in_vain(folder):
    bell = Doorbell(folder / "nowhere", "tea")
    assert bell.ring() == 0
    bell.close()


def test_the_socket_of_a_dead_process_is_removed(bell, folder):
    code = (
        "import os, sys; from pathlib import Path; from studium.core.wakeup import Listener;Listener(Path(sys.argv[1]), 'tea'); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=False, timeout=60)
    assert len(list(folder.iterdir())) == 1
    assert bell.ring() == 0
    assert list(folder.iterdir()) == []


def test_a_listener_that_never_looks_does_not_block_the_bell(bell, listener):
    assert {bell.ring() for _ in range(2_000)} == {1}
    assert listener.wait(5)
    assert not listener.wait(0.01)


def test_a_full_listener_is_not_taken_for_a_dead_one(bell, listener, folder):
    for _ in range(2_000):
        bell.ring()
    assert len(list(folder.iterdir())) == 1


def test_wake_ends_the_wait_of_the_own_process(listener):
    listener.wake()
    assert listener.wait(5)


def test_a_closed_listener_leaves_no_file(folder):
    listener = Listener(folder, "tea")
    listener.close()
    assert list(folder.iterdir()) == []


def test_a_long_data_folder_gets_a_private_one_for_its_sockets(folder):
    deep = folder / ("x" * 90)
    private = socket_folder(deep)
    assert len(str(private)) < 60
    assert private != socket_folder(folder / ("y" * 90))
    listener, bell = Listener(deep, "tea"), Doorbell(deep, "tea")
    try:
        assert stat.S_IMODE(private.stat().st_mode) == 0o700
        assert bell.ring() == 1
        assert listener.wait(5)
    finally:
        listener.close()
        bell.close()
        private.rmdir()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_socket_folder_of_somebody_else_is_refused(folder):
    deep = folder / ("z" * 90)
    private = socket_folder(deep)
    private.mkdir(mode=0o700)
    os.chown(private, 12345, 12345)
    try:
        with pytest.raises(PermissionError, match=str(private)):
            Listener(deep, "tea")
        assert list(private.iterdir()) == []
    finally:
        private.rmdir()


def test_sockets_are_only_for_the_owner(listener, folder):
    (path,) = folder.iterdir()
    assert stat.S_ISSOCK(path.stat().st_mode)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as probe:
        probe.sendto(b"x" * 16, str(path))
    assert listener.wait(5)
