"""The periodic tasks that plugins declare by the hook `register_periodic_tasks`, checked at the start of each process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args

from flask import Flask, current_app

from studium.core.errors import PluginError
from studium.core.runtime import runtime
from studium.queue.errors import JobError, UnknownPeriodicTask
from studium.queue.kinds import find_kind, parse_params
from studium.queue.periodic_schedule import Schedule
from studium.queue.queues import queues

EXTENSION = "studium.queue.periodic"
CatchUp = Literal["once", "skip", "all"]


@dataclass(frozen=True)
class PeriodicTask:
    """A job of `kind` for each period of a schedule: `cron` text in `time_zone`, or `every_seconds`.

    `catch_up` says what happens to periods that passed while no dispatcher ran: `once` makes one job for all of them, `skip`
    none, `all` one each (the newest 100). With `once` and `skip` a period whose predecessor's job is still active makes no job;
    with `all` every period has its job, and if the kind's params have a field `due_at`, it tells the period (UTC).
    """

    name: str
    title: str
    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)
    cron: str = ""
    every_seconds: int = 0
    catch_up: CatchUp = "once"
    time_zone: str = "UTC"

    @property
    def schedule(self) -> Schedule:
        """When it is due."""
        return Schedule(self.cron, self.every_seconds, self.time_zone)


@dataclass(frozen=True)
class _Declared:
    plugin: str
    task: PeriodicTask


def init_periodic(app: Flask) -> None:
    """Collect the tasks of all plugins, once an app, after the kinds of jobs. Raises PluginError naming plugin and task.

    Cron texts are read in programs `cli` only, and by `check_cron_texts` before a dispatcher starts.
    """
    found: dict[str, _Declared] = {}
    for implementation in runtime().hooks.register_periodic_tasks.get_hookimpls():
        for task in implementation.function():
            declared = _Declared(implementation.plugin_name, task)
            _check(declared, _check_task)
            if task.name in found:
                raise PluginError(
                    f"Plugins {found[task.name].plugin} and {declared.plugin} both register the periodic task {task.name!r}; rename one."
                )
            found[task.name] = declared
    app.extensions[EXTENSION] = found
    if runtime().program == "cli":
        check_cron_texts()


def check_cron_texts() -> None:
    """Read all cron texts and time zones; raises PluginError naming plugin and task of one that cannot be read."""
    for declared in _declared().values():
        if declared.task.cron:
            _check(declared, _check_cron_text)


def declared_tasks() -> dict[str, PeriodicTask]:
    """The tasks of the current app by name, in the order of the plugins."""
    return {name: declared.task for name, declared in _declared().items()}


def find_task(name: str) -> PeriodicTask:
    """The task of this name; raises UnknownPeriodicTask listing those that there are."""
    found = declared_tasks()
    if name not in found:
        raise UnknownPeriodicTask(f"There is no periodic task {name!r}. Known tasks: {', '.join(sorted(found)) or 'none'}.")
    return found[name]


def _declared() -> dict[str, _Declared]:
    return cast("dict[str, _Declared]", current_app.extensions[EXTENSION])


def _check(declared: _Declared, check: Callable[[PeriodicTask], None]) -> None:
    try:
        check(declared.task)
    except (ValueError, JobError) as error:
        raise PluginError(f"Plugin {declared.plugin}, periodic task {declared.task.name!r}: {error}") from error


def _check_cron_text(task: PeriodicTask) -> None:
    task.schedule.check_cron()


def _check_task(task: PeriodicTask) -> None:
    if not 1 <= len(task.name) <= 100:
        raise ValueError("the name must have 1 to 100 characters")
    if task.catch_up not in get_args(CatchUp):
        raise ValueError(f"catch_up is {task.catch_up!r}; it must be one of: {', '.join(get_args(CatchUp))}")
    task.schedule.check()
    kind = find_kind(queues().kinds, task.kind)
    if "due_at" not in kind.params.model_fields:
        parse_params(kind, dict(task.params))
