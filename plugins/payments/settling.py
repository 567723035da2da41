"""The only door through which the status of a payment changes: what the provider says now, checked, in one short transaction.

Webhooks, the return page, reconcile, replay and people all come here. A webhook's body is never believed: `look` asks the provider.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from flask import json

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.plugins.payments.audit import note, note_once
from studium.plugins.payments.checking import AMOUNT, CURRENCY, mismatch
from studium.plugins.payments.completing import complete, end_unpaid
from studium.plugins.payments.dispute_moves import follow_dispute
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.errors import NoUsableAnswer, Overtaken, UnknownPayment
from studium.plugins.payments.moving import mark_problem, move
from studium.plugins.payments.other_objects import follow_other_object, is_another_object
from studium.plugins.payments.provider_calls import NOT_FOUND, fetch
from studium.plugins.payments.references import remember
from studium.plugins.payments.refund_merging import merge_refunds
from studium.plugins.payments.transitions import COMPLETED, CREATING, FAILED, PAID, PENDING
from studium.services.provider_registry import find_provider, provider_classes, providers
from studium.services.providers import DISPUTE, POLL, Instructions, PaymentProvider, ProviderDown, ProviderRefused, Redirect, Snapshot

log = get_logger(__name__)
TRIES = 5  # looks that another change overtakes
FIRST_CHECK = timedelta(minutes=1)


@dataclass(frozen=True)
class Applied:
    """What a look changed: the statuses `before` and `after`, whether anything `moved`, and by which `rule`, in words.

    `ids` are those that the provider's answer goes by; empty when there was none.
    """

    before: str
    after: str
    moved: bool
    rule: str
    ids: frozenset[str] = frozenset()


@dataclass(frozen=True)
class _Known:
    """What is known before the provider is asked."""

    provider: str
    reference: str | None
    status: str
    revision: int


def look(payment_id: str, cause: str, reference: str = "") -> Applied:
    """Ask the provider how the payment is and bring it there; `cause` says in words why, such as "return page".

    The provider is asked outside of any transaction; when the payment was changed meanwhile, by somebody who may have heard later news,
    it is asked again. `reference`: another object of the provider's that names this payment. That the provider does not know it is noted
    and changes nothing. Raises ProviderDown (noted too; NoUsableAnswer when it refuses to say), UnknownPayment, and UnknownProvider when
    the provider is no longer set up.
    """
    for _ in range(TRIES):
        known = _known(payment_id)
        provider = find_provider(known.provider)
        known = replace(known, reference=reference or known.reference)
        if not known.reference or POLL not in provider.meta.capabilities:
            why = "a person says that money came" if known.reference else "it was not begun yet"
            return Applied(known.status, known.status, False, f"the provider cannot be asked: {why}")
        snapshot = _fetch(provider, payment_id, known, cause)
        if isinstance(snapshot, Applied):
            return snapshot
        data = _readable(provider, snapshot)
        with transaction():
            payment = Payment.get(id=payment_id)
            if payment is not None and payment.revision == known.revision:
                return _apply(payment, snapshot, cause, data)
    raise ProviderDown("The payment changed each time while its provider was asked; look again in a moment.")


def look_at(payment_id: str, object_id: str, cause: str) -> Applied:
    """As `look`; when the answer does not go by this id of the provider's, which is the payment's too, that object is asked for as well."""
    applied = look(payment_id, cause)
    return applied if object_id in applied.ids else look(payment_id, cause, object_id)


def apply(payment_id: str, snapshot: Snapshot, cause: str, *, revision: int | None = None) -> Applied:
    """Bring the payment to what the snapshot says, which must be what the provider says now.

    `revision` is the payment's from before the provider was asked. Raises UnknownPayment, and Overtaken when it is another one by now;
    without it the snapshot is what a person says.
    """
    provider = providers().get(_known(payment_id).provider)
    data = _readable(provider, snapshot)
    with transaction():
        payment = Payment.get(id=payment_id)
        if revision is not None and payment.revision != revision:
            raise Overtaken(f"The payment {payment_id} changed while its provider was asked.")
        return _apply(payment, snapshot, cause, data)


def revision_of(payment_id: str) -> int:
    """To be read before the provider is asked for what `apply` gets. Raises UnknownPayment."""
    return _known(payment_id).revision


def begun(payment_id: str, answer: Redirect | Instructions, cause: str) -> None:
    """The provider took the payment: keep its ids, where the buyer goes or what they read, and when to ask. Safe to repeat.

    A webhook may have been quicker; what it said stays. Raises UnknownPayment.
    """
    with transaction():
        payment = _get(payment_id)
        moment = now()
        if payment.reference not in (None, answer.reference):
            note(payment, "began", cause=cause, rule=f"the provider gave another id, {answer.reference}; before it was {payment.reference}")
        if payment.reference is None or payment.status not in PAID:  # what was paid stays what refunds are asked of
            payment.reference = answer.reference
        payment.set(begun_at=moment, updated_at=moment, last_error=None, expires_at=answer.expires_at or payment.expires_at,
                    revision=payment.revision + 1)
        if payment.user_id is None:
            pass  # the account was deleted while the provider was asked: nobody is led there, and instructions would name the buyer
        elif isinstance(answer, Redirect):
            payment.redirect_url = answer.url or None
        else:
            payment.metadata = json.dumps(json.loads(payment.metadata) | {"instructions": {"lines": answer.lines, "text": answer.text}})
        if payment.status == CREATING:
            payment.set(next_check_at=moment + FIRST_CHECK, checks=0)
            move(payment, PENDING, cause=cause)
        remember(payment, (answer.reference, *(answer.refs if isinstance(answer, Redirect) else ())))


def refused(payment_id: str, reason: str, cause: str) -> None:
    """The provider refused to begin the payment, for good. Raises UnknownPayment."""
    with transaction():
        end_unpaid(_get(payment_id), FAILED, reason=reason, cause=cause)


def complete_free(payment: Payment, cause: str) -> None:
    """In the open transaction of its making: a payment of nothing completes at once, no provider is asked."""
    if payment.amount_minor:
        raise ValueError(f"The payment {payment.id} costs {payment.amount_minor} minor units; only its provider can say that it is paid.")
    complete(payment, cause=cause)


def _get(payment_id: str) -> Payment:
    payment = Payment.get(id=payment_id)
    if payment is None:
        raise UnknownPayment(f"There is no payment {payment_id[:40]}. `studium payments list` shows them.")
    return payment


def _known(payment_id: str) -> _Known:
    with reading():
        payment = _get(payment_id)
        return _Known(payment.provider, payment.reference, payment.status, payment.revision)


def _fetch(provider: PaymentProvider, payment_id: str, known: _Known, cause: str) -> Snapshot | Applied:
    try:
        return fetch(provider, known.reference or "")
    except ProviderDown as error:
        _note_error(payment_id, "down", str(error), cause)
        raise
    except ProviderRefused as error:
        rule = f"the provider refused: {error} ({error.code or 'no code'})"
        _note_error(payment_id, "refused", rule, cause)
        if error.code != NOT_FOUND:  # wrong keys or a limit say nothing about the payment
            raise NoUsableAnswer(rule) from error
        return Applied(known.status, known.status, False, rule)


def _note_error(payment_id: str, event: str, text: str, cause: str) -> None:
    with transaction():
        payment = _get(payment_id)
        payment.last_error = text[:1000]
        note_once(payment, event, cause=cause, rule=text)


def _readable(provider: PaymentProvider | None, snapshot: Snapshot) -> dict[str, Any]:
    """What the audit keeps of it: without secrets and personal data, as the provider redacts it."""
    data: dict[str, Any] = {"status": snapshot.status, "money": str(snapshot.money), "reference": snapshot.reference}
    return data | {"raw": provider.redact(dict(snapshot.raw))} if provider and snapshot.raw else data


def _apply(payment: Payment, snapshot: Snapshot, cause: str, data: Mapping[str, Any]) -> Applied:
    before = payment.status
    revision, ids = payment.revision, frozenset((snapshot.reference, *snapshot.refs))
    another = is_another_object(payment, snapshot)
    wrong = mismatch(payment, snapshot)
    if wrong is not None and not (another and before in PAID and wrong[0] in (AMOUNT, CURRENCY)):  # that is money besides
        problem, rule = wrong
        if payment.problem != problem:
            mark_problem(payment, problem)
            log.error("payment_problem", payment=payment.id, problem=problem)
        note_once(payment, "mismatch", cause=cause, rule=f"{problem}: {rule}", data=data)
        return Applied(before, before, False, f"{problem}: {rule}", ids)
    payment.last_error = None if before in PAID else payment.last_error
    remember(payment, (snapshot.reference, *snapshot.refs))
    if another and (before in PAID or snapshot.status != COMPLETED):
        rule = follow_other_object(payment, snapshot, cause)
        return Applied(before, before, payment.revision != revision, rule, ids)
    if snapshot.reference and (payment.reference is None or another):
        payment.reference = snapshot.reference  # what was paid is what refunds are asked of
    rules = [*_move_money(payment, snapshot, cause, data), *merge_refunds(payment, snapshot.refunds, cause=cause)]
    if payment.status in PAID and DISPUTE in _capabilities(payment.provider):
        rules += follow_dispute(payment, disputed=snapshot.disputed, lost=snapshot.dispute_lost, cause=cause)
    if not rules and _agrees(payment, snapshot):
        note_once(payment, "checked", cause=cause, rule=f"the provider says {snapshot.status}, as we do")
    return Applied(before, payment.status, payment.revision != revision, "; ".join(rules) or f"nothing new: {snapshot.status}", ids)


def _move_money(payment: Payment, snapshot: Snapshot, cause: str, data: Mapping[str, Any]) -> list[str]:
    if _agrees(payment, snapshot):
        return []
    if snapshot.status == COMPLETED:
        rule = complete(payment, cause=cause, data=data)
    elif snapshot.status == PENDING:
        rule = move(payment, PENDING, cause=cause, data=data)
    else:
        rule = end_unpaid(payment, snapshot.status, reason=snapshot.reason, cause=cause, data=data)
    return [rule] if rule else []


def _agrees(payment: Payment, snapshot: Snapshot) -> bool:
    return bool(snapshot.status == payment.status or (snapshot.status == COMPLETED and payment.status in PAID))


def _capabilities(code: str) -> frozenset[str]:
    found = provider_classes().get(code)
    return found.meta.capabilities if found else frozenset()
