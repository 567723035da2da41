"""Pages that play Stripe: the one where the buyer pays, and a dashboard for what happens later, with switches for what goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from studium.core.errors import BadRequest
from studium.core.production import development_only
from studium.plugins.stripe.currencies import EXPONENTS
from studium.services.money import Money, MoneyError, from_minor, to_minor
from studium.services.money_format import format_money
from studium.testing.simulators import stripe_money_back as money_back
from studium.testing.simulators import stripe_sessions as sessions
from studium.testing.simulators.stripe_answers import Refused
from studium.testing.simulators.stripe_api import FAULTS, blueprint
from studium.testing.simulators.stripe_store import Body, Books, books
from studium.testing.simulators.stripe_webhooks import MANNERS, send

LATEST = 50
CARDS = {  # docs.stripe.com/testing
    "success": "4242 4242 4242 4242: pays",
    "challenge": "4000 0027 6000 3184: asks for 3-D Secure",
    "generic_decline": "4000 0000 0000 0002: is declined",
    "insufficient_funds": "4000 0000 0000 9995: has insufficient funds",
    "debit": "AT61 1904 3002 3457 3201: bank debit, takes days",
}


@blueprint.get("")
@development_only
def dashboard() -> str:
    """The latest sessions, and what is wrong with Stripe."""
    with books() as opened:
        found = opened.all("checkout.session")[:LATEST]
        switches = {name: opened.switch(name) for name in ("fault", "manner", "hold_refunds")}
    return render_template("simulators/stripe_dashboard.html", sessions=found, switches=switches, faults=FAULTS, manners=MANNERS,
                           shown=shown)


@blueprint.post("/switches")
@development_only
def set_switches() -> Response:
    """What goes wrong from now on."""
    fault, manner = request.form.get("fault", ""), request.form.get("manner", "")
    if fault not in FAULTS or manner not in MANNERS:
        raise BadRequest("The simulated Stripe has no such switch.")
    with books() as opened:
        opened.set_switch("fault", fault or None)
        opened.set_switch("manner", manner or None)
        opened.set_switch("hold_refunds", True if request.form.get("hold_refunds") else None)
    return redirect(url_for("simulated_stripe.dashboard"), 303)


@blueprint.get("/pay/<reference>")
@development_only
def pay_page(reference: str) -> str:
    """Stripe's page, where the buyer chooses a card; `challenge` asks for 3-D Secure."""
    with books() as opened:
        session = _session(opened, reference)
        intent = opened.find(session["payment_intent"] or "")
        told = opened.told
    send(told)
    return render_template("simulators/stripe_pay.html", session=session, cards=CARDS, challenge=request.args.get("challenge"), shown=shown,
                           error=(intent or {}).get("last_payment_error"))


@blueprint.post("/pay/<reference>")
@development_only
def pay(reference: str) -> Response:
    """The buyer has pressed a button; back to the site, or to this page when the card was declined."""
    card = request.form.get("card", "")
    if card == "challenge":
        return redirect(url_for("simulated_stripe.pay_page", reference=reference, challenge=1), 303)
    session = _act(reference, lambda opened, found: _pay_with(opened, found, card))
    if session["status"] == "complete":
        return redirect(session["success_url"], 303)
    return redirect(url_for("simulated_stripe.pay_page", reference=reference), 303)


@blueprint.get("/payments/<reference>")
@development_only
def payment(reference: str) -> str:
    """What Stripe's dashboard says of a payment, and its buttons."""
    with books() as opened:
        session = _session(opened, reference)
        intent = opened.find(session["payment_intent"] or "")
        charge = opened.find((intent or {}).get("latest_charge") or "")
        refunds, disputes = ([], []) if intent is None else (
            opened.all("refund", payment_intent=intent["id"]), opened.all("dispute", payment_intent=intent["id"]))
        events = [event for event in opened.all("event") if is_about(event, session)]
        told = opened.told
    send(told)
    left = charge["amount"] - charge["amount_refunded"] if charge and charge["status"] == "succeeded" else 0
    return render_template("simulators/stripe_payment.html", session=session, intent=intent, refunds=refunds, disputes=disputes, left=left,
                           events=events, shown=shown, at=lambda seconds: time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)))


@blueprint.post("/payments/<reference>/<action>")
@development_only
def act(reference: str, action: str) -> Response:
    """Do what a button of the dashboard says."""
    if action not in ACTIONS:
        abort(404)
    _act(reference, ACTIONS[action])
    return redirect(url_for("simulated_stripe.payment", reference=reference), 303)


def shown(minor: int, currency: str) -> str:
    """An amount for people."""
    return format_money(from_minor(minor, currency.upper(), EXPONENTS), "en")


def is_about(event: Body, session: Body) -> bool:
    """Whether an event is about this session or what belongs to it."""
    found = event["data"]["object"]
    intent = session["payment_intent"]
    return found["id"] == session["id"] or (intent is not None and intent in (found["id"], found.get("payment_intent")))


def _session(opened: Books, reference: str) -> Body:
    found = sessions.current_session(opened, reference)
    if found is None:
        abort(404)
    return found


def _act(reference: str, do: Callable[[Books, Body], object]) -> Body:
    try:
        with books() as opened:
            do(opened, _session(opened, reference))
            session, told = opened.get(reference), opened.told
    except Refused as error:
        raise BadRequest(str(error)) from error
    send(told)
    return session


def _pay_with(opened: Books, session: Body, card: str) -> None:
    if card == "debit":
        sessions.debit(opened, session)
    elif card in sessions.DECLINES:
        sessions.decline(opened, session, card)
    elif card == "success":
        sessions.pay(opened, session)
    else:
        raise Refused("Choose one of the cards.")


def _refund(opened: Books, session: Body) -> None:
    money_back.create_refund(opened, {"payment_intent": session["payment_intent"], "amount": _amount(session["currency"].upper()),
                                      "reason": "requested_by_customer"})


def _amount(currency: str) -> int | None:
    """What was typed, in Stripe's minor units; None for all that is left."""
    given = request.form.get("amount", "").strip().replace(",", ".")
    try:
        return to_minor(Money(Decimal(given), currency), EXPONENTS) if given else None
    except (InvalidOperation, MoneyError) as error:
        raise Refused(f"{given[:40]} cannot be refunded in {currency}.") from error


def _intent(session: Body) -> str:
    return session["payment_intent"] or ""


ACTIONS: dict[str, Callable[[Books, Body], object]] = {
    "debit-paid": lambda opened, session: sessions.end_debit(opened, session, paid=True),
    "debit-failed": lambda opened, session: sessions.end_debit(opened, session, paid=False),
    "expire": sessions.expire,
    "refund": _refund,
    "refunds-complete": lambda opened, session: money_back.end_refunds(opened, _intent(session), completed=True),
    "refunds-fail": lambda opened, session: money_back.end_refunds(opened, _intent(session), completed=False),
    "inquire": lambda opened, session: money_back.open_dispute(opened, _intent(session), inquiry=True),
    "escalate": lambda opened, session: money_back.escalate_inquiry(opened, _intent(session)),
    "dispute": lambda opened, session: money_back.open_dispute(opened, _intent(session)),
    "win": lambda opened, session: money_back.end_dispute(opened, _intent(session), won=True),
    "lose": lambda opened, session: money_back.end_dispute(opened, _intent(session), won=False),
    "warn": lambda opened, session: money_back.warn_of_fraud(opened, _intent(session)),
}
