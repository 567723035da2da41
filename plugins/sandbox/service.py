"""The sandbox as a payment service: what it does with payments, refunds and disputes. It knows nothing of the site but its own records."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from studium.core.clock import now_ms
from studium.core.errors import StudiumError
from studium.plugins.sandbox.sqlite_store import Body, Books, books

T = TypeVar("T")
LIFETIME = 24 * 3600  # seconds to pay
FAULTS: Mapping[str, str] = {"": "well", "error": "answers 500", "unreachable": "cannot be reached", "garbage": "answers with HTML",
                             "slow": "too slow", "lost-answer": "does it, but the answer is lost", "refuse": "refuses"}


class NoAnswer(StudiumError):
    """The call ended without an answer, so nobody knows whether it was done."""


class Refused(StudiumError):
    """The sandbox says no, for good."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Event:
    """Something that the sandbox would tell by a webhook: what happened to which payment."""

    id: str
    kind: str
    reference: str

    def body(self) -> Body:
        """The webhook's JSON, with the payment as it is by now."""
        with books() as opened:
            found = _current(opened, self.reference) or {}
        return {"id": self.id, "type": self.kind, "created": now_ms() // 1000,
                "object": {"id": self.reference, "status": found.get("status"), "order_id": found.get("order_id")}}


def create(asked: Body, key: str, timeout: float) -> Body:
    """A new payment as asked, or the one that this key has made. Raises NoAnswer and Refused."""
    def make(opened: Books) -> Body:
        if (made := opened.made_by("begin", key)) is not None:
            opened.note_call("begin", key, made)
            return _known(opened, made)
        payment = asked | {"id": _new_id("sbx"), "status": "pending", "created": _now(), "refunds": [], "dispute": "", "reason": "",
                           "charge": None, "completes_at": None, "livemode": False}
        payment.setdefault("expires", _now() + LIFETIME)
        opened.note_call("begin", key, payment["id"])
        opened.keep(payment, _now())
        return payment

    return _answer(make, "begin", key, timeout)


def fetch(reference: str, timeout: float) -> Body:
    """The payment of this id (or of this charge); raises NoAnswer, and Refused with `not-found`."""
    return _answer(lambda opened: _known(opened, reference), "fetch", "", timeout)


def refund(reference: str, amount: int, key: str, timeout: float) -> Body:
    """Give back so many minor units; the refund, which is pending while the page says so. Raises NoAnswer and Refused."""
    def make(opened: Books) -> Body:
        payment = _known(opened, reference)
        if (made := opened.made_by("refund", key)) is not None:
            opened.note_call("refund", key, made)
            return next(found for found in payment["refunds"] if found["id"] == made)
        found = _add_refund(payment, amount, key)
        opened.note_call("refund", key, found["id"])
        opened.keep(payment, _now())
        return found

    return _answer(make, "refund", key, timeout)


def changed_since(since: float, timeout: float) -> list[str]:
    """The ids of payments that changed since then (epoch seconds); raises NoAnswer."""
    return _answer(lambda opened: [found["id"] for found in opened.latest(1000, since)], "list", "", timeout)


# What people do on the sandbox's pages


def find(reference: str) -> Body | None:
    """The payment as it is now, for pages."""
    with books() as opened:
        return _current(opened, reference)


def pay(reference: str, *, amount: int | None = None) -> list[Event]:
    """It is paid, also late; with another `amount` (minor units) than was asked, if told. What there is to tell of it."""
    def change(payment: Body) -> list[str]:
        if payment["status"] == "completed":
            return []
        payment.update(status="completed", charge=_charge(reference), completes_at=None, reason="",
                       amount=payment["amount"] if amount is None else amount)
        return ["payment.authorized", "payment.completed"]

    return _change(reference, change)


def pay_in(reference: str, seconds: float) -> list[Event]:
    """It will be paid after so many seconds, as by a slow bank."""
    def change(payment: Body) -> list[str]:
        if payment["status"] == "pending":
            payment["completes_at"] = _now() + seconds
        return ["payment.authorized", "payment.completed"] if payment["completes_at"] else []

    return _change(reference, change)


def decline(reference: str, reason: str = "card_declined") -> list[Event]:
    """The payment fails."""
    return _end_pending(reference, "failed", reason)


def expire(reference: str) -> list[Event]:
    """The time to pay is over."""
    return _end_pending(reference, "expired", "expired")


