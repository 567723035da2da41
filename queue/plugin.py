"""The queue as a plugin: all its hook implementations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import flask

from studium.core.health import HealthCheck
from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.core.settings import Section
from studium.queue import commands, health, jobs, queues
from studium.queue.deliveries import Delivery, deliver_fact
from studium.queue.entities import Job
from studium.queue.kinds import JobKind
from studium.queue.settings import QueueSettings


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """`STUDIUM_QUEUE_*`."""
    return [QueueSettings]


@hookimpl
def register_entities() -> Sequence[type]:
    """The job row."""
    return [Job]


@hookimpl
def register_migrations() -> Migrations:
    """The branch `queue`."""
    return Migrations("queue", Path(__file__).parent / "migrations")


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """`studium worker`."""
    return [commands.worker]


@hookimpl
def register_health_checks() -> Sequence[HealthCheck]:
    """The transport and the workers."""
    return health.health_checks()


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """The delivery of facts."""
    return [deliver_fact]


@hookimpl
def app_created(app: flask.Flask) -> None:
    """Collect the kinds of all plugins; two of one name stop the start here."""
    queues.init_queues(app)


@hookimpl
def enqueue_delivery(fact_id: int, subscriber: str) -> bool:
    """Deliver the fact by a job that commits together with the fact."""
    jobs.enqueue(deliver_fact, Delivery(fact_id=fact_id, subscriber=subscriber), unique_key=f"{fact_id}:{subscriber}")
    return True
