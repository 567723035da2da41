"""What remains of a deleted account here: payments without a name, because money must be accounted for. Access goes."""

from __future__ import annotations

from flask import json

from studium.core.database import transaction
from studium.plugins.payments.entities import CouponUse, Enrolment, Payment, WebhookDelivery
from studium.services.ended_accounts import stop_jobs_of

BATCH = 200


def forget(user_id: int) -> None:
    """Take the person out of payments, webhooks and coupons, and remove their enrolments; safe to repeat.

    The audit stays: it names no buyer. Raises StillRunning while a job of theirs has not ended.
    """
    stop_jobs_of(user_id)
    while _forget_some(user_id):
        continue
    with transaction():
        Enrolment.select(lambda row: row.user_id == user_id).delete(bulk=True)
        for use in CouponUse.select(lambda row: row.user_id == user_id):
            use.user_id = None


def _forget_some(user_id: int) -> int:
    with transaction():
        rows = Payment.select(lambda row: row.user_id == user_id)[:BATCH]
        for row in rows:
            row.set(user_id=None, email=None, open_key=None, redirect_url=None, metadata=_without_instructions(row.metadata),
                    revision=row.revision + 1)
            _empty_webhooks(row.id)
    return len(rows)


def _empty_webhooks(payment_id: str) -> None:
    """What services send of a payer."""
    for delivery in WebhookDelivery.select(lambda one: one.payment_id == payment_id):
        delivery.set(raw="", headers="{}", remote_addr="")


def _without_instructions(metadata: str) -> str:
    """They name the buyer to a bank."""
    read = json.loads(metadata)
    return json.dumps({name: value for name, value in read.items() if name != "instructions"}) if isinstance(read, dict) else "{}"
