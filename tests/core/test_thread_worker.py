"""Clients that send nothing, or a little at a time, keep nobody else waiting, and nobody believes what they say of a proxy."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack

import pytest

from studium.core import slow_clients
from studium.core.slow_clients import PatientUnreader
from studium.core.thread_worker import SECONDS_TO_FIRST_BYTE
from studium.core.too_slow import TooSlow
from tests.site_process import exchange, get, read_all, running_site

THREADS = 4
BEGUN_BODY = b"POST /auth/dev HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 10000\r\n\r\n{"
BEGUN_HEAD = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_request_that_comes_in_time_is_read_as_it_comes(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = ends
    unreader = PatientUnreader(ours, threading.Semaphore(1))
    theirs.sendall(b"one")
    assert unreader.chunk() == b"one"
    threading.Timer(0.05, theirs.sendall, [b"two"]).start()
    assert unreader.chunk() == b"two"
    theirs.shutdown(socket.SHUT_WR)
    assert unreader.chunk() == b""
    assert ours.gettimeout() is None


def test_drops_do_not_make_the_time_longer_but_a_new_request_does(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(slow_clients, "SECONDS", 0.2)
    ours, theirs = ends
    unreader = PatientUnreader(ours, threading.Semaphore(1))
    dripping = [threading.Timer(0.05 * n, theirs.sendall, [b"."]) for n in range(1, 40)]
    for one in dripping:
        one.start()
    began = time.monotonic()
    with pytest.raises(TooSlow):
        while True:
            assert unreader.chunk() == b"."
    assert time.monotonic() - began < 1
    for one in dripping:
        one.cancel()
        one.join()
    unreader.begin()
    theirs.sendall(b"next")
    assert unreader.chunk().endswith(b"next")


def test_a_fast_upload_gets_more_time(ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slow_clients, "SECONDS", 0.0)
    monkeypatch.setattr(slow_clients, "BYTES_PER_SECOND", 5)
    ours, theirs = ends
    unreader = PatientUnreader(ours, threading.Semaphore(1))
    theirs.sendall(b"12345")
    unreader.chunk()
    threading.Timer(0.1, theirs.sendall, [b"6"]).start()
    assert unreader.chunk() == b"6"


def test_only_so_many_are_waited_for(ends: tuple[socket.socket, socket.socket]) -> None:
    ours, _theirs = ends
    slots = threading.Semaphore(1)
    slots.acquire()
    began = time.monotonic()
    with pytest.raises(TooSlow):
        PatientUnreader(ours, slots).chunk()
    assert time.monotonic() - began < 2
    slots.release()
    assert slots.acquire(blocking=False), "a slot that was not had is not given back"
    assert not slots.acquire(blocking=False)


@pytest.fixture(scope="module")
def site(environ: Mapping[str, str]) -> Iterator[int]:
    with running_site(environ, "--threads", str(THREADS)) as port:
        yield port


@pytest.mark.slow
@pytest.mark.parametrize("begun", [b"", BEGUN_HEAD, BEGUN_BODY], ids=["silent", "head", "body"])
def test_slow_clients_keep_nobody_waiting(site: int, begun: bytes) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", site))) for _ in range(5 * THREADS)]
        for one in slow:
            one.sendall(begun)
        for _ in range(3):
            began = time.monotonic()
            assert get(site).startswith(b"HTTP/1.1 404 ")
            assert time.monotonic() - began < 1.5


@pytest.mark.slow
@pytest.mark.parametrize("begun", [BEGUN_HEAD, BEGUN_BODY], ids=["head", "body"])
def test_who_is_not_waited_for_is_told_so(site: int, begun: bytes) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(socket.create_connection(("127.0.0.1", site))) for _ in range(2 * THREADS)]
        for one in slow:
            one.sendall(begun)
        answers = [read_all(one, 0.5) for one in slow]
    assert sum(answer.startswith(b"HTTP/1.1 408 ") for answer in answers) == 2 * THREADS - THREADS // 2


@pytest.mark.slow
def test_clients_that_do_not_close_hold_nobody_up(site: int) -> None:
    with ExitStack() as stack:
        for _ in range(5):
            one = stack.enter_context(socket.create_connection(("127.0.0.1", site)))
            one.sendall(b"GET /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        began = time.monotonic()
        assert get(site).startswith(b"HTTP/1.1 404 ")
        assert time.monotonic() - began < 1.5


@pytest.mark.slow
def test_a_refused_body_is_answered_and_the_connection_goes_on_or_ends(site: int) -> None:
    small = b"POST /robots.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello"
    assert exchange(site, small + small, 1).count(b"HTTP/1.1 404 ") == 2
    large = b"POST /language HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900000\r\n\r\n" + b"x" * 200_000
    assert exchange(site, large, 8).startswith(b"HTTP/1.1 413 ")


@pytest.mark.slow
def test_gunicorn_believes_no_client_that_plays_a_proxy(site: int) -> None:
    answer = get(site, "/dashboard", "SCRIPT_NAME: /evil\r\nAccept: text/html\r\n")
    assert b"\r\nLocation: /login?next=/dashboard\r\n" in answer.replace(b"%2F", b"/")
    assert b'"cable_url": "ws://' in get(site, "/api/v1/session", "X-Forwarded-Proto: https\r\n")


@pytest.mark.slow
def test_connections_that_say_nothing_hold_no_stop_up(environ: Mapping[str, str]) -> None:
    """Browsers open some in advance."""
    with ExitStack() as silent:
        with running_site(environ) as port:
            for _ in range(3):
                silent.enter_context(socket.create_connection(("127.0.0.1", port)))
            assert get(port).startswith(b"HTTP/1.1 ")  # they are taken by now
            began = time.monotonic()
        assert time.monotonic() - began < SECONDS_TO_FIRST_BYTE - 2
