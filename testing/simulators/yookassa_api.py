"""The YooKassa API as far as Studium asks it: keys, idempotence, lists, errors, and faults to switch on.

See yookassa.ru/developers/using-api/interaction-format.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, request

from studium.core.csrf import csrf
from studium.core.production import development_only
from studium.services.limits import not_counted
from studium.testing.simulators.yookassa_account import PATH, SHOP_ID, secret_key
from studium.testing.simulators.yookassa_payments import Refused, create_payment, current_payment, shown
from studium.testing.simulators.yookassa_refunds import create_refund
from studium.testing.simulators.yookassa_store import Body, Books, books, new_id
from studium.testing.simulators.yookassa_webhooks import send

FAULTS: Mapping[str, str] = {
    "": "is well", "error": "answers 500 and does nothing", "garbage": "answers 502 with a page of HTML",
    "slow": "answers too late and does nothing", "lost-answer": "does it, and the answer is lost", "late-answer": "does it, and answers "
    "too late", "processing": "answers 202, not yet", "too-many": "answers 429", "refuse": "refuses payments and refunds",
}
SLOW_SECONDS = 12.0  # longer than a provider waits
blueprint = Blueprint("simulated_yookassa", __name__, url_prefix=PATH, template_folder="templates")
Answer = tuple[int, str]


@blueprint.route("/v3/<path:method>", methods=["GET", "POST"])
@csrf.exempt  # who calls the API is a server with a key
@not_counted
@development_only
def call(method: str) -> Response:
    """Any call of the API."""
    given = request.authorization
    if given is None or given.username != SHOP_ID or not hmac.compare_digest((given.password or "").encode(), secret_key().encode()):
        return _error(Refused("Error in shopId or secret key. Check their validity.", status=401, code="invalid_credentials"))
    is_post = request.method == "POST"
    with books() as opened:
        fault, seconds = opened.switch("fault") or "", opened.switch("slow_seconds") or SLOW_SECONDS
        if is_post:
            opened.note_call(method, request.headers.get("Idempotence-Key", ""))
    if (broken := _broken(fault, seconds)) is not None:
        return broken
    with books() as opened:
        status, body = _post(opened, method, fault) if is_post else _get(opened, method)
        told = opened.told
    send(told)
    if is_post and fault in ("lost-answer", "late-answer"):
        time.sleep(seconds if fault == "late-answer" else 0)
        return _html(504)
    return Response(body, status, mimetype="application/json")


def _broken(fault: str, seconds: float) -> Response | None:
    """The answer of a YooKassa that does nothing."""
    if fault == "slow":
        time.sleep(seconds)
    if fault in ("slow", "garbage"):
        return _html(502)
    if fault == "error":
        return _error(Refused("Internal server error.", status=500, code="internal_server_error"))
    if fault == "too-many":
        return _error(Refused("Too many requests.", status=429, code="too_many_requests"))
    if fault == "processing":
        return Response(json.dumps({"type": "processing", "description": "Request accepted, but not processed yet.", "retry_after": 1800}),
                        202, mimetype="application/json")
    return None


def _post(opened: Books, what: str, fault: str) -> Answer:
    """The answer to this call, or the one that its key got within 24 hours."""
    key = request.headers.get("Idempotence-Key", "")
    print_ = hashlib.sha256(request.path.encode() + b"\n" + request.get_data()).hexdigest()
    try:
        if not 0 < len(key) <= 64:
            raise Refused("Idempotence key is missing or too long.", "Idempotence-Key")
        if (before := opened.answered(key)) is not None:
            if before[0] != print_:
                raise Refused("Idempotence key duplicated", "Idempotence-Key")
            return 200, before[1]
        if fault == "refuse":
            raise Refused("The shop cannot take payments now.", status=403, code="forbidden")
        body = json.dumps(shown(_do(opened, what, _json())))
    except Refused as error:
        return error.status, json.dumps(error.error)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        return 400, json.dumps(Refused(f"The simulator cannot read the request ({error!r}).").error)
    opened.keep_answer(key, print_, body)
    return 200, body


def _do(opened: Books, what: str, asked: Body) -> Body:
    if what == "payments":
        return create_payment(opened, asked)
    if what == "refunds":
        return create_refund(opened, asked)
    raise Refused("There is no such method.", status=404, code="not_found")


def _json() -> Body:
    found = json.loads(request.get_data())
    if not isinstance(found, dict):
        raise ValueError("the body is no object")
    return found


def _get(opened: Books, what: str) -> Answer:
    kind, _slash, object_id = what.partition("/")
    if what == "me":
        return 200, json.dumps({"account_id": SHOP_ID, "test": True, "status": "enabled", "payment_methods": ["bank_card", "yoo_money"],
                                "fiscalization": {"enabled": bool(opened.switch("fiscal"))}})
    if what in ("payments", "refunds"):
        return 200, json.dumps(_page(opened.all(what.removesuffix("s")), request.args))
    found = current_payment(opened, object_id) if kind == "payments" else opened.find("refund", object_id) if kind == "refunds" else None
    if found is None:
        parameter = f"{kind.removesuffix('s')}_id"
        return 404, json.dumps(Refused("It doesn't exist, or the id is incorrect.", parameter, status=404, code="not_found").error)
    return 200, json.dumps(shown(found))


def _page(found: list[Body], args: Mapping[str, str]) -> dict[str, Any]:
    """A part of a list: `limit`, `cursor` (where the last one ended), and filters."""
    kept = [one for one in found if one["created_at"] >= args.get("created_at.gte", "")
            and one.get("captured_at", "") >= args.get("captured_at.gte", "")
            and args.get("payment_id", one.get("payment_id")) == one.get("payment_id")
            and args.get("status", one["status"]) == one["status"]]
    start, limit = int(args.get("cursor", 0)), min(100, max(1, int(args.get("limit", 10))))
    page: dict[str, Any] = {"type": "list", "items": [shown(one) for one in kept[start:start + limit]]}
    return page | ({"next_cursor": str(start + limit)} if len(kept) > start + limit else {})


def _error(error: Refused) -> Response:
    answer = Response(json.dumps(error.error), error.status, mimetype="application/json")
    answer.headers["Request-Id"] = new_id()
    return answer


def _html(status: int) -> Response:
    return Response("<html><body>Bad gateway</body></html>", status, mimetype="text/html")
