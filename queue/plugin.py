"""The queue as a plugin: all its hook implementations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import flask

from studium.core.health import HealthCheck
from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.core.settings import Section
from studium.queue import commands, health, jobs, minutes_tally, periodic_declared, queues
from studium.queue.bulk import jobs_in_bulk
from studium.queue.deliveries import Delivery, deliver_fact
from studium.queue.entities import Job, JobArgument, JobCount, JobLine, QueuePause
from studium.queue.export import export_jobs
from studium.queue.hello import hello
from studium.queue.kinds import JobKind
from studium.queue.minutes_entities import JobMinute
from studium.queue.periodic_entities import PeriodicRun, PeriodicState
from studium.queue.settings import QueueSettings
from studium.queue.workers import Worker


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """`STUDIUM_QUEUE_*`."""
    return [QueueSettings]


@hookimpl
def register_entities() -> Sequence[type]:
    """The job row, and what belongs to it; periodic tasks, workers and statistics."""
    return [Job, JobCount, JobArgument, JobLine, QueuePause, PeriodicState, PeriodicRun, Worker, JobMinute]


@hookimpl
def register_migrations() -> Migrations:
    """The branch `queue`."""
    return Migrations("queue", Path(__file__).parent / "migrations")


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """`studium worker`, and `studium jobs`, imported here since only the command line should pay for it."""
    from studium.queue.jobs_commands import jobs as jobs_command

    return [commands.worker, jobs_command]


@hookimpl
def register_health_checks() -> Sequence[HealthCheck]:
    """The transport and the workers."""
    return health.health_checks()


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """The delivery of facts, the greeting, and work on many jobs."""
    return [deliver_fact, hello, jobs_in_bulk]


@hookimpl
def app_created(app: flask.Flask) -> None:
    """Collect the kinds and the periodic tasks of all plugins; two of one name stop the start here."""
    queues.init_queues(app)
    periodic_declared.init_periodic(app)
    minutes_tally.init_tally(app)


@hookimpl
def enqueue_delivery(fact_id: int, subscriber: str) -> bool:
    """Deliver the fact by a job that commits together with the fact."""
    jobs.enqueue(deliver_fact, Delivery(fact_id=fact_id, subscriber=subscriber), unique_key=f"{fact_id}:{subscriber}")
    return True


@hookimpl(optionalhook=True)
def export_user_data(user_id: int) -> Mapping[str, Any]:
    """The person's jobs. The hook is specified by the services, which the queue does not need."""
    return {"queue": {"jobs": export_jobs(user_id)}}
