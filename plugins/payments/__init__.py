"""Selling courses: payments, refunds, enrolments, coupons, and the inbox of webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from flask import Blueprint

from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.core.settings import Section
from studium.plugins.payments import (
    access,
    commands,
    deletion,
    enrolment_commands,
    expiry,
    export,
    reconcile,
    sweep,
    sweep_now,
    tier_offers,
)
from studium.plugins.payments.entities import ENTITIES
from studium.plugins.payments.receipt_job import make_receipt
from studium.plugins.payments.refunds import payment_refund
from studium.plugins.payments.return_check import payment_check
from studium.plugins.payments.settings import PaymentSettings
from studium.plugins.payments.webhook_job import payment_webhook
from studium.queue.kinds import JobKind
from studium.queue.periodic import PeriodicTask
from studium.services.account_sections import AccountSection
from studium.services.facts import UserDeleted
from studium.services.owner_pages import OwnerPage
from studium.services.sales import CourseAccess, TierOffer
from studium.services.users import SignedInUser


@hookimpl
def register_entities() -> Sequence[type]:
    """Payments with their audit, ledger and refunds, enrolments, coupons, the inbox."""
    return ENTITIES


@hookimpl
def register_migrations() -> Migrations:
    """The branch `payments`."""
    return Migrations("payments", Path(__file__).parent / "migrations")


@hookimpl
def register_commands() -> Sequence[click.Command]:
    """`studium payments` and `studium enrolments`."""
    return [commands.payments, enrolment_commands.enrolments]


@hookimpl
def register_doctor_checks() -> Sequence[Any]:
    """Providers, prices, webhooks, and what waits too long."""
    from studium.plugins.payments.doctor import look_at_payments  # for one command

    return [look_at_payments]


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """Webhooks, refunds, asking the providers, the end of enrolments, and receipts."""
    return [payment_webhook, payment_refund, reconcile.payments_reconcile, sweep.payments_sweep, sweep_now.payments_sweep_now,
            expiry.end_enrolment, expiry.end_enrolments, payment_check, make_receipt]


@hookimpl
def register_periodic_tasks() -> Sequence[PeriodicTask]:
    """A look each minute at open payments and at what ends, and each night at everything of the last days."""
    return [reconcile.EVERY_MINUTE, sweep.NIGHTLY, expiry.EACH_MINUTE]


@hookimpl
def may_watch(user_id: int, lesson_id: int) -> bool | None:
    """By running enrolments."""
    return access.may_watch(user_id, lesson_id)


@hookimpl
def find_course_access(user_id: int, course_id: int) -> CourseAccess | None:
    """By running enrolments."""
    return access.find_course_access(user_id, course_id)


@hookimpl
def find_enrolled_ids(course_id: int, after: int, limit: int) -> Sequence[int]:
    """By running enrolments."""
    return access.find_enrolled_ids(course_id, after, limit)


@hookimpl
def find_tier_offers(user_id: int | None, course_id: int) -> Mapping[int, TierOffer] | None:
    """By prices, enrolments and open payments."""
    return tier_offers.find_tier_offers(user_id, course_id)


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """STUDIUM_PAYMENTS_..."""
    return [PaymentSettings]


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """The webhooks of all providers, the buyer's pages and the owner's."""
    from studium.plugins.payments import routes, webhook_pages  # programs without pages need not carry them
    from studium.plugins.payments.owner_pages import routes as owner_routes

    return [webhook_pages.blueprint, routes.blueprint, owner_routes.blueprint]


@hookimpl
def account_sections(user: SignedInUser, language: str) -> Sequence[AccountSection]:
    """The way to what they bought."""
    from studium.plugins.payments.history_pages import account_section  # a page asks, so Flask-Babel is there

    return [account_section(user)]


@hookimpl(specname="owner_pages")
def links_of_owner_pages(language: str) -> Sequence[OwnerPage]:
    """Payments and what belongs to them; the function is called otherwise, since the folder has the hook's name."""
    from studium.plugins.payments.owner_pages.navigation import links  # a page asks, so Flask-Babel is there

    return links()


@hookimpl
def export_user_data(user_id: int) -> dict[str, Any]:
    """Payments, enrolments and coupons of the person."""
    return {"payments": export.export_user_data(user_id)}


@hookimpl
def user_deleted(fact: UserDeleted) -> None:
    """Payments stay without a name; access goes."""
    deletion.forget(fact.user_id)
