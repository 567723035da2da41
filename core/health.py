"""/up: whether every part is well, with the reasons in words when not; it must stay fast and tell no secret."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Blueprint, Response, jsonify
from pony.orm import select

from studium.core.clock import now
from studium.core.database import UNAVAILABLE, reading, refuse_lost_file, transaction
from studium.core.entities import Heartbeat
from studium.core.errors import DatabaseError
from studium.core.logs import get_logger
from studium.core.runtime import runtime

log = get_logger(__name__)
blueprint = Blueprint("health", __name__)
HEARTBEAT_SECONDS = 3.0
SILENCE_LIMIT = timedelta(seconds=10)
LEAST_FREE_BYTES = 200_000_000
_started: dict[str, datetime] = {}


@dataclass(frozen=True)
class HealthCheck:
    """A named part of the system; `check()` answers None when it is well, or what is wrong."""

    name: str
    check: Callable[[], str | None]


@blueprint.get("/up")
def up() -> tuple[Response, int]:
    """200 when all is well, 503 with `checks` naming what is not."""
    checks = {check.name: result(check) for check in (*CORE_CHECKS, *runtime().health_checks)}
    well = all(result == "ok" for result in checks.values())
    response = jsonify(status="ok" if well else "unavailable", checks=checks)
    response.headers["Cache-Control"] = "no-store"
    return response, 200 if well else 503


def beat_heart(program: str) -> None:
    """Record that this process is alive; call it every HEARTBEAT_SECONDS, from a thread that would stop if the work did."""
    with transaction():
        row = Heartbeat.get(program=program)
        started = _started.setdefault(program, now())
        if row is None:
            Heartbeat(program=program, pid=os.getpid(), started_at=started, seen_at=now())
        else:
            row.set(pid=os.getpid(), started_at=started, seen_at=now())


def still_heart(program: str) -> None:
    """Withdraw this process's heartbeat as it stops on purpose, so that /up knows at once; one that has taken over keeps its own."""
    try:
        with transaction():
            row = Heartbeat.get(program=program)
            if row is not None and row.pid == os.getpid():
                row.delete()
    except UNAVAILABLE:
        log.warning("heartbeat_not_withdrawn", of=program)


def heartbeat_check(program: str) -> HealthCheck:
    """A check that the program has given a sign of life within SILENCE_LIMIT."""

    def check() -> str | None:
        with reading():
            row = Heartbeat.get(program=program)
            if row is None:
                return "is not running"
            silence = abs(now() - row.seen_at)  # a clock that was set back must not make the dead look well
        return None if silence < SILENCE_LIMIT else f"no sign of life for {int(silence.total_seconds())} s"

    return HealthCheck(program, check)


def result(check: HealthCheck) -> str:
    """"ok", or what is wrong; a check that raises is wrong too."""
    try:
        return check.check() or "ok"
    except Exception as error:
        log.exception("health_check_failed", check=check.name)
        return f"the check failed: {type(error).__name__}"


def _check_database() -> str | None:
    try:
        with reading():
            select(h.program for h in Heartbeat).first()  # type: ignore[attr-defined]
        refuse_lost_file()
    except DatabaseError as error:
        return str(error)
    return None


def _check_disk() -> str | None:
    free = shutil.disk_usage(runtime().settings.core.data_dir).free
    if free >= LEAST_FREE_BYTES:
        return None
    return f"only {free // 1_000_000} MB free; below {LEAST_FREE_BYTES // 1_000_000} MB writes may fail"


CORE_CHECKS = (HealthCheck("database", _check_database), HealthCheck("disk", _check_disk))
