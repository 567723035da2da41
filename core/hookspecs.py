"""The framework's words: every hook that the core calls. The product's words are in services/hookspecs.py.

`register_*` hooks are called once, at start, in every process. An exception in one stops the start. Lists of all plugins are joined
in the order of loading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from studium.core.plugins import hookspec

if TYPE_CHECKING:
    import click
    import flask

    from studium.core.findings import Finding
    from studium.core.health import HealthCheck
    from studium.core.migrations import Migrations
    from studium.core.settings import Section, Settings


@hookspec
def register_hookspecs() -> Sequence[ModuleType]:  # type: ignore[empty-body]
    """Modules with further hook specifications, for plugins that let others plug into them.

    Called once, after all plugins are loaded and before their hooks are checked for misspelt names.
    Example: `return [hookspecs]`.
    """


@hookspec
def register_settings() -> Sequence[type[Section]]:  # type: ignore[empty-body]
    """Settings sections; each field is read from `STUDIUM_<PREFIX>_<FIELD>`.

    Called once, before anything else of the plugin. Example: `return [QueueSettings]`; read it with
    `runtime().settings[QueueSettings].lease_seconds`.
    """


@hookspec
def register_entities() -> Sequence[type]:  # type: ignore[empty-body]
    """Pony entity classes, so that they exist before the mapping is made. Example: `return [Job]`."""


@hookspec
def register_migrations() -> Migrations:  # type: ignore[empty-body]
    """The plugin's branch of database migrations. Example: `return Migrations("queue", Path(__file__).parent / "migrations")`."""


@hookspec
def register_blueprints() -> Sequence[flask.Blueprint]:  # type: ignore[empty-body]
    """Flask blueprints. Called in the programs `web` and `cli` only: workers and the cable serve no pages."""


@hookspec
def app_created(app: flask.Flask) -> None:
    """The app of this process exists, its database is bound and its blueprints are registered.

    Called once, last, in an app context, in every program. For Flask extensions and request functions of a plugin
    (`runtime().program` tells which program this is).
    """


@hookspec
def register_commands() -> Sequence[click.Command]:  # type: ignore[empty-body]
    """Commands and groups of `studium`. They run in an app context unless they say otherwise."""


@hookspec
def register_health_checks() -> Sequence[HealthCheck]:  # type: ignore[empty-body]
    """Checks of /up. Each answers None when fine, or the reason in words; it must take milliseconds and tell no secret."""


@hookspec
def register_doctor_checks() -> Sequence[Callable[[Settings], Iterable[Finding]]]:  # type: ignore[empty-body]
    """Checks of `studium doctor`: functions that take the settings and answer findings, each with what is wrong and how to mend it.

    Called by that command alone, in an app context, so they may take seconds and ask other people's servers; import what they need
    inside. A check that raises is a red finding itself. Findings must tell no secret. Example: `return [look_at_bot]`, which does
    `yield red("Telegram bot", "Telegram refuses the token.", "Copy it again from @BotFather.")` (studium.core.findings).
    """


@hookspec
def register_jobs() -> Sequence[Any]:  # type: ignore[empty-body]
    """Job kinds (`studium.queue.kinds.JobKind`, made by `@job_kind`). Two kinds of one name stop the start."""


@hookspec
def register_periodic_tasks() -> Sequence[Any]:  # type: ignore[empty-body]
    """Periodic tasks (`studium.queue.periodic.PeriodicTask`): a job of a kind for each period of a schedule.

    Called once, at start, in every program; the dispatcher makes exactly one job a period, whatever the number of processes. Two tasks
    of one name, an unknown kind, wrong params or a cron text that cannot be read stop the start, naming plugin and task.
    Example: `return [PeriodicTask("trim_files", "Remove old files", "trim_files", cron="30 4 * * *", time_zone="Europe/Berlin")]`.
    """


@hookspec(firstresult=True)
def enqueue_delivery(fact_id: int, subscriber: str) -> bool | None:
    """Ask for the delivery of a fact to one subscriber, later and at least once.

    Called inside the transaction that publishes the fact; what it writes commits with it. The queue implements it by a job that calls
    `studium.core.facts.deliver(fact_id, subscriber)`. Returns True when the delivery is taken.
    """


@hookspec
def job_changed(job: Any) -> None:
    """A job changed its state or progress. Called after the commit, in the process that changed it.

    `job` is a frozen `studium.queue.jobs.JobView`. An exception is logged and changes nothing for the job; use it for live display only.
    """
