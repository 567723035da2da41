"""A payment provider with play money, so that each way a payment can go may be tried with no account anywhere; never in production."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Flask

from studium.core.plugins import hookimpl
from studium.core.runtime import runtime
from studium.core.settings import Section
from studium.plugins.sandbox import settings
from studium.plugins.sandbox.settings import SandboxSettings
from studium.queue.kinds import JobKind
from studium.services.providers import PaymentProvider


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """STUDIUM_SANDBOX_..., known in production too, so that it can be refused there with the reason."""
    return [SandboxSettings]


@hookimpl
def app_created(app: Flask) -> None:
    """Production does not start with a sandbox."""
    settings.refuse_in_production()


@hookimpl
def register_payment_providers() -> Sequence[type[PaymentProvider]]:
    """The provider `sandbox`."""
    if not settings.is_on():
        return []
    from studium.plugins.sandbox.provider import SandboxProvider

    return [SandboxProvider]


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """`/sandbox/...`."""
    if not settings.is_on():
        return []
    from studium.plugins.sandbox import pages

    return [pages.blueprint]


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """Its webhooks; a job that waits when the sandbox is turned off drops itself."""
    if runtime().settings.core.env == "production":
        return []
    from studium.plugins.sandbox.webhook_job import sandbox_webhook

    return [sandbox_webhook]
