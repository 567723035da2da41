"""The ledger of payments: money that came and went, each movement once."""

from __future__ import annotations

from studium.core.clock import now
from studium.plugins.payments.entities import LedgerEntry, Payment

CHARGE, REFUND, REFUND_FAILED = "charge", "refund", "refund_failed"
DISPUTE, DISPUTE_WON, DISPUTE_LOST = "dispute", "dispute_won", "dispute_lost"


def enter(payment: Payment, kind: str, ref: str, amount_minor: int) -> bool:
    """Write a movement in the open transaction; `amount_minor` is negative when money left. False when this one is written already."""
    if LedgerEntry.get(payment_id=payment.id, kind=kind, ref=ref) is not None:
        return False
    LedgerEntry(payment_id=payment.id, kind=kind, ref=ref, amount_minor=amount_minor, currency=payment.currency, at=now())
    return True


def refund_ref(payment: Payment, refund_id: str, kind: str) -> str:
    """The `ref` of the next movement of a refund, which may go, be sent back, and go again: its id, then numbered."""
    earlier = LedgerEntry.select(lambda row: row.payment_id == payment.id and row.kind == kind and row.ref.startswith(refund_id)).count()
    return f"{refund_id}-{earlier + 1}" if earlier else refund_id


def open_disputes(payment: Payment) -> list[LedgerEntry]:
    """What disputes took that are neither won nor lost yet, oldest first."""
    ended = {entry.ref for entry in _of_disputes(payment) if entry.kind != DISPUTE}
    return [entry for entry in _of_disputes(payment) if entry.kind == DISPUTE and entry.ref not in ended]


def lost_disputes(payment: Payment) -> list[LedgerEntry]:
    """What disputes took that were lost, oldest first."""
    lost = {entry.ref for entry in _of_disputes(payment) if entry.kind == DISPUTE_LOST}
    return [entry for entry in _of_disputes(payment) if entry.kind == DISPUTE and entry.ref in lost]


def _of_disputes(payment: Payment) -> list[LedgerEntry]:
    kinds = (DISPUTE, DISPUTE_WON, DISPUTE_LOST)
    return list(LedgerEntry.select(lambda row: row.payment_id == payment.id and row.kind in kinds).order_by(LedgerEntry.id))


def disputes_so_far(payment: Payment) -> int:
    """How many disputes there were."""
    return int(LedgerEntry.select(lambda row: row.payment_id == payment.id and row.kind == DISPUTE).count())