def refund_here(reference: str, amount: int) -> list[Event]:
    """Give back so many minor units on the sandbox's page, without the site; raises Refused."""
    def change(payment: Body) -> list[str]:
        _add_refund(payment, amount, None)
        return ["refund.updated"]

    return _change(reference, change)


def end_refunds(reference: str, *, completed: bool) -> list[Event]:
    """The pending refunds complete or fail."""
    def change(payment: Body) -> list[str]:
        pending = [found for found in payment["refunds"] if found["status"] == "pending"]
        for found in pending:
            found.update(status="completed" if completed else "failed", reason="" if completed else "account_closed")
        return ["refund.updated"] if pending else []

    return _change(reference, change)


def hold_refunds(reference: str, *, hold: bool) -> None:
    """Whether refunds that the site asks for stay pending, until `end_refunds`."""
    with books() as opened:
        if (payment := _current(opened, reference)) is not None:
            opened.keep(payment | {"holds_refunds": hold}, _now())


def dispute(reference: str) -> list[Event]:
    """The buyer disputes the payment."""
    return _move_dispute(reference, "", "open", "dispute.opened")


def end_dispute(reference: str, *, won: bool) -> list[Event]:
    """The dispute is decided, for the school or for the buyer."""
    return _move_dispute(reference, "open", "won" if won else "lost", "dispute.closed")


def _move_dispute(reference: str, before: str, after: str, kind: str) -> list[Event]:
    def change(payment: Body) -> list[str]:
        if payment["dispute"] != before or payment["status"] != "completed":
            return []
        payment["dispute"] = after
        return [kind]

    return _change(reference, change)


def _end_pending(reference: str, status: str, reason: str) -> list[Event]:
    def change(payment: Body) -> list[str]:
        if payment["status"] != "pending":
            return []
        payment.update(status=status, reason=reason, completes_at=None)
        return [f"payment.{status}"]

    return _change(reference, change)


def _change(reference: str, change: Callable[[Body], list[str]]) -> list[Event]:
    with books() as opened:
        payment = _current(opened, reference)
        kinds = change(payment) if payment is not None else []
        if kinds and payment is not None:
            opened.keep(payment, _now())
    return [Event(_new_id("sbe"), kind, reference) for kind in kinds]


def _answer(call: Callable[[Books], T], kind: str, key: str, timeout: float) -> T:
    """What the call answers, unless something is wrong with the sandbox."""
    with books() as opened:
        fault = opened.fault()
        if fault == "refuse" and kind in ("fetch", "list"):
            fault = ""
        if fault == "":
            return call(opened)
        if fault == "lost-answer":
            call(opened)
        else:
            opened.note_call(kind, key, "")
    if fault == "slow":
        time.sleep(timeout)
    if fault == "refuse":
        raise Refused("The sandbox was told to refuse.", "told-to-refuse")
    raise NoAnswer(f"The sandbox {FAULTS[fault]}.")


def _known(opened: Books, reference: str) -> Body:
    payment = _current(opened, reference)
    if payment is None:
        raise Refused("The sandbox has no such payment.", "not-found")
    return payment


def _current(opened: Books, reference: str) -> Body | None:
    """The payment; what a clock was to do to it is done by now."""
    reference = reference.replace("sbc_", "sbx_", 1)  # a charge has its payment's number
    payment = opened.find(reference)
    if payment is None or payment["status"] != "pending":
        return payment
    if payment["completes_at"] and payment["completes_at"] <= _now():
        payment.update(status="completed", charge=_charge(reference), completes_at=None)
        opened.keep(payment, _now())
    elif payment["expires"] <= _now():
        payment.update(status="expired", reason="expired")
        opened.keep(payment, _now())
    return payment


def _add_refund(payment: Body, amount: int, refund_id: str | None) -> Body:
    given = sum(found["amount"] for found in payment["refunds"] if found["status"] != "failed")
    if payment["status"] != "completed":
        raise Refused("Only a completed payment can be refunded.", "not-paid")
    if not 0 < amount <= payment["amount"] - given:
        raise Refused("More than what is left of the payment.", "amount-too-large")
    status = "pending" if payment.get("holds_refunds") and refund_id else "completed"
    found = {"id": _new_id("sbr"), "amount": amount, "status": status, "refund_id": refund_id, "reason": ""}
    payment["refunds"].append(found)
    return found


def _charge(reference: str) -> str:
    return reference.replace("sbx_", "sbc_", 1)


def _new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def _now() -> float:
    return now_ms() / 1000
