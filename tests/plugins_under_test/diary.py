"""A plugin that writes down every completed lesson it is told of, one line each, in a way that survives a kill."""

from __future__ import annotations

import os

from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.services.facts import LessonCompleted

DIARY = "diary"


@hookimpl
def lesson_completed(fact: LessonCompleted) -> None:
    """Write "user lesson"."""
    file = os.open(runtime().settings.core.data_dir / DIARY, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, f"{fact.user_id} {fact.lesson_id}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
