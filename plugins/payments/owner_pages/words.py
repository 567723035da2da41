"""What the owner's pages say of payments: short names for codes, sentences stay in story_words.py."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _

from studium.plugins.payments.payment_view import provider_title as english_title

NEEDS = ("problem", "stuck", "confirm", "disputed")
LOOKS = {"completed": "succeeded", "creating": "running", "pending": "running", "partly_refunded": "paused", "disputed": "failed",
         "used": "succeeded", "held": "running", "done": "succeeded", "new": "running", "asking": "running"}


def status_name(status: str) -> str:
    """The status of a payment in a word or two."""
    names = {
        "creating": _("Being prepared"), "pending": _("Waiting for money"), "completed": _("Paid"), "failed": _("Failed"),
        "expired": _("Ran out"), "partly_refunded": _("Partly given back"), "refunded": _("Given back"), "disputed": _("Disputed"),
    }
    return names.get(status, status)


def refund_name(status: str) -> str:
    """How a refund is."""
    names = {"asking": _("Being asked for"), "pending": _("Under way"), "completed": _("Given back"), "failed": _("Failed")}
    return names.get(status, status)


def look(status: str) -> str:
    """The look of a status, as the style sheet of the ops pages names them."""
    return LOOKS.get(status, status)


def need_name(need: str) -> str:
    """Why a payment needs a person."""
    names = {"problem": _("Problems"), "stuck": _("Stuck"), "confirm": _("To confirm"), "disputed": _("Disputed")}
    return names.get(need, need)


def problem_name(problem: str) -> str:
    """A problem in two or three words; its sentence is in story_words.PROBLEMS."""
    names = {
        "amount-mismatch": _("Wrong amount"), "currency-mismatch": _("Wrong currency"), "mode-mismatch": _("Test and real money mixed"),
        "order-mismatch": _("Another order"), "paid-twice": _("Paid twice"),
        "paid-twice-object": _("Paid twice at the provider"), "no-account": _("Account deleted"),
        "upgrade-base-gone": _("Upgrade of what was given back"), "refund-failed": _("Refund failed"),
        "refund-mismatch": _("Foreign refund"), "over-refunded": _("Too much given back"),
        "disputed-after-refund": _("Disputed after the refund"), "credit-gone": _("Credit no longer there"),
        "coupon-overused": _("Coupon used too often"),
    }
    return names.get(problem, problem)


def ledger_name(kind: str) -> str:
    """Money that moved, in a word or two."""
    names = {"charge": _("Paid"), "refund": _("Given back"), "refund_failed": _("A refund came back"), "dispute": _("Taken by a dispute"),
             "dispute_won": _("Dispute won"), "dispute_lost": _("Dispute lost")}
    return names.get(kind, kind)


def source_name(source: str) -> str:
    """Where an enrolment comes from."""
    return {"payment": _("paid"), "grant": _("by hand"), "free": _("free tier")}.get(source, source)


def delivery_name(state: str) -> str:
    """The state of a webhook in the inbox."""
    return {"new": _("Waiting"), "done": _("Done"), "ignored": _("Belongs to nothing here"), "failed": _("Failed")}.get(state, state)


def rejection_name(reason: str) -> str:
    """Why a delivery was refused."""
    names = {"signature": _("wrong signature"), "stale": _("too old"), "source": _("wrong sender"), "malformed": _("unreadable"),
             "too-large": _("too large")}
    return names.get(reason, reason)


def finding_name(kind: str) -> str:
    """A difference that a comparison found."""
    return {"missing_here": _("Missing here"), "missing_there": _("Missing there"), "different": _("Different")}.get(kind, kind)


def use_name(state: str) -> str:
    """The state of a coupon's use."""
    return {"held": _("held"), "used": _("used"), "released": _("free again")}.get(state, state)


def dispute_name(state: str) -> str:
    """How a dispute stands."""
    names = {"open": _("A dispute was opened"), "won": _("The dispute was won"), "lost": _("The dispute was lost")}
    return names.get(state, state)


def provider_name(code: str) -> str:
    """The title that buyers read, in the reader's language; the code for a provider that is no longer there."""
    title = english_title(code)
    return _(title) if title else (_("Free of charge") if code == "free" else code)


def pretty(value: object) -> str:
    """Plain data as JSON that people read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (status_name, refund_name, need_name, problem_name, ledger_name, source_name, delivery_name, rejection_name,
                     finding_name, use_name, dispute_name, provider_name, pretty)
} | {"look_of": look}
