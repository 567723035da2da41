"""`POST /webhooks/telegram`: takes an update and answers at once; what it asks for is done by a job."""

from __future__ import annotations

import hmac
from typing import Any

from flask import Blueprint, Response, json, request

from studium.core.csrf import csrf
from studium.core.errors import BadRequest, Forbidden, NotFound, Problem
from studium.plugins.telegram.bot_updates import take
from studium.services.telegram import SECRET_HEADER, bot_account, webhook_secret

LARGEST_BODY = 256 * 1024
blueprint = Blueprint("telegram_webhook", __name__)


@blueprint.post("/webhooks/telegram")
@csrf.exempt
def receive() -> Response:
    """200 once the update is stored, also when it was before; 403 without Telegram's secret. The answer never says more."""
    account = bot_account()
    if account is None:
        raise NotFound("There is no bot here.")
    if not hmac.compare_digest(request.headers.get(SECRET_HEADER, "").encode(), webhook_secret().encode()):
        raise Forbidden("The secret is missing or wrong. After a change of it run: studium telegram set-webhook")
    take(_read(), account.id)
    return Response(status=200)


def _read() -> dict[str, Any]:
    """The body as a JSON object; raises 413 when it is too large, 400 when it is none."""
    body = request.stream.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        raise Problem("An update is never so large.", status=413, code="too-large", title="The body is too large")
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadRequest("The body is no JSON object.")
    return found
