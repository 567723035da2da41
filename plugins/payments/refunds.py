"""Giving money back: the wish is a row and a job in one transaction, and our row's id is the provider's idempotency key until it is known.

Nothing counts as given back before the provider says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from pydantic import BaseModel, ConfigDict

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.logs import get_logger
from studium.plugins.payments.audit import note, note_once
from studium.plugins.payments.entities import Enrolment, Payment, Refund
from studium.plugins.payments.errors import RefundRefused, UnknownPayment
from studium.plugins.payments.provider_calls import give_back
from studium.plugins.payments.refund_merging import ASKING, DONE, FAILED, PENDING, merge_refunds
from studium.plugins.payments.settling import look
from studium.plugins.payments.transitions import COMPLETED, OPEN, PARTLY_REFUNDED
from studium.queue import jobs
from studium.queue.kinds import Discard, job_kind
from studium.queue.running import RunningJob
from studium.services.money import Money, total
from studium.services.provider_registry import UnknownProvider, find_provider
from studium.services.providers import (
    OFFLINE,
    PARTIAL_REFUND,
    REFUND,
    PaymentProvider,
    ProviderDown,
    ProviderRefused,
    RefundSnapshot,
)
from studium.services.translation import N_

log = get_logger(__name__)
RETRIES = 8
CHECK_AGAIN = timedelta(hours=1)


class RefundWork(BaseModel):
    """The refund to be asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    refund_id: str


def ask_refund(payment_id: str, money: Money | None, *, reason: str, by: str, refund_id: str = "") -> str:
    """Ask for money to be given back, all that is left without `money`; the id of the refund, which a job then makes.

    With a `refund_id` (a uuid) that is this payment's refund already nothing is asked again: a form that is sent twice gives back once.
    What a person gave back outside of the site, for a provider that cannot, is booked at once. `reason` and `by` are in words. Raises
    UnknownPayment, and RefundRefused when it is not paid, disputed, more than is left, of another currency, a part where the provider
    gives back the whole only, or what a running upgrade stands on.
    """
    _look_after_failure(payment_id)
    with transaction():
        payment = Payment.get(id=payment_id)
        if payment is None:
            raise UnknownPayment(f"There is no payment {payment_id[:40]}. `studium payments list` shows them.")
        earlier = Refund.get(id=refund_id) if refund_id else None
        if earlier is not None and earlier.payment_id == payment_id:
            return refund_id
        if earlier is not None:
            raise RefundRefused(N_("This form belongs to another payment. Open the payment again and ask for the refund there."))
        provider = _provider_of(payment)
        asked = _allowed(payment, money, provider)
        refund = _new(payment, asked, reason[:1000], by, refund_id or str(uuid4()))
        if REFUND in provider.meta.capabilities:
            jobs.enqueue(payment_refund, RefundWork(refund_id=refund.id), unique_key=refund.id)
        else:
            refund.flush()
            merge_refunds(payment, [RefundSnapshot("", "completed", asked, refund.id, reason)], cause=f"{by}, who gave it back by hand")
        return str(refund.id)


def check_refund(payment_id: str, money: Money | None) -> Money:
    """What `ask_refund` would ask for now; changes nothing. Raises what it would raise."""
    with reading():
        payment = Payment.get(id=payment_id)
        if payment is None:
            raise UnknownPayment(f"There is no payment {payment_id[:40]}. `studium payments list` shows them.")
        return _allowed(payment, money, _provider_of(payment))


@job_kind("payment_refund", N_("Give money back"), params=RefundWork, retries=RETRIES, backoff=10.0, timeout=60)
def payment_refund(job: RunningJob, params: RefundWork) -> dict[str, str]:
    """Ask the provider, with the same key as often as it takes."""
    try:
        return {"status": send_refund(params.refund_id)}
    except UnknownProvider as error:
        raise Discard(str(error)) from error


def send_refund(refund_id: str) -> str:
    """Ask the provider for a refund that is not known to it, as far as we know, or how a pending one is; its status afterwards.

    Raises ProviderDown, noted; the same call later asks with the same key. UnknownProvider when the provider is not set up.
    """
    with reading():
        refund = Refund.get(id=refund_id)
        payment = Payment.get(id=refund.payment_id) if refund else None
        if refund is None or payment is None or refund.status not in (ASKING, PENDING):
            return str(refund.status) if refund else "unknown"
        payment_id, reference, status = payment.id, payment.reference or "", refund.status
        money = Money.from_minor(refund.amount_minor, refund.currency)
    if status == PENDING:
        look(payment_id, "reconcile of a refund")
    else:
        _ask(payment_id, refund_id, reference, money)
    with reading():
        return str(Refund.get(id=refund_id).status)


def due_refunds(limit: int) -> list[str]:
    """Ids of refunds whose time to be asked after has come; each gets its next time at once."""
    moment = now()
    with transaction():
        due = Refund.select(lambda row: row.next_check_at <= moment and row.status in (ASKING, PENDING))
        rows = due.order_by(Refund.next_check_at)[:limit]
        for row in rows:
            row.set(next_check_at=moment + min(CHECK_AGAIN * (row.checks + 1), timedelta(days=1)), checks=row.checks + 1)
        return [row.id for row in rows]


