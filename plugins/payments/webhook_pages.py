"""`POST /webhooks/<provider>`: verifies a delivery, stores it, and answers exactly 200 once that is committed; a job does the rest.

Who is refused learns nothing of why (OWASP, Webhook Security Guidelines): the reason is counted, and logged by its one word.
"""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, request

from studium.core.csrf import csrf
from studium.core.errors import BadRequest, NotFound, Problem
from studium.core.logs import get_logger
from studium.plugins.payments.inbox import count_rejection, receive
from studium.services.provider_registry import UnknownProvider, find_provider
from studium.services.providers import InvalidWebhook, Notice, PaymentProvider

LARGEST_BODY = 256 * 1024
log = get_logger(__name__)
blueprint = Blueprint("payment_webhooks", __name__)


@blueprint.post("/webhooks/<provider>")
@csrf.exempt
def receive_webhook(provider: str) -> Response:
    """200 once stored, also when it was before or is of no interest; 400 when it is not authentic, 404 for an unknown provider."""
    try:
        found = find_provider(provider)
    except UnknownProvider:
        raise NotFound("There is nothing here.") from None
    raw = _body(provider)
    headers = {name.lower(): value for name, value in request.headers.items()}
    address = request.remote_addr or ""
    receive(provider, _read(found, raw, headers, address), raw, headers, address)
    return Response(status=200)


def _body(provider: str) -> bytes:
    """The bytes as they came; raises 413 when they are too many."""
    body = request.stream.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        count_rejection(provider, "too-large")
        raise Problem("A webhook is never so large.", status=413, code="too-large", title="The body is too large")
    return bytes(body)


def _read(provider: PaymentProvider, raw: bytes, headers: dict[str, str], address: str) -> Sequence[Notice]:
    try:
        return [_checked(notice) for notice in provider.read_webhook(raw, headers, address)]
    except InvalidWebhook as error:
        reason: str = error.reason
    except Exception:  # a provider that stumbles over odd input must not make a 5xx of it, which senders repeat for days
        log.exception("webhook_not_read", provider=provider.meta.code)
        reason = "malformed"
    count_rejection(provider.meta.code, reason)
    log.warning("webhook_rejected", provider=provider.meta.code, reason=reason)
    raise BadRequest("The delivery was not accepted.")


def _checked(notice: Notice) -> Notice:
    if not notice.event_key.strip() or not notice.object_id.strip():
        raise InvalidWebhook("The event has no key or no object.", "malformed")
    return notice
