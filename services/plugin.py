"""What the services register with the core."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType

import click
from flask import Flask

from studium.core.health import HealthCheck, heartbeat_check
from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.core.settings import Section
from studium.services import hookspecs
from studium.services.cable.settings import CableSettings
from studium.services.courses import ENTITIES, MIGRATIONS
from studium.services.site import SiteSettings


@hookimpl
def register_hookspecs() -> Sequence[ModuleType]:
    """The product's hooks."""
    return [hookspecs]


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """The name of the school, and the cable's limits."""
    return [SiteSettings, CableSettings]


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
def register_health_checks() -> Sequence[HealthCheck]:
    """That the cable lives; in the cable itself, that its tail follows."""
    if runtime().program == "cable":
        from studium.services.cable.process import health_checks

        return health_checks()
    return [heartbeat_check("cable")]


@hookimpl
def app_created(app: Flask) -> None:
    """In the program `cable`, start its parts; gevent is imported there only."""
    if runtime().program == "cable":
        from studium.services.cable.process import start

        start(app)
