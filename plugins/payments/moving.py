"""Moves a payment along one line of the table of transitions, or writes down that it did not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studium.core.clock import now
from studium.plugins.payments.audit import note, note_once
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.telling import tell_page
from studium.plugins.payments.transitions import OPEN, rule_of


def move(payment: Payment, after: str, *, cause: str, data: Mapping[str, Any] | None = None) -> str | None:
    """Change the status in the open transaction, with its audit row; the line's explanation, or None when the table has no such line."""
    before, rule = payment.status, rule_of(payment.status, after)
    if rule is None:
        note_once(payment, "ignored", cause=cause, rule=f"{before} -> {after} is no transition: old news, or out of order", data=data)
        return None
    payment.set(status=after, updated_at=now(), revision=payment.revision + 1)
    if after not in OPEN:
        payment.set(open_key=None, next_check_at=None)
    note(payment, "moved", cause=cause, rule=rule, before=before, after=after, data=data)
    tell_page(payment)
    return rule


def mark_problem(payment: Payment, problem: str) -> None:
    """Something that a person must look at."""
    payment.set(problem=problem, updated_at=now(), revision=payment.revision + 1)
