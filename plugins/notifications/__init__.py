"""Telling people what happened: the bell, and channels that carry the same elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Blueprint

from studium.core.migrations import Migrations
from studium.core.plugins import hookimpl
from studium.core.settings import Section
from studium.plugins.notifications import deletion, export, keeping, silencing, telling
from studium.plugins.notifications.broadcast_job import send_broadcast
from studium.plugins.notifications.delivering import carry_bundle, carry_delivery
from studium.plugins.notifications.entities import ENTITIES
from studium.plugins.notifications.events import EVENTS
from studium.plugins.notifications.gathering import gather
from studium.plugins.notifications.settings import NotificationsSettings
from studium.plugins.notifications.sweeping import TEN_MINUTES, sweep
from studium.plugins.notifications.trimming import NIGHTLY, trim_notifications
from studium.queue.kinds import JobKind
from studium.queue.periodic import PeriodicTask
from studium.services.account_sections import AccountSection
from studium.services.facts import (
    AccessEnding,
    CertificateIssued,
    CourseCompleted,
    EnrolmentGranted,
    EnrolmentRevoked,
    JobFinished,
    LessonCompleted,
    PaymentCompleted,
    PaymentFailed,
    PaymentRefunded,
    SignedInOnNewDevice,
    UserDeleted,
)
from studium.services.header_items import HeaderItem
from studium.services.notifications.events import NotificationEvent
from studium.services.notifications.giving import NewNotice
from studium.services.owner_pages import OwnerPage
from studium.services.users import SignedInUser


@hookimpl
def register_settings() -> Sequence[type[Section]]:
    """`STUDIUM_NOTIFICATIONS_*`."""
    return [NotificationsSettings]


@hookimpl
def register_entities() -> Sequence[type]:
    """Notices, deliveries, choices."""
    return ENTITIES


@hookimpl
def register_migrations() -> Migrations:
    """The branch `notifications`."""
    return Migrations("notifications", Path(__file__).parent / "migrations")


@hookimpl
def register_jobs() -> Sequence[JobKind[Any]]:
    """Carrying notices, looking after them, and sending announcements."""
    return [carry_delivery, carry_bundle, gather, sweep, trim_notifications, send_broadcast]


@hookimpl
def register_periodic_tasks() -> Sequence[PeriodicTask]:
    """Every ten minutes what was left behind, each night what is old."""
    return [TEN_MINUTES, NIGHTLY]


@hookimpl
def register_notification_events() -> Sequence[NotificationEvent]:
    """Of the site itself."""
    return EVENTS


@hookimpl
def keep_notice(notice: NewNotice) -> bool:
    """With its deliveries and their jobs, in the open transaction."""
    return keeping.keep_notice(notice)


@hookimpl
def channel_restored(user_id: int, channel: str) -> None:
    """The channel is used again."""
    silencing.restore(user_id, channel)


@hookimpl
def channel_lost(user_id: int, channel: str, address: str, reason: str) -> None:
    """Nothing is sent there any more, and the person reads why."""
    silencing.silence(user_id, channel, address, reason)


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """The list, the choices, the way out of mail, and the API."""
    from studium.plugins.notifications import broadcast_pages, routes  # with Flask-Babel, which programs without pages need not carry

    return [routes.blueprint, broadcast_pages.blueprint]


@hookimpl
def header_items(user: SignedInUser, language: str) -> Sequence[HeaderItem]:
    """The bell."""
    from studium.plugins.notifications.header import bell  # a page asks

    return [bell(user)]


@hookimpl
def account_sections(user: SignedInUser, language: str) -> Sequence[AccountSection]:
    """What the person wants to be told of, and where."""
    from studium.plugins.notifications.preference_pages import account_section  # a page asks, so Flask-Babel is there

    return [account_section(user)]


@hookimpl
def owner_pages(language: str) -> Sequence[OwnerPage]:
    """Announcements."""
    from studium.plugins.notifications.broadcast_pages import links  # a page asks

    return links()


@hookimpl
def lesson_completed(fact: LessonCompleted) -> None:
    """Tell the student."""
    telling.tell_lesson_completed(fact)


@hookimpl
def course_completed(fact: CourseCompleted) -> None:
    """Tell the student."""
    telling.tell_course_completed(fact)


@hookimpl
def certificate_issued(fact: CertificateIssued) -> None:
    """Tell the student."""
    telling.tell_certificate_issued(fact)


@hookimpl
def job_finished(fact: JobFinished) -> None:
    """Tell whoever asked for it."""
    telling.tell_job_finished(fact)


@hookimpl
def signed_in_on_new_device(fact: SignedInOnNewDevice) -> None:
    """Tell the person, urgently: it may have been somebody else."""
    telling.tell_new_device(fact)


@hookimpl
def payment_completed(fact: PaymentCompleted) -> None:
    """Tell the buyer."""
    telling.tell_payment_completed(fact)


@hookimpl
def payment_failed(fact: PaymentFailed) -> None:
    """Tell the buyer."""
    telling.tell_payment_failed(fact)


@hookimpl
def payment_refunded(fact: PaymentRefunded) -> None:
    """Tell the buyer."""
    telling.tell_payment_refunded(fact)


@hookimpl
def enrolment_granted(fact: EnrolmentGranted) -> None:
    """Tell the student of what was given by hand."""
    telling.tell_enrolment_granted(fact)


@hookimpl
def enrolment_revoked(fact: EnrolmentRevoked) -> None:
    """Tell the student that nothing of the course is open to them any more."""
    telling.tell_enrolment_revoked(fact)


@hookimpl
def access_ending(fact: AccessEnding) -> None:
    """Tell the student in time."""
    telling.tell_access_ending(fact)


@hookimpl
def export_user_data(user_id: int) -> Mapping[str, Any]:
    """What they were told, and what they chose."""
    return {"notifications": export.export_user_data(user_id)}


@hookimpl
def user_deleted(fact: UserDeleted) -> None:
    """Nothing of it stays."""
    deletion.forget(fact.user_id)