def _ask(payment_id: str, refund_id: str, reference: str, money: Money) -> None:
    cause = f"refund {refund_id}"
    with reading():
        code = Payment.get(id=payment_id).provider
    try:
        snapshot = give_back(find_provider(code), reference, money, refund_id)
    except ProviderDown as error:
        _note_down(payment_id, refund_id, str(error), cause)
        raise
    except ProviderRefused as error:
        log.warning("refund_refused", payment=payment_id, refund=refund_id, code=error.code)
        look(payment_id, cause)  # an earlier answer may have been lost; when nobody can say, the job tries again
        snapshot = RefundSnapshot("", "failed", money, refund_id, f"{error} ({error.code or 'no code'})")
        if not _is_asking(refund_id):
            return
    with transaction():
        merge_refunds(Payment.get(id=payment_id), [replace(snapshot, refund_id=refund_id)], cause=cause)


def _is_asking(refund_id: str) -> bool:
    with reading():
        return bool(Refund.get(id=refund_id).status == ASKING)


def _look_after_failure(payment_id: str) -> None:
    """A refund that failed here may have gone through there: who asks again must know. Raises RefundRefused when nobody can say."""
    with reading():
        if not Refund.exists(lambda row: row.payment_id == payment_id and row.status == FAILED):
            return
    try:
        look(payment_id, "before a refund is asked again")
    except UnknownProvider:
        return  # said below
    except ProviderDown as error:
        raise RefundRefused(
            N_("An earlier refund failed, and the provider does not say how it stands now: %(error)s Try again in a moment."), error=error
        ) from error


def _new(payment: Payment, asked: Money, reason: str, by: str, refund_id: str) -> Refund:
    refund = Refund(
        id=refund_id, payment_id=payment.id, provider=payment.provider, amount_minor=asked.minor, currency=asked.currency, status=ASKING,
        reason=reason, by=by[:200], created_at=now(), next_check_at=now() + CHECK_AGAIN)
    note(payment, "refund", cause=by, rule=f"refund {refund.id}: asked for, {asked}", data={"refund": refund.id, "reason": reason})
    return refund


def _note_down(payment_id: str, refund_id: str, text: str, cause: str) -> None:
    with transaction():
        Refund.get(id=refund_id).last_error = text[:1000]
        note_once(Payment.get(id=payment_id), "down", cause=cause, rule=text)


def _provider_of(payment: Payment) -> PaymentProvider:
    """Raises RefundRefused when nobody can give it back."""
    try:
        provider = find_provider(payment.provider)
    except UnknownProvider as error:
        raise RefundRefused(N_("%(error)s Set it up again, or give the money back on its own pages."), error=error) from error
    if not {REFUND, OFFLINE} & provider.meta.capabilities:
        raise RefundRefused(N_("This provider cannot give money back from here. Do it on its own pages; it will appear here."))
    return provider


def _allowed(payment: Payment, money: Money | None, provider: PaymentProvider) -> Money:
    if payment.status not in (COMPLETED, PARTLY_REFUNDED):
        raise RefundRefused(N_("The payment is %(status)s; only what is paid and not disputed can be given back."), status=payment.status)
    left = _left(payment)
    asked = left if money is None else money
    if asked.currency != payment.currency:
        raise RefundRefused(N_("It was paid in %(currency)s, so it is given back in %(currency)s."), currency=payment.currency)
    if not left.zero < asked <= left:
        raise RefundRefused(N_("%(asked)s cannot be given back: %(left)s are left, refunds under way taken off."), asked=asked, left=left)
    partly = asked.minor < payment.paid_minor
    if partly and REFUND in provider.meta.capabilities and PARTIAL_REFUND not in provider.meta.capabilities:
        raise RefundRefused(N_("This provider gives the whole amount back only."))
    if _carries_upgrade(payment):
        raise RefundRefused(N_("An upgrade stands on this payment, or is being paid. Refund the upgrade first, or wait until it expires."))
    return asked


def _left(payment: Payment) -> Money:
    rows: Iterable[Refund] = Refund.select(lambda row: row.payment_id == payment.id and row.status in (ASKING, PENDING, DONE))
    gone = total((Money.from_minor(row.amount_minor, row.currency) for row in rows), payment.currency)
    return Money.from_minor(payment.paid_minor, payment.currency) - gone


def _carries_upgrade(payment: Payment) -> bool:
    """Whether the price of this payment's enrolment was, or is about to be, taken off a higher tier's."""
    base = Enrolment.select(lambda row: row.payment_id == payment.id).first()
    if base is None:
        return False
    moment = now()
    upgrades = Enrolment.select(lambda row: row.base_id == base.id and row.revoked_at is None)
    if any(row.expires_at is None or row.expires_at > moment for row in upgrades):
        return True
    return bool(Payment.exists(lambda row: row.upgrade_of == base.id and row.status in OPEN))
