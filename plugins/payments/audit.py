"""The audit of payments: one row for everything that happened to one, with its cause, its rule and the version of the code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

from flask import json
from pony.orm import desc

from studium.core.clock import now
from studium.plugins.payments.entities import Payment, PaymentEvent

LONGEST_DATA = 20_000  # characters; what a service tells beyond that is not kept


def note(
    payment: Payment, event: str, *, cause: str, rule: str = "", before: str = "", after: str = "", data: Mapping[str, Any] | None = None
) -> None:
    """Write a row in the open transaction; `event`, `cause` and `rule` as `PaymentEvent` says. `data` is plain data without secrets.

    Texts that are too long for their columns are cut, data that is too long is left out.
    """
    text = json.dumps(data or {}, default=str)
    if len(text) > LONGEST_DATA:
        text = json.dumps({"left_out": f"{len(text)} characters"})
    PaymentEvent(payment_id=payment.id, at=now(), event=event[:30], before=before, after=after, cause=_cause(cause),
                 rule=rule[:300], data=text, version=code_version())


def note_once(payment: Payment, event: str, *, cause: str, rule: str = "", data: Mapping[str, Any] | None = None) -> None:
    """As `note`, unless the newest row already says so: what asks every hour whether anything changed writes one row, not hundreds."""
    newest = PaymentEvent.select(lambda row: row.payment_id == payment.id).order_by(lambda row: desc(row.id)).first()
    if newest is None or (newest.event, newest.cause, newest.rule) != (event, _cause(cause), rule[:300]):
        note(payment, event, cause=cause, rule=rule, data=data)


@cache
def code_version() -> str:
    """The version of Studium that runs."""
    return version("studium")[:40]


def _cause(cause: str) -> str:
    return (cause or "unknown")[:200]
