"""The meeting of threads with the loop: no call and no item is ever left lying, however many threads hand them over at once."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import gevent
import pytest

from studium.services.cable.group_commit import GroupCommit
from studium.services.cable.hub import Hub
from studium.services.cable.publishing import CONTROL_STREAM
from studium.services.cable.settings import CableSettings
from studium.services.cable.sqlite_store import Message
from studium.services.users import SignedInUser
from tests.cable_process import wait_until


class Loop(threading.Thread):
    """As much of an event loop as the hub needs: a waker that runs its callback on this thread, once for any number of sends before."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._wake = threading.Event()
        self._stopped = False

    def async_(self) -> Loop:
        return self

    def timer(self, *_seconds: float) -> Loop:
        return Loop()

    def start(self, callback=None) -> None:
        if callback is not None and not hasattr(self, "callback"):
            self.callback = callback

    def send(self) -> None:
        self._wake.set()

    def begin(self) -> None:
        threading.Thread.start(self)

    def run(self) -> None:
        while not self._stopped:
            self._wake.wait()
            self._wake.clear()
            self.callback()

    def end(self) -> None:
        self._stopped = True
        self._wake.set()
        self.join(10)


@pytest.fixture(autouse=True)
def restless() -> Iterator[None]:
    """Threads take turns as often as possible, so that races happen."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def loop() -> Iterator[Loop]:
    loop = Loop()
    yield loop
    loop.end()


class SlowQueue(deque):
    """A queue in whose `append` the thread loses its turn, as can happen after any call."""

    def append(self, item) -> None:
        super().append(item)
        time.sleep(0.002)


@pytest.fixture
def slow_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("hub", "group_commit"):
        monkeypatch.setattr(f"studium.services.cable.{module}.deque", SlowQueue)


def hand_over_together(hand_over, handled: list[object]) -> None:
    """While the other side sleeps, several threads hand over one thing each at the same moment; all must arrive."""
    threads, rounds = 4, 5
    begin = threading.Barrier(threads)

    def work(thread: int) -> None:
        for number in range(rounds):
            begin.wait(20)
            hand_over((thread, number))
            wait_until(lambda expected=threads * (number + 1): len(handled) >= expected, "all that was handed over has arrived", 10)

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work, thread) for thread in range(threads)]:
            done.result()
    assert len(set(handled)) == len(handled) == threads * rounds


def test_calls_of_several_threads_at_the_same_moment_wake_the_sleeping_loop(app, loop, slow_queues):
    hub = Hub(app, loop, CableSettings())
    loop.begin()
    ran: list[object] = []
    hand_over_together(lambda item: hub.call_soon(lambda: ran.append(item)), ran)


def test_items_of_several_threads_at_the_same_moment_wake_the_sleeping_writer(app, slow_queues):
    handled: list[object] = []
    commit: GroupCommit[object] = GroupCommit(app, handled.extend, lambda items: None, "test-commit")
    commit.start()
    hand_over_together(commit.submit, handled)


def run_at_once(number: int, work) -> None:
    threads = [threading.Thread(target=work, args=(index,)) for index in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_every_call_of_every_thread_runs_on_the_loop_in_the_threads_order(app, loop):
    hub = Hub(app, loop, CableSettings())
    loop.begin()
    ran: list[tuple[int, int]] = []

    def work(thread: int) -> None:
        for number in range(400):
            hub.call_soon(lambda pair=(thread, number): ran.append(pair))
            if number % 50 == 0:
                time.sleep(0.0005)  # let the loop fall asleep, so that somebody has to wake it

    run_at_once(6, work)
    wait_until(lambda: len(ran) == 2_400, "all calls have run", 10)
    for thread in range(6):
        assert [number for owner, number in ran if owner == thread] == list(range(400))


def test_a_call_that_fails_stops_no_other(app, loop):
    hub = Hub(app, loop, CableSettings())
    loop.begin()
    ran = []
    hub.call_soon(lambda: 1 / 0)
    hub.call_soon(lambda: ran.append(1))
    wait_until(lambda: ran == [1], "the second call runs", 10)


def test_every_item_of_every_thread_is_handled_once(app):
    handled: list[int] = []
    commit: GroupCommit[int] = GroupCommit(app, handled.extend, lambda items: None, "test-commit")
    commit.start()
    run_at_once(6, lambda thread: [commit.submit(thread * 1000 + number) for number in range(400)])
    wait_until(lambda: len(handled) == 2_400, "all items are handled", 10)
    assert sorted(handled) == sorted(thread * 1000 + number for thread in range(6) for number in range(400))


def test_items_gather_while_the_last_batch_is_handled(app):
    batches: list[list[int]] = []
    go_on = threading.Event()

    def handle(items) -> None:
        batches.append(list(items))
        go_on.wait(10)

    commit: GroupCommit[int] = GroupCommit(app, handle, lambda items: None, "test-commit")
    commit.start()
    commit.submit(0)
    wait_until(lambda: batches == [[0]], "the first batch is being handled", 10)
    for number in range(1, 6):
        commit.submit(number)
    assert batches == [[0]]
    go_on.set()
    wait_until(lambda: batches == [[0], [1, 2, 3, 4, 5]], "the rest is one batch", 10)


def test_a_batch_that_fails_is_told_and_the_next_is_handled(app):
    handled: list[int] = []
    failed: list[int] = []

    def handle(items) -> None:
        if 1 in items:
            raise OSError("disk full")
        handled.extend(items)

    commit: GroupCommit[int] = GroupCommit(app, handle, lambda items, _error: failed.extend(items), "test-commit")
    commit.start()
    commit.submit(1)
    wait_until(lambda: failed == [1], "the failure is told", 10)
    commit.submit(2)
    wait_until(lambda: handled == [2], "the next batch is handled", 10)


def test_the_thread_outlives_a_failure_while_telling_of_a_failure(app):
    handled: list[int] = []
    told: list[object] = []

    def handle(items) -> None:
        if 1 in items:
            raise OSError("disk full")
        handled.extend(items)

    def failed(items, error) -> None:
        told.append((items, error))
        raise RuntimeError("and the line is dead")

    commit: GroupCommit[int] = GroupCommit(app, handle, failed, "test-commit")
    commit.start()
    commit.submit(1)
    commit.run(lambda: 1 / 0)
    wait_until(lambda: told, "the failure is told", 10)
    commit.submit(2)
    wait_until(lambda: handled == [2], "the thread lives", 10)


def test_a_socket_of_a_session_that_was_closed_during_its_handshake_is_let_go(app):
    hub = Hub(app, gevent.get_hub().loop, CableSettings())
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    hub.deliver([Message(1, CONTROL_STREAM, '{"data": {"close_sessions": [5]}}')])
    hub.adopt(ours, SignedInUser(id=1, display_name="Anna", session_id=5))
    assert (4001).to_bytes(2, "big") in theirs.recv(100)
    assert hub.size == 0
    kept, _other = socket.socketpair()
    hub.adopt(kept, SignedInUser(id=1, display_name="Anna", session_id=6))
    assert hub.size == 1
    hub.close_all(1001, "the test is over")
    gevent.sleep(0)
    for end in (theirs, _other):
        end.close()
