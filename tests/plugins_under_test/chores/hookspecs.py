"""The words of the chores plugin."""

from __future__ import annotations

from typing import Any

from studium.core.plugins import hookspec


@hookspec
def chore_done(fact: Any) -> None:
    """A chore was done; `fact` is a `ChoreDone`."""
