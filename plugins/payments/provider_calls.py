"""Calls to providers, kept to their contract: what else breaks in one counts as no answer, because nobody knows what it did before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar, get_args

from studium.core.logs import get_logger
from studium.plugins.payments.errors import NoUsableAnswer
from studium.services.money import Money
from studium.services.providers import (
    Completed,
    Instructions,
    Order,
    PaymentProvider,
    PaymentStatus,
    ProviderDown,
    ProviderRefused,
    Redirect,
    RefundSnapshot,
    Snapshot,
)

log = get_logger(__name__)
T = TypeVar("T")
NOT_FOUND = "not-found"  # the one code of a refusal that is an answer: the service knows no such object
LONGEST_ID = 200
STATUSES = get_args(PaymentStatus)


def begin(provider: PaymentProvider, order: Order, key: str, return_url: str) -> Redirect | Instructions | Completed:
    """Ask for the payment. Raises ProviderDown or ProviderRefused, nothing else."""
    return _call(provider, "begin", lambda: _answer(provider.begin(order, key, return_url)))


def fetch(provider: PaymentProvider, reference: str) -> Snapshot:
    """The payment as the provider has it. Raises ProviderDown or ProviderRefused, nothing else."""
    return _call(provider, "fetch", lambda: _snapshot(provider.fetch(reference)))


def give_back(provider: PaymentProvider, reference: str, money: Money, key: str) -> RefundSnapshot:
    """Ask for a refund. Raises ProviderDown or ProviderRefused, nothing else."""
    return _call(provider, "refund", lambda: _refund(provider.refund(reference, money, key)))


def changes(provider: PaymentProvider, since: datetime) -> list[str]:
    """References of payments that changed. Raises ProviderDown or ProviderRefused, nothing else."""
    return _call(provider, "list_changes", lambda: [_id(one) for one in provider.list_changes(since)])


def _call(provider: PaymentProvider, name: str, ask: Callable[[], T]) -> T:
    try:
        return ask()
    except (ProviderDown, ProviderRefused):
        raise
    except Exception as error:
        log.exception("provider_broke_its_contract", provider=provider.meta.code, call=name)
        raise NoUsableAnswer(f"The provider {provider.meta.code} failed with {type(error).__name__} in {name}().") from error


def _answer(answer: Any) -> Any:
    """What `begin` may answer; raises TypeError or ValueError for anything else, as all of these do."""
    _need(answer, Redirect, Instructions, Completed)
    _id(answer.reference)
    if not isinstance(answer, Completed):
        _need(answer.expires_at, datetime, type(None))
    if isinstance(answer, Redirect):
        _need(answer.url, str)
    if not isinstance(answer, Instructions):
        _texts(answer.refs)
    return answer


def _snapshot(snapshot: Any) -> Snapshot:
    _need(snapshot, Snapshot)
    if snapshot.status not in STATUSES:
        raise ValueError(f"The status {snapshot.status!r} is none of {', '.join(STATUSES)}.")
    _need(snapshot.money, Money)
    for flag in (snapshot.livemode, snapshot.disputed, snapshot.dispute_lost):
        _need(flag, bool)
    if snapshot.reference:
        _id(snapshot.reference)
    _need(snapshot.order_id, str, type(None))
    _texts((*snapshot.refs, snapshot.reference, snapshot.reason))
    for refund in snapshot.refunds:
        _refund(refund)
    return snapshot


def _refund(refund: Any) -> RefundSnapshot:
    """Its status and amount are checked where it is booked, and shown to a person."""
    _need(refund, RefundSnapshot)
    _need(refund.money, Money)
    _need(refund.refund_id, str, type(None))
    _texts((refund.id, refund.status, refund.reason))
    if refund.id:
        _id(refund.id)
    return refund


def _id(found: Any) -> str:
    _need(found, str)
    if not 0 < len(found) <= LONGEST_ID:
        raise ValueError(f"An id has 1 to {LONGEST_ID} characters, not {len(found)}.")
    return str(found)


def _texts(found: Any) -> None:
    for one in found:
        _need(one, str)


def _need(found: Any, *kinds: type) -> None:
    if not isinstance(found, kinds):
        raise TypeError(f"{type(found).__name__} came where {' or '.join(kind.__name__ for kind in kinds)} is due.")
