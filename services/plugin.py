"""What the services register with the core."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any

import click
from flask import Flask

from studium.core.health import HealthCheck, heartbeat_check
from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.core.settings import Section
from studium.queue.kinds import JobKind
from studium.queue.periodic import PeriodicTask
from studium.services import hookspecs
from studium.services.cable.settings import CableSettings
from studium.services.cache.entries import init_cache
from studium.services.cache.trimming import EVERY_TEN_MINUTES, trim_cache
from studium.services.courses import ENTITIES, MIGRATIONS
from studium.services.limits import LimitSettings
from studium.services.site import SiteSettings
from studium.services.telegram import TelegramSettings
from studium.services.token_scopes import init_tokens


@hookimpl
def register_hookspecs() -> Sequence[ModuleType]:
    """The product's hooks."""
    return [hookspecs]


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """The name of the school, the cable's limits, how often one may ask, and Telegram."""
    return [SiteSettings, CableSettings, LimitSettings, TelegramSettings]


@hookimpl
def register_entities() -> Sequence[type]:
    """Courses."""
    return ENTITIES


@hookimpl
def register_migrations() -> Migrations:
    """Courses."""
    return MIGRATIONS


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """`studium course`; imported here, since only the command line should pay for YAML and Markdown."""
    from studium.services.courses.commands import course

    return [course]


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """The removal of expired cache entries."""
    return [trim_cache]


@hookimpl
def register_periodic_tasks() -> Sequence[PeriodicTask]:
    """The same, every ten minutes."""
    return [EVERY_TEN_MINUTES]


@hookimpl
def register_health_checks() -> Sequence[HealthCheck]:
    """That the cable lives; in the cable itself, that its tail follows."""
    if runtime().program == "cable":
        from studium.services.cable.process import health_checks

        return health_checks()
    return [heartbeat_check("cable")]


@hookimpl
def app_created(app: Flask) -> None:
    """The cache, and the check of API tokens; in the program `cable`, start its parts; gevent is imported there only."""
    init_cache(app)
    init_tokens(app)
    if runtime().program == "cable":
        from studium.services.cable.process import start

        start(app)
