"""`/sandbox/...`: the page where a buyer "pays", and afterwards what a service's dashboard offers. Not there in production."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.clock import now
from studium.core.errors import BadRequest, NotFound
from studium.core.production import development_only
from studium.plugins.sandbox import service
from studium.plugins.sandbox.service import Event
from studium.plugins.sandbox.sqlite_store import Body, books
from studium.plugins.sandbox.webhook_job import MANNERS, send
from studium.services.money import Money, MoneyError
from studium.services.money_format import format_money
from studium.services.site import absolute_url

blueprint = Blueprint("sandbox", __name__, url_prefix="/sandbox", template_folder="templates", static_folder="static")
CODE = "1234"
DELAYS = (5, 30, 120)


@blueprint.get("/")
@development_only
def overview() -> str:
    """The latest payments, and what is wrong with the sandbox."""
    with books() as opened:
        payments, fault = opened.latest(), opened.fault()
    return render_template("sandbox/overview.html", payments=payments, fault=fault, faults=_fault_words(), shown=_shown,
                           statuses=_status_words())


@blueprint.post("/fault")
@development_only
def set_fault() -> Response:
    """Have something wrong with the sandbox."""
    fault = request.form.get("fault", "")
    if fault not in service.FAULTS:
        raise BadRequest(_("The sandbox knows no such fault."))
    with books() as opened:
        opened.set_fault(fault)
    return redirect(url_for("sandbox.overview"), 303)


@blueprint.get("/<reference>")
@development_only
def payment(reference: str) -> str:
    """Pay, or see what became of it."""
    return _page("payment", _found(reference))


@blueprint.get("/<reference>/challenge")
@development_only
def challenge(reference: str) -> str:
    """What a bank asks in between, as with 3-D Secure."""
    return _page("challenge", _found(reference))


@blueprint.post("/<reference>/<action>")
@development_only
def act(reference: str, action: str) -> Response:
    """Do what a button says, tell the site in the chosen manner, and lead on."""
    found = _found(reference)
    if action == "ask-code":
        return redirect(url_for("sandbox.challenge", reference=reference, manner=_manner()), 303)
    if action not in ACTIONS:
        raise NotFound(_("The sandbox has no such button."))
    do, leads_back = ACTIONS[action]
    try:
        events = do(found)
    except service.Refused as error:
        raise BadRequest(str(error)) from error
    if action == "pay-later":
        send(events, _manner(), now() + timedelta(seconds=_seconds()))
    else:
        send(events, _manner())
    return redirect(_back(found) if leads_back else url_for("sandbox.payment", reference=reference), 303)


def _back(found: Body) -> str:
    """Where the buyer came from; at this very host if it is the site, since `localhost` and 127.0.0.1 have their own cookies."""
    return str(found["return_url"]).removeprefix(absolute_url("")) or "/"


def _answer_code(found: Body) -> list[Event]:
    if hmac.compare_digest(request.form.get("code", "").strip().encode(), CODE.encode()):
        return service.pay(found["id"])
    return service.decline(found["id"], "3d_secure_failed")


def _refund(found: Body) -> list[Event]:
    given = request.form.get("amount", "").strip().replace(",", ".")
    left = found["amount"] - sum(one["amount"] for one in found["refunds"] if one["status"] != "failed")
    try:
        return service.refund_here(found["id"], Money(given, found["currency"]).minor if given else left)
    except MoneyError as error:
        raise BadRequest(str(error)) from error


def _hold_refunds(found: Body) -> list[Event]:
    service.hold_refunds(found["id"], hold=not found.get("holds_refunds"))
    return []


ACTIONS: dict[str, tuple[Callable[[Body], list[Event]], bool]] = {  # what it does, and whether it leads back to the site
    "pay": (lambda found: service.pay(found["id"]), True),
    "answer-code": (_answer_code, True),
    "pay-later": (lambda found: service.pay_in(found["id"], _seconds()), True),
    "pay-wrong": (lambda found: service.pay(found["id"], amount=max(1, found["amount"] // 2)), True),
    "decline": (lambda found: service.decline(found["id"]), True),
    "expire": (lambda found: service.expire(found["id"]), True),
    "refund": (_refund, False),
    "hold-refunds": (_hold_refunds, False),
    "complete-refunds": (lambda found: service.end_refunds(found["id"], completed=True), False),
    "fail-refunds": (lambda found: service.end_refunds(found["id"], completed=False), False),
    "dispute": (lambda found: service.dispute(found["id"]), False),
    "win": (lambda found: service.end_dispute(found["id"], won=True), False),
    "lose": (lambda found: service.end_dispute(found["id"], won=False), False),
}


def _page(name: str, found: Body) -> str:
    left = found["amount"] - sum(one["amount"] for one in found["refunds"] if one["status"] != "failed")
    return render_template(f"sandbox/{name}.html", payment=found, shown=_shown, left=left, code=CODE, delays=DELAYS, manner=_manner(),
                           manners=_manner_words(), plain=_plain, statuses=_status_words(), back=_back(found))


def _found(reference: str) -> Body:
    found = service.find(reference)
    if found is None:
        raise NotFound(_("The sandbox has no such payment."))
    return found


def _manner() -> str:
    asked = request.values.get("manner", "once")
    return asked if asked in MANNERS else "once"


def _seconds() -> int:
    asked = request.form.get("seconds", "")
    return int(asked) if asked in {str(seconds) for seconds in DELAYS} else DELAYS[0]


def _shown(minor: int, currency: str) -> str:
    from flask_babel import get_locale

    return format_money(Money.from_minor(minor, currency), str(get_locale() or "en"))


def _plain(minor: int, currency: str) -> Decimal:
    return Money.from_minor(minor, currency).amount


def _manner_words() -> dict[str, str]:
    return {"once": _("once, at once"), "duplicate": _("three times"), "reordered": _("in the wrong order"),
            "late": _("10 seconds late"), "lost": _("never: they get lost")}


def _fault_words() -> dict[str, str]:
    return {"": _("works"), "error": _("answers with an error 500"), "unreachable": _("cannot be reached"),
            "garbage": _("answers with an HTML page"), "slow": _("answers too late"),
            "lost-answer": _("does what it is asked, but its answers get lost"), "refuse": _("refuses payments and refunds")}


def _status_words() -> dict[str, str]:
    return {"pending": _("waiting"), "completed": _("paid"), "failed": _("failed"), "expired": _("expired"),
            "given-back": _("given back"), "open": _("open"), "won": _("won by the school"), "lost": _("won by the buyer")}
