"""A process that does with jobs what it is told on standard input, one JSON line each, and answers what came of it after the commit.

`{"do", ...}`; do is "enqueue" (the default: "kind", "params", "options", "how"), "bulk" ("kind", "params" as a list), "cancel", "retry"
("job", "params"), "pause", "resume" ("queue"), or "pause_task" ("task"). A refusal is answered as {"refused": "<error>"}. How is "commit",
"rollback", "die before commit", or "die" (killed after the commit, before the message is sent).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from datetime import timedelta
from typing import Any

from studium.core.app import create_app
from studium.core.clock import now
from studium.core.database import transaction
from studium.queue import jobs, pausing, periodic
from studium.queue.errors import JobError
from studium.queue.transport import Transport


class ChangedMind(Exception):
    """Rolls back."""


def die(*_: object) -> None:
    """As the kernel does it when memory is short."""
    os.kill(os.getpid(), signal.SIGKILL)


def enqueue(question: dict[str, Any]) -> str | None:
    """Enqueue in one transaction; with an option `in_seconds` for later."""
    how, options = question.get("how"), dict(question.get("options", {}))
    if "in_seconds" in options:
        options["run_at"] = now() + timedelta(seconds=options.pop("in_seconds"))
    if how == "die":
        Transport.send = die
    try:
        with transaction():
            job_id: str = jobs.enqueue(question["kind"], question.get("params"), **options).id
            if how == "die before commit":
                die()
            if how == "rollback":
                raise ChangedMind
    except ChangedMind:
        return None
    return job_id


def pause_or_resume(question: dict[str, Any]) -> None:
    """Pause or resume a queue; a task is only paused."""
    if question["do"] == "pause_task":
        periodic.pause_task(question["task"], by="the test")
    else:
        {"pause": pausing.pause, "resume": pausing.resume}[question["do"]](question["queue"], by="the test")


def answer(question: dict[str, Any]) -> Any:
    """Do it; what came of it."""
    verb = question.get("do", "enqueue")
    if verb == "enqueue":
        return enqueue(question)
    with transaction():
        if verb == "bulk":
            return jobs.enqueue_many(question["kind"], question["params"])
        if verb == "cancel":
            return jobs.cancel(question["job"], by="the test").state
        if verb == "retry":
            return jobs.retry(question["job"], params=question["params"], by="the test").state
        return pause_or_resume(question)


def main() -> None:
    """Answer until the input ends."""
    with create_app(program="cli").app_context():
        for line in sys.stdin:
            try:
                found = answer(json.loads(line))
            except JobError as error:
                found = {"refused": type(error).__name__}
            print(json.dumps(found), flush=True)


if __name__ == "__main__":
    main()
