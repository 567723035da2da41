"""Pages that play YooKassa: the one where the buyer pays, and the shop's, for refunds and switches for what goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from studium.core.errors import BadRequest
from studium.core.production import development_only
from studium.services.money import Money, MoneyError
from studium.services.money_format import format_money
from studium.services.page_policy import let_forms_leave
from studium.testing.simulators import yookassa_payments as payments
from studium.testing.simulators import yookassa_refunds as refunds
from studium.testing.simulators.yookassa_api import FAULTS, blueprint
from studium.testing.simulators.yookassa_payments import Refused
from studium.testing.simulators.yookassa_store import Body, Books, books
from studium.testing.simulators.yookassa_webhooks import MANNERS, send

LATEST = 50
SWITCHES = ("hold_refunds", "fiscal")
CHALLENGE = "3d_secure"
CARDS = {  # yookassa.ru/developers/payment-acceptance/testing-and-going-live/testing
    "success": "5555 5555 5555 4444: pays",
    CHALLENGE: "5555 5555 5555 4477: asks for 3-D Secure",
    "insufficient_funds": "5555 5555 5555 4600: has insufficient funds",
    "3d_secure_failed": "5555 5555 5555 4592: fails 3-D Secure",
    "fraud_suspected": "5555 5555 5555 4568: is taken for fraud",
    "expired_on_confirmation": "none: let the hour run out",
}


@blueprint.get("")
@development_only
def dashboard() -> str:
    """The latest payments, and what is wrong with YooKassa."""
    with books() as opened:
        found = opened.all("payment")[:LATEST]
        switches = {name: opened.switch(name) for name in ("fault", "manner", *SWITCHES)}
    return render_template("simulators/yookassa_dashboard.html", payments=found, switches=switches, faults=FAULTS, manners=MANNERS,
                           price=price)


@blueprint.post("/switches")
@development_only
def set_switches() -> Response:
    """What goes wrong from now on."""
    fault, manner = request.form.get("fault", ""), request.form.get("manner", "")
    if fault not in FAULTS or manner not in MANNERS:
        raise BadRequest("The simulated YooKassa has no such switch.")
    with books() as opened:
        opened.set_switch("fault", fault or None)
        opened.set_switch("manner", manner or None)
        for name in SWITCHES:
            opened.set_switch(name, True if request.form.get(name) else None)
    return redirect(url_for("simulated_yookassa.dashboard"), 303)


@blueprint.get("/pay/<reference>")
@development_only
def pay_page(reference: str) -> str:
    """YooKassa's page, where the buyer chooses a card; `challenge` asks for 3-D Secure."""
    payment = _act(reference, lambda _opened, _payment: None)
    let_forms_leave()  # back to the school, which may be open under another name of this machine
    return render_template("simulators/yookassa_pay.html", payment=payment, cards=CARDS, challenge=request.args.get("challenge"),
                           price=price)


@blueprint.post("/pay/<reference>")
@development_only
def pay(reference: str) -> Response:
    """The buyer has pressed a button, and goes back to the site, which is told nothing by it."""
    with books() as opened:
        back: str = _payment(opened, reference)["simulator"]["return_url"]
    card = request.form.get("card", "")
    if card == CHALLENGE:
        return redirect(url_for("simulated_yookassa.pay_page", reference=reference, challenge=1), 303)
    if card not in CARDS:
        raise BadRequest("Choose one of the cards.")
    _act(reference, payments.pay if card == "success" else lambda opened, payment: payments.cancel(opened, payment, card))
    return redirect(back, 303)


@blueprint.get("/payments/<reference>")
@development_only
def payment(reference: str) -> str:
    """What the shop sees of a payment, and its buttons."""
    found = _act(reference, lambda _opened, _payment: None)
    with books() as opened:
        made = opened.refunds_of(reference)
        left = refunds.refundable(opened, found) if found["status"] == "succeeded" else Decimal(0)
        told = [one for one in opened.all("notification") if is_about(one, reference)]
    receipts = [receipt for one in (found, *reversed(made)) for receipt in one["simulator"]["receipts"]]
    return render_template("simulators/yookassa_payment.html", payment=found, refunds=made, left=left, notifications=told,
                           receipts=receipts, price=price)


@blueprint.post("/payments/<reference>/<action>")
@development_only
def act(reference: str, action: str) -> Response:
    """Do what a button of the shop's page says."""
    if action not in ACTIONS:
        abort(404)
    _act(reference, ACTIONS[action])
    return redirect(url_for("simulated_yookassa.payment", reference=reference), 303)


def price(found: Body) -> str:
    """An amount for people."""
    return format_money(Money(found["value"], found["currency"]), "en")


def is_about(notification: Body, payment_id: str) -> bool:
    """Whether a notification is about this payment or a refund of it."""
    found = notification["body"]["object"]
    return payment_id in (found["id"], found.get("payment_id"))


def _payment(opened: Books, reference: str) -> Body:
    found = payments.current_payment(opened, reference)
    if found is None:
        abort(404)
    return found


def _act(reference: str, do: Callable[[Books, Body], object]) -> Body:
    """The payment afterwards; whoever must be told is told."""
    try:
        with books() as opened:
            do(opened, _payment(opened, reference))
            found, told = opened.get("payment", reference), opened.told
    except Refused as error:
        raise BadRequest(str(error)) from error
    send(told)
    return found


def _refund(opened: Books, found: Body) -> None:
    """A refund of the whole takes the receipt of the payment; of a part, the shop's page makes one in its likeness."""
    left = refunds.refundable(opened, found)
    typed = _typed(found["amount"]["currency"])
    value = left if typed is None else typed
    asked: Body = {"payment_id": found["id"], "amount": found["amount"] | {"value": f"{value:.2f}"}, "description": "On the shop's page"}
    receipts = found["simulator"]["receipts"]
    if receipts and value != Decimal(found["amount"]["value"]):
        asked["receipt"] = receipts[0] | {"items": [receipts[0]["items"][0] | {"amount": asked["amount"], "quantity": 1}]}
    refunds.create_refund(opened, asked)


def _typed(currency: str) -> Decimal | None:
    given = request.form.get("amount", "").strip().replace(",", ".")
    try:
        return Money(Decimal(given), currency).amount if given else None
    except (InvalidOperation, MoneyError) as error:
        raise Refused(f"{given[:40]} cannot be refunded in {currency}.") from error


ACTIONS: dict[str, Callable[[Books, Body], object]] = {
    "expire": lambda opened, found: payments.cancel(opened, found, "expired_on_confirmation"),
    "refund": _refund,
    "refunds-complete": lambda opened, found: refunds.end_refunds(opened, found["id"], completed=True),
    "refunds-fail": lambda opened, found: refunds.end_refunds(opened, found["id"], completed=False),
}
