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
from studium.services.cache.health import CACHE_CHECK
from studium.services.cache.settings import CacheSettings
from studium.services.cache.trimming import EVERY_TEN_MINUTES, trim_cache
from studium.services.courses import ENTITIES, MIGRATIONS
from studium.services.limits import LimitSettings
from studium.services.mail.settings import MailSettings
from studium.services.site import SiteSettings
from studium.services.telegram import TelegramSettings
from studium.services.token_scopes import init_tokens


@hookimpl
def register_hookspecs() -> Sequence[ModuleType]:
    """The product's hooks."""
    return [hookspecs]


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """The name of the school, the limits of cable and cache, how often one may ask, mail, and Telegram."""
    return [SiteSettings, CableSettings, CacheSettings, LimitSettings, MailSettings, TelegramSettings]


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
    """`studium course` and `studium cache`; imported here, since only the command line should pay for YAML and Markdown."""
    from studium.services.cache.commands import cache_group
    from studium.services.courses.commands import course

    return [cache_group, course]


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """The trimming of the cache."""
    return [trim_cache]


@hookimpl
def register_periodic_tasks() -> Sequence[PeriodicTask]:
    """The same, every ten minutes."""
    return [EVERY_TEN_MINUTES]


@hookimpl
def register_health_checks() -> Sequence[HealthCheck]:
    """That the cable lives and the cache answers; in the cable itself, that its tail follows."""
    if runtime().program == "cable":
        from studium.services.cable.process import health_checks

        return health_checks()
    return [heartbeat_check("cable"), CACHE_CHECK]


@hookimpl
def app_created(app: Flask) -> None:
    """The cache, and the check of API tokens; in `web` the mark of its release; in the program `cable`, start its parts; gevent is imported
    there only.
    """
    init_cache(app)
    init_tokens(app)
    if runtime().program == "web":
        from studium.services.release import init_release

        init_release(app)
    if runtime().program == "cable":
        from studium.services.cable.process import start

        start(app)
