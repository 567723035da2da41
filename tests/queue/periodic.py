"""Periodic tasks of a test: a plugin that is registered for its time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask import Flask, current_app

from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.queue.periodic import PeriodicTask, PeriodicTaskView, periodic_tasks, task_runs
from studium.queue.periodic_declared import EXTENSION, init_periodic


class Declaring:
    """A plugin that declares these tasks."""

    def __init__(self, tasks: Sequence[PeriodicTask]) -> None:
        self.tasks = tasks

    @hookimpl
    def register_periodic_tasks(self) -> Sequence[PeriodicTask]:
        return self.tasks


@contextmanager
def declared(*tasks: PeriodicTask, plugin: str = "calendar", beside_others: bool = False) -> Iterator[None]:
    """Within the block the app has these tasks, alone or besides those of its plugins; in an app context."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    declaring = Declaring(tasks)
    runtime().plugins.register(declaring, name=plugin)
    try:
        init_periodic(app)
        if not beside_others:
            found = app.extensions[EXTENSION]
            app.extensions[EXTENSION] = {name: declared for name, declared in found.items() if declared.task in tasks}
        yield
    finally:
        runtime().plugins.unregister(declaring)
        init_periodic(app)


def task(name: str = "sweep", kind: str = "chore", **options: Any) -> PeriodicTask:
    """A task each hour, unless told otherwise."""
    if "cron" not in options:
        options.setdefault("every_seconds", 3600)
    return PeriodicTask(name, name.capitalize(), kind, **options)


def at(clock: Any, text: str) -> datetime:
    """Set the clock to this UTC time."""
    moment = datetime.fromisoformat(text).replace(tzinfo=UTC)
    clock.seconds = moment.timestamp()
    return moment.replace(tzinfo=None)


def outcomes(name: str = "sweep") -> list[tuple[str, str]]:
    """(due "day hour:minute", outcome) of all runs, oldest first."""
    return [(f"{run.due_at:%d %H:%M}", run.outcome) for run in reversed(task_runs(name, limit=2000))]


def view(name: str = "sweep") -> PeriodicTaskView:
    (found,) = [found for found in periodic_tasks() if found.name == name]
    return found
