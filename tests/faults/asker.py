"""A process that enqueues what it is told on standard input, one JSON line each, and answers the job's id after the
commit.

`{"kind", "params", "how"}`; how is "commit", "rollback", or "die" (killed after the commit, before the message is
sent).
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from studium.core.app import create_app
from studium.core.database import transaction
from studium.queue.jobs import enqueue
from studium.queue.transport import Transport


class ChangedMind(Exception):
    """Rolls back."""


def ask(question: dict[str, Any]) -> str | None:
    """Enqueue in one transaction."""
    if question.get("how") == "die":
        Transport.send = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    try:
        with transaction():
            job_id: str = enqueue(question["kind"], question.get("params")).id
            if question.get("how") == "rollback":
                raise ChangedMind
    except ChangedMind:
        return None
    return job_id


with create_app(program="cli").app_context():
    for line in sys.stdin:
        print(json.dumps(ask(json.loads(line))), flush=True)
