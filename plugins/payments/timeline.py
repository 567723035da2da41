"""A payment explains itself: its story for people, and why it is stuck when it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import json

from studium.core.clock import now
from studium.core.database import reading
from studium.plugins.payments.entities import Payment, PaymentEvent, Refund, WebhookDelivery
from studium.plugins.payments.errors import UnknownPayment
from studium.plugins.payments.schedule import THEN
from studium.plugins.payments.story_words import EVENTS, PROBLEMS, STATUSES
from studium.plugins.payments.transitions import CREATING, OPEN, PENDING
from studium.services.provider_registry import provider_classes
from studium.services.providers import POLL
from studium.services.translation import N_

Texts = Callable[[str], str]
REFUND_UNDER_WAY = ("asking", "pending")


@dataclass(frozen=True)
class StoryRow:
    """One line of a payment's story. `kind` is audit or webhook; `event` a word of it; `text` a sentence in the reader's language;
    `cause` and `rule` as stored; `version` of the code; `delivery_id` names the webhook. `at` is naive UTC.
    """

    at: datetime
    kind: str
    event: str
    text: str
    cause: str = ""
    rule: str = ""
    version: str = ""
    delivery_id: int | None = None
    data: dict[str, Any] = field(default_factory=dict)


def story(payment_id: str, _: Texts = str) -> list[StoryRow]:
    """The whole story, oldest first; `_` is the reader's gettext. Raises UnknownPayment."""
    with reading():
        _get(payment_id)
        rows = [_event(row, _) for row in PaymentEvent.select(lambda row: row.payment_id == payment_id).order_by(PaymentEvent.id)]
        rows += [_webhook(row, _) for row in WebhookDelivery.select(lambda row: row.payment_id == payment_id).order_by(WebhookDelivery.id)]
    return sorted(rows, key=lambda row: row.at)


def why_stuck(payment_id: str, _: Texts = str) -> str | None:
    """A sentence that says why it does not go on and what to do; None when it is not stuck. Raises UnknownPayment."""
    with reading():
        payment = _get(payment_id)
        if payment.problem:
            text = PROBLEMS.get(payment.problem, N_("Something is wrong with this payment: %(problem)s. Read its story."))
            return _(text) % {"problem": payment.problem}
        if payment.status in OPEN:
            return _why_open(payment, _)
        refund = Refund.select(lambda row: row.payment_id == payment.id and row.status in REFUND_UNDER_WAY).first()
        return _why_refund(refund, _) if refund else None


def _why_open(payment: Payment, _: Texts) -> str | None:
    provider = provider_classes().get(payment.provider)
    if provider is None:
        return _("Its provider is not installed any more, so nobody can ask whether it was paid. Install it again.")
    if payment.last_error:
        return _("The provider could not be asked: %(error)s It is asked again by itself.") % {"error": payment.last_error}
    if payment.status == CREATING:
        return _("The provider's answer to our request is missing. It is asked again by itself, with the same key.")
    if POLL not in provider.meta.capabilities:
        return _("It waits until somebody confirms that the money came.")
    if payment.next_check_at and payment.next_check_at < now() - THEN:
        return _("It should have been asked after at %(time)s and was not: is a worker running?") % {"time": payment.next_check_at}
    return _("The buyer has not paid yet, says the provider.") if payment.status == PENDING and payment.checks else None


def _why_refund(refund: Refund, _: Texts) -> str:
    if refund.status == "asking" and refund.last_error:
        return _("The provider could not be asked for the refund: %(error)s It is asked again with the same key.") % {
            "error": refund.last_error}
    return _("A refund is under way; the provider has not said yet that it is done.")


def _event(row: PaymentEvent, _: Texts) -> StoryRow:
    text = _(EVENTS.get(row.event, N_("Something was noted.")))
    if row.after:
        text = _(STATUSES[row.after])
    return StoryRow(row.at, "audit", row.event, text, row.cause, row.rule, row.version, None, json.loads(row.data))


def _webhook(row: WebhookDelivery, _: Texts) -> StoryRow:
    text = _("A webhook came: %(kind)s") % {"kind": row.kind}
    data = {"state": row.state, "deliveries": row.deliveries, "object": row.object_id, "error": row.last_error}
    return StoryRow(row.received_at, "webhook", row.state, text, f"webhook {row.id}", delivery_id=row.id, data=data)


def _get(payment_id: str) -> Payment:
    payment = Payment.get(id=payment_id)
    if payment is None:
        raise UnknownPayment(f"There is no payment {payment_id[:40]}. `studium payments list` shows them.")
    return payment
