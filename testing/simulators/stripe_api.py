"""The Stripe API as far as Studium asks it (docs.stripe.com/api): keys, idempotency as Stripe has it, errors, and faults to switch on."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping

from flask import Blueprint, Response, request

from studium.core.csrf import csrf
from studium.core.production import development_only
from studium.services.limits import not_counted
from studium.testing.simulators.stripe_account import PATH, api_key
from studium.testing.simulators.stripe_answers import Refused, expanded, missing, nested, page
from studium.testing.simulators.stripe_money_back import create_refund
from studium.testing.simulators.stripe_sessions import create_session, current_session, expire
from studium.testing.simulators.stripe_store import Body, Books, books, new_id
from studium.testing.simulators.stripe_webhooks import endpoint, send

FAULTS: Mapping[str, str] = {
    "": "is well", "error": "answers 500 and does nothing", "error-kept": "answers 500, and again to each repetition of the same request",
    "garbage": "answers 502 with a page of HTML", "slow": "answers too late and does nothing",
    "lost-answer": "does it, and the answer is lost",
    "too-many": "answers 429", "refuse": "refuses payments and refunds",
}
SLOW_SECONDS = 12.0  # longer than a provider waits
ACCOUNT = "acct_simulated"
blueprint = Blueprint("simulated_stripe", __name__, url_prefix=PATH, template_folder="templates")
Answer = tuple[int, str, bool]  # status, body, whether it was given before to the same idempotency key


@blueprint.route("/v1/<path:method>", methods=["GET", "POST"])
@csrf.exempt  # who calls the API is a server with a key
@not_counted
@development_only
def call(method: str) -> Response:
    """Any call of the API."""
    given = request.headers.get("Authorization", "")
    if not hmac.compare_digest(given.encode(), f"Bearer {api_key()}".encode()):
        return _response(401, _error(Refused(f"Invalid API Key provided: {given[7:14]}****", status=401)))
    params = nested((request.form if request.method == "POST" else request.args).items(multi=True))
    with books() as opened:
        fault, seconds = opened.switch("fault") or "", opened.switch("slow_seconds") or SLOW_SECONDS
        if request.method == "POST":
            opened.note_call(method, request.headers.get("Idempotency-Key", ""))
    if (broken := _broken(fault, seconds)) is not None:
        return broken
    with books() as opened:
        status, body, again = _answer(opened, method, params, fault)
        told = opened.told
    send(told)
    if fault == "lost-answer":
        return _html(504)
    return _response(status, body, replayed=again)


def _broken(fault: str, seconds: float) -> Response | None:
    """The answer of a Stripe that does nothing."""
    if fault == "slow":
        time.sleep(seconds)
    if fault in ("slow", "garbage"):
        return _html(502)
    if fault == "error":
        return _response(500, _error(Refused("An unknown error occurred.", kind="api_error")))
    if fault == "too-many":
        return _response(429, _error(Refused("Too many requests.", code="rate_limit")))
    return None


def _answer(opened: Books, what: str, params: Body, fault: str) -> Answer:
    """The answer to this call, or the one that its idempotency key got first, status and body, be it a 500.

    What was wrong with parameters is not kept (docs.stripe.com/api/idempotent_requests).
    """
    key = request.headers.get("Idempotency-Key", "") if request.method == "POST" else ""
    print_ = hashlib.sha256(json.dumps([what, params], sort_keys=True).encode()).hexdigest()
    if key and (before := opened.answered(key)) is not None:
        if before[0] == print_:
            return before[1], before[2], True
        return 400, _error(Refused("Keys for idempotent requests can only be used with the same parameters they were first used with. Try "
                                   f"using a key other than '{key}' if you meant to execute a different request.",
                                   kind="idempotency_error")), False
    try:
        status, body, keeps = 200, _do(opened, what, params, fault), True
    except Refused as error:
        status, body, keeps = error.status, _error(error), error.begun
    if key and keeps:
        opened.keep_answer(key, print_, status, body)
    return status, body, False


def _do(opened: Books, what: str, params: Body, fault: str) -> str:
    if fault == "error-kept" and request.method == "POST":
        raise Refused("An unknown error occurred.", status=500, kind="api_error", begun=True)
    if fault == "refuse" and request.method == "POST":
        raise Refused("Your account cannot currently make live charges.", status=402, kind="card_error", code="account_restricted",
                      begun=True)
    try:
        found = _post(opened, what, params) if request.method == "POST" else _get(opened, what, params)
        return json.dumps(expanded(opened, found, params))
    except (ValueError, TypeError, AttributeError) as error:
        raise Refused(f"The simulator cannot read the parameters ({error}).", code="parameter_invalid") from error


def _post(opened: Books, what: str, params: Body) -> Body:
    if what == "checkout/sessions":
        return create_session(opened, params)
    if what == "refunds":
        return create_refund(opened, params)
    kind, _slash, rest = what.rpartition("checkout/sessions/")
    session = current_session(opened, rest.removesuffix("/expire"))
    if kind or not rest.endswith("/expire") or session is None:
        raise _unrecognized(what)
    return expire(opened, session)


def _get(opened: Books, what: str, params: Body) -> Body:
    if what in SINGLE:
        return SINGLE[what]()
    if what in LISTS:
        return page(LISTS[what](opened, params), params, f"/v1/{what}")
    folder, _slash, object_id = what.rpartition("/")
    if folder not in KINDS:
        raise _unrecognized(what)
    found = current_session(opened, object_id) if folder == "checkout/sessions" else opened.find(object_id)
    if found is None or found["object"] != KINDS[folder]:
        raise missing(KINDS[folder], object_id)
    return found


def _filtered(kind: str, *fields: str) -> Callable[[Books, Body], list[Body]]:
    return lambda opened, params: opened.all(kind, **{name: params[name] for name in fields if name in params})


def _events(opened: Books, params: Body) -> list[Body]:
    types = set((params.get("types") or {}).values())
    return [event for event in opened.all("event") if not types or event["type"] in types]


KINDS = {"checkout/sessions": "checkout.session", "payment_intents": "payment_intent", "charges": "charge", "refunds": "refund",
         "disputes": "dispute", "events": "event"}
LISTS: dict[str, Callable[[Books, Body], list[Body]]] = {
    "checkout/sessions": _filtered("checkout.session", "payment_intent"), "refunds": _filtered("refund", "payment_intent", "charge"),
    "disputes": _filtered("dispute", "payment_intent", "charge"), "charges": _filtered("charge", "payment_intent"), "events": _events,
    "webhook_endpoints": lambda opened, _params: [endpoint(opened)],
}
SINGLE: dict[str, Callable[[], Body]] = {
    "balance": lambda: {"object": "balance", "available": [], "pending": [], "livemode": False},
    "account": lambda: {"id": ACCOUNT, "object": "account", "charges_enabled": True, "payouts_enabled": False, "country": "US"},
}


def _unrecognized(what: str) -> Refused:
    return Refused(f"Unrecognized request URL ({request.method}: /v1/{what[:100]}).", status=404)


def _error(error: Refused) -> str:
    return json.dumps({"error": error.error})


def _response(status: int, body: str, *, replayed: bool = False) -> Response:
    answer = Response(body, status, mimetype="application/json")
    answer.headers["Request-Id"] = new_id("req")
    if replayed:
        answer.headers["Idempotent-Replayed"] = "true"
    return answer


def _html(status: int) -> Response:
    return Response("<html><body>Bad gateway</body></html>", status, mimetype="text/html")

