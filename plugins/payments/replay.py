"""Replays a webhook of the inbox against the code of today: what it would change, or does. The dry run is the real run, rolled back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pony.orm import desc, flush

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.plugins.payments.entities import Enrolment, Payment, PaymentEvent, Refund, WebhookDelivery
from studium.plugins.payments.errors import Overtaken, UnknownDelivery
from studium.plugins.payments.inbox import is_sealed
from studium.plugins.payments.provider_calls import fetch
from studium.plugins.payments.references import find_by_reference
from studium.plugins.payments.settling import TRIES, apply, revision_of
from studium.services.provider_registry import UnknownProvider, find_provider
from studium.services.providers import ProviderDown, ProviderRefused, Snapshot
from studium.services.translation import N_

log = get_logger(__name__)
PAYMENT_FIELDS = ("status", "reference", "problem", "paid_minor", "refunded_minor", "completed_at")
REFUND_FIELDS = ("status", "amount_minor", "reference")
ENROLMENT_FIELDS = ("expires_at", "revoked_at", "revoked_reason", "payment_id")
State = dict[str, str | None]


@dataclass(frozen=True)
class Step:
    """One row that the audit gets: `event`, statuses, `rule`."""

    event: str
    before: str
    after: str
    rule: str


@dataclass(frozen=True)
class Difference:
    """A value that is another one afterwards; `field` such as "status" or "refund 3f2a... status"; None: it was, or is, not there."""

    field: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Replay:
    """What a replay did, or with `dry_run` would do. `verified` says whether the stored body is still what was verified when it came
    (None: it cannot be said any more); `payment_id` is None when the webhook belongs to no payment; `problem` says why nothing was done.
    """

    delivery_id: int
    dry_run: bool
    payment_id: str | None
    verified: bool | None
    steps: tuple[Step, ...] = ()
    diff: tuple[Difference, ...] = ()
    problem: str = ""


class _Undo(Exception):
    """Rolls a dry run back."""


def replay(delivery_id: int, dry_run: bool = True, *, by: str = "") -> Replay:
    """Verify the stored webhook again, ask its provider, and bring its payment there, or with `dry_run` only tell what that would change.

    `by` is who asks, in words. A body that was changed in the database is not replayed. Raises UnknownDelivery.
    """
    with reading():
        row = WebhookDelivery.get(id=delivery_id)
        if row is None:
            raise UnknownDelivery(f"There is no webhook {delivery_id} in the inbox.")
        provider, object_id, verified = row.provider, row.object_id, is_sealed(row)
        payment_id = find_by_reference(provider, object_id)
    if verified is False:
        return Replay(delivery_id, dry_run, payment_id, False, problem=N_("the stored body is not the one that was verified when it came"))
    cause = f"replay of webhook {delivery_id}" + (f" by {by}" if by else "")
    try:
        found = payment_id or _ordered(provider, fetch(find_provider(provider), object_id))
        if found is None:
            return Replay(delivery_id, dry_run, None, verified, problem=N_("no payment here belongs to it"))
        for _ in range(TRIES):
            revision = revision_of(found)
            snapshot = fetch(find_provider(provider), _reference(payment_id) or object_id)
            with suppress(Overtaken):  # its answer is older than what is known by now: ask again
                steps, diff = _play(delivery_id, found, snapshot, revision, dry_run, cause)
                return Replay(delivery_id, dry_run, found, verified, steps, diff)
    except (ProviderDown, ProviderRefused, UnknownProvider) as error:
        return Replay(delivery_id, dry_run, payment_id, verified, problem=str(error))
    changed = N_("the payment changed each time while its provider was asked; try again")
    return Replay(delivery_id, dry_run, found, verified, problem=changed)


def _play(
    delivery_id: int, payment_id: str, snapshot: Snapshot, revision: int, dry_run: bool, cause: str
) -> tuple[tuple[Step, ...], tuple[Difference, ...]]:
    steps: tuple[Step, ...] = ()
    diff: tuple[Difference, ...] = ()
    try:
        with transaction():
            before, newest = _state(payment_id), _newest_event(payment_id)
            apply(payment_id, snapshot, cause, revision=revision)
            WebhookDelivery.get(id=delivery_id).set(state="done", payment_id=payment_id, last_error=None, processed_at=now())
            flush()
            steps, diff = _steps(payment_id, newest), _difference(before, _state(payment_id))
            if dry_run:
                raise _Undo
    except _Undo:
        log.info("webhook_replayed_dry", delivery=delivery_id)
    return steps, diff


def _reference(payment_id: str | None) -> str | None:
    with reading():
        return Payment.get(id=payment_id).reference if payment_id else None


def _ordered(provider: str, snapshot: Snapshot) -> str | None:
    with reading():
        payment = Payment.get(id=snapshot.order_id) if snapshot.order_id else None
        return str(payment.id) if payment is not None and payment.provider == provider else None


def _newest_event(payment_id: str) -> int:
    row = PaymentEvent.select(lambda row: row.payment_id == payment_id).order_by(lambda row: desc(row.id)).first()
    return row.id if row else 0


def _steps(payment_id: str, newest: int) -> tuple[Step, ...]:
    rows = PaymentEvent.select(lambda row: row.payment_id == payment_id and row.id > newest).order_by(PaymentEvent.id)
    return tuple(Step(row.event, row.before, row.after, row.rule) for row in rows)


def _state(payment_id: str) -> State:
    """Everything that a look may change, by name."""
    found = _values(Payment.get(id=payment_id), "", PAYMENT_FIELDS)
    for refund in Refund.select(lambda row: row.payment_id == payment_id).order_by(Refund.created_at):
        found |= _values(refund, f"refund {refund.id} ", REFUND_FIELDS)
    for enrolment in Enrolment.select(lambda row: row.payment_id == payment_id):
        found |= _values(enrolment, f"enrolment {enrolment.id} ", ENROLMENT_FIELDS)
    return found


def _values(row: Any, prefix: str, fields: Sequence[str]) -> State:
    values = {field: getattr(row, field) for field in fields}
    return {prefix + field: None if value is None else str(value) for field, value in values.items()}


def _difference(before: State, after: State) -> tuple[Difference, ...]:
    names = dict.fromkeys([*before, *after])
    return tuple(Difference(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name))
