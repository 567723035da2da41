"""Checkout Sessions of the simulated Stripe, and what a buyer does on their page."""

from __future__ import annotations

from typing import Any

from studium.services.site import absolute_url
from studium.testing.simulators.stripe_account import PATH
from studium.testing.simulators.stripe_answers import Refused
from studium.testing.simulators.stripe_store import Body, Books, epoch, new_id

API_VERSION = "2026-10-28.endive"
KNOWN = frozenset({"mode", "line_items", "client_reference_id", "metadata", "payment_intent_data", "success_url", "cancel_url",
                   "expires_at", "locale", "customer_email", "expand"})
TEN = ("BHD", "JOD", "KWD", "OMR", "TND")
HUNDRED = ("ISK", "UGX")
SHORTEST, LONGEST = 30 * 60, 24 * 3600
BUYER = {"name": "Jenny Rosen", "email": "jenny.rosen@buyers.example", "phone": "+15555550123",
         "address": {"city": "San Francisco", "country": "US", "line1": "354 Oyster Point Blvd", "postal_code": "94080"}}
DECLINES = {
    "generic_decline": "Your card was declined.",
    "insufficient_funds": "Your card has insufficient funds.",
    "authentication_required": "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
}


def emit(books: Books, kind: str, found: Body) -> None:
    """An event with the object as it is now."""
    books.told.append(books.keep({
        "id": new_id("evt"), "object": "event", "type": kind, "created": epoch(), "livemode": found.get("livemode", False),
        "api_version": API_VERSION, "data": {"object": found}, "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None}}))


def create_session(books: Books, params: Body) -> Body:
    """POST /v1/checkout/sessions. Raises Refused."""
    price = _checked(params)
    amount, currency = int(price["unit_amount"]), str(price["currency"]).lower()
    session_id = new_id("cs_test")
    return books.keep({
        "id": session_id, "object": "checkout.session", "created": epoch(), "livemode": False, "mode": "payment", "status": "open",
        "payment_status": "unpaid", "amount_subtotal": amount, "amount_total": amount, "currency": currency, "payment_intent": None,
        "client_reference_id": params.get("client_reference_id"), "metadata": params.get("metadata") or {}, "locale": params.get("locale"),
        "success_url": params["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id), "cancel_url": params.get("cancel_url"),
        "expires_at": int(params.get("expires_at") or epoch() + LONGEST), "customer_details": None, "presentment_details": None,
        "customer_email": params.get("customer_email"), "payment_method_types": ["card", "sepa_debit"],
        "url": absolute_url(f"{PATH}/pay/{session_id}"),
        "simulator": {"title": price["product_data"]["name"], "item": price["product_data"].get("description", ""),
                      "intent": params.get("payment_intent_data") or {}}})


def current_session(books: Books, session_id: str) -> Body | None:
    """The session as it is now: one whose time ran out is expired."""
    found = books.find(session_id)
    if found is None or found["object"] != "checkout.session":
        return None
    if found["status"] == "open" and found["expires_at"] <= epoch():
        return expire(books, found)
    return found


def expire(books: Books, session: Body) -> Body:
    """The time to pay is over. Raises Refused."""
    if session["status"] != "open":
        raise Refused("Only Checkout Sessions with a status in [\"open\"] can be expired.", begun=True)
    session |= {"status": "expired", "url": None}
    books.keep(session)
    emit(books, "checkout.session.expired", session)
    return session


def pay(books: Books, session: Body) -> None:
    """The card is charged. Raises Refused."""
    intent = _intent(books, session)
    charge = _charge(books, intent, "succeeded")
    books.keep(intent | {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"],
                         "last_payment_error": None})
    emit(books, "charge.succeeded", charge)
    emit(books, "payment_intent.succeeded", books.get(intent["id"]))
    _complete(books, session, intent, "paid")
    emit(books, "checkout.session.completed", session)


def decline(books: Books, session: Body, code: str = "generic_decline") -> None:
    """The card is declined; the session stays open, so the buyer may try another. Raises Refused."""
    intent = _intent(books, session)
    charge = _charge(books, intent, "failed", code)
    error = {"code": "card_declined", "decline_code": code, "message": DECLINES[code], "type": "card_error"}
    books.keep(intent | {"status": "requires_payment_method", "latest_charge": charge["id"], "last_payment_error": error})
    books.keep(session | {"payment_intent": intent["id"]})
    emit(books, "charge.failed", charge)
    emit(books, "payment_intent.payment_failed", books.get(intent["id"]))


def debit(books: Books, session: Body) -> None:
    """The buyer orders a bank debit, which takes days: the session is complete and not paid. Raises Refused."""
    intent = _intent(books, session)
    charge = _charge(books, intent, "pending")
    books.keep(intent | {"status": "processing", "latest_charge": charge["id"]})
    _complete(books, session, intent, "unpaid")
    emit(books, "checkout.session.completed", session)


def end_debit(books: Books, session: Body, *, paid: bool) -> None:
    """The bank pays, or does not. Raises Refused."""
    intent = books.find(session["payment_intent"] or "")
    if intent is None or intent["status"] != "processing":
        raise Refused("No bank debit is on its way.")
    charge = books.get(intent["latest_charge"])
    if paid:
        books.keep(charge | {"status": "succeeded", "paid": True})
        books.keep(intent | {"status": "succeeded", "amount_received": intent["amount"]})
        books.keep(session | {"payment_status": "paid"})
    else:
        error = {"code": "payment_method_provider_decline", "message": "The bank returned the debit: insufficient funds."}
        books.keep(charge | {"status": "failed", "failure_code": "insufficient_funds"})
        books.keep(intent | {"status": "requires_payment_method", "last_payment_error": error})
        emit(books, "payment_intent.payment_failed", books.get(intent["id"]))
    emit(books, f"checkout.session.async_payment_{'succeeded' if paid else 'failed'}", books.get(session["id"]))


def _checked(params: Body) -> Body:
    """The price of the one line; raises Refused with the parameter that is wrong, as Stripe does before it begins."""
    if unknown := sorted(set(params) - KNOWN):
        raise Refused(f"Received unknown parameter: {unknown[0]}", code="parameter_unknown", param=unknown[0])
    lines = list((params.get("line_items") or {}).values())
    if params.get("mode") != "payment" or len(lines) != 1 or not params.get("success_url"):
        raise Refused("The simulator wants mode=payment, one line of line_items and a success_url.", code="parameter_missing")
    price: Body = lines[0].get("price_data") or {}
    if not (price.get("product_data") or {}).get("name") or price["product_data"].get("description") == "":
        raise Refused("You passed an empty string for the product. We assume empty values are an attempt to unset a parameter.",
                      code="parameter_invalid_empty", param="line_items[0][price_data][product_data]")
    _check_amount(str(price.get("currency", "")).upper(), str(price.get("unit_amount", "")))
    left = int(params.get("expires_at") or epoch() + LONGEST) - epoch()
    if not SHORTEST <= left <= LONGEST:
        raise Refused("The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session creation.",
                      param="expires_at")
    if any(len(str(value)) > 500 for value in (params.get("metadata") or {}).values()):
        raise Refused("Metadata values can have up to 500 characters.", param="metadata")
    return price


def _check_amount(currency: str, amount: str) -> None:
    if not currency.isalpha() or len(currency) != 3 or not amount.isdigit() or int(amount) < 1:
        raise Refused(f"Invalid integer or currency: {amount} {currency}", code="parameter_invalid_integer",
                      param="line_items[0][price_data][unit_amount]")
    step = 10 if currency in TEN else 100 if currency in HUNDRED else 1
    if int(amount) % step:
        raise Refused(f"Invalid amount. {currency} amounts must be evenly divisible by {step}.",
                      code="invalid_charge_amount_no_decimal_compatible")


def _intent(books: Books, session: Body) -> Body:
    """The session's payment intent, made at the first attempt."""
    if session["status"] != "open":
        raise Refused("This Checkout Session is no longer open.")
    if session["payment_intent"]:
        return books.get(session["payment_intent"])
    data: dict[str, Any] = session["simulator"]["intent"]
    return books.keep({
        "id": new_id("pi"), "object": "payment_intent", "created": epoch(), "livemode": session["livemode"],
        "amount": session["amount_total"], "amount_received": 0, "currency": session["currency"], "status": "requires_payment_method",
        "latest_charge": None,
        "last_payment_error": None, "cancellation_reason": None, "metadata": data.get("metadata") or {},
        "description": data.get("description"), "client_secret": new_id("pi_secret"), "receipt_email": None})


def _charge(books: Books, intent: Body, status: str, failure: str | None = None) -> Body:
    return books.keep({
        "id": new_id("ch"), "object": "charge", "created": epoch(), "livemode": intent["livemode"], "amount": intent["amount"],
        "amount_refunded": 0, "refunded": False, "disputed": False, "paid": status == "succeeded", "status": status,
        "currency": intent["currency"], "payment_intent": intent["id"], "metadata": intent["metadata"], "failure_code": failure,
        "billing_details": BUYER, "payment_method_details": {"type": "card", "card": {"brand": "visa", "last4": "4242"}},
        "receipt_url": absolute_url(f"{PATH}/receipts/{intent['id']}")})


def _complete(books: Books, session: Body, intent: Body, payment_status: str) -> None:
    session |= {"status": "complete", "payment_status": payment_status, "payment_intent": intent["id"], "customer_details": BUYER,
                "url": None}
    books.keep(session)
