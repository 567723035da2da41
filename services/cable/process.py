"""Puts the parts of the cable process together: hub, tail, sign-in look-ups, heartbeat, health."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import gevent
from flask import Flask
from gevent.threadpool import ThreadPool
from websockets.frames import CloseCode

from studium.core.database import reading
from studium.core.health import HEARTBEAT_SECONDS, HealthCheck, beat_heart, still_heart
from studium.core.logs import get_logger
from studium.core.loop_worker import FAREWELLS
from studium.core.runtime import runtime
from studium.services.cable.group_commit import GroupCommit
from studium.services.cable.handshake import make_blueprint
from studium.services.cable.hub import Hub
from studium.services.cable.session_watch import watch_sessions
from studium.services.cable.settings import CableSettings
from studium.services.cable.tail import Tail
from studium.services.users import SignedInUser, find_user

log = get_logger(__name__)
PROGRAM = "cable"
STALL_SECONDS = 5.0


@dataclass(frozen=True)
class Process:
    """The parts of this process."""

    hub: Hub
    tail: Tail
    clerk: GroupCommit[None]


_running: list[Process] = []


def start(app: Flask) -> Process:
    """Start the cable in this process; call it after any fork, in an app context."""
    settings = runtime().settings
    core = settings.core
    core.run_dir.mkdir(parents=True, exist_ok=True)
    hub = Hub(app, gevent.get_hub().loop, settings[CableSettings])
    tail = Tail(hub, core.data_dir, core.run_dir)
    clerk: GroupCommit[None] = GroupCommit(app, lambda _items: None, lambda _items, _error: None, "cable-clerk")
    process = Process(hub, tail, clerk)
    look_ups = ThreadPool(1)
    app.register_blueprint(make_blueprint(hub, _user_finder(app, look_ups)))
    for handlers in runtime().hooks.register_frames(hub=hub):
        hub.add_handlers(handlers)
    clerk.start()
    tail.start()
    gevent.spawn(_beat, process)
    gevent.spawn(watch_sessions, hub, look_ups)
    _running.append(process)
    app.extensions.setdefault(FAREWELLS, []).append(stop)
    _calm_garbage_collector()
    return process


def stop() -> None:
    """Close all sockets with the code that makes browsers come back (RFC 6455 registry, 1012 service restart)."""
    for process in _running:
        log.info("cable_stopping", connections=process.hub.size)
        process.hub.close_all(CloseCode.SERVICE_RESTART, "the server restarts")
        with process.hub.app.app_context():
            still_heart(PROGRAM)


def health_checks() -> list[HealthCheck]:
    """Inside the cable: that its tail follows and its writers write. Other programs look at its heartbeat instead."""
    return [HealthCheck("cable-tail", lambda: next((_stalled(process) for process in _running), "has not started yet"))]


def _calm_garbage_collector() -> None:
    """What exists now stays for good, and ten thousand sockets are not garbage: full collections would only pause the loop."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


def _stalled(process: Process) -> str | None:
    silence = time.monotonic() - process.tail.looked_at
    if silence > STALL_SECONDS:
        return f"the tail has not looked for {silence:.0f} s"
    busy = max((writer.busy_seconds for writer in process.hub.writers), default=0.0)
    return f"a writer has been busy for {busy:.0f} s" if busy > STALL_SECONDS * 2 else None


def _beat(process: Process) -> None:
    """The heartbeat runs through loop, tail and database, so it stops when any of them does."""
    while True:
        if _stalled(process) is None:
            process.clerk.run(lambda: beat_heart(PROGRAM))
        gevent.sleep(HEARTBEAT_SECONDS)


def _user_finder(app: Flask, threads: ThreadPool) -> Callable[[str], SignedInUser | None]:
    def look_up(token: str) -> SignedInUser | None:
        with app.app_context(), reading():
            return find_user(token)

    return lambda token: cast(SignedInUser | None, threads.apply(look_up, (token,)))
