"""Webhooks of the simulated Stripe: signed, and brought to the site by jobs, in the manner that its dashboard was told."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.runtime import runtime
from studium.queue import jobs
from studium.queue.errors import JobError
from studium.queue.kinds import Discard, job_kind
from studium.queue.running import RunningJob
from studium.services.site import absolute_url, loopback_url
from studium.services.translation import N_
from studium.testing.simulators.stripe_account import webhook_secret
from studium.testing.simulators.stripe_store import Body, Books, books, epoch

HEADER = "Stripe-Signature"
ENABLED_EVENTS = (
    "checkout.session.completed", "checkout.session.async_payment_succeeded", "checkout.session.async_payment_failed",
    "checkout.session.expired", "payment_intent.payment_failed", "charge.refunded", "refund.created", "refund.updated", "refund.failed",
    "charge.dispute.created", "charge.dispute.updated", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated",
    "charge.dispute.closed", "radar.early_fraud_warning.created",
)
MANNERS: Mapping[str, str] = {"": "once, at once", "duplicate": "three times", "reordered": "in the wrong order", "late": "20 seconds late",
                              "lost": "never: they get lost"}
COPIES, APART_SECONDS, LATE_SECONDS = 3, 2, 20


class Webhook(BaseModel):
    """One delivery; of one event there may be several."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    event: str


def send(events: Sequence[Body]) -> None:
    """Have the events delivered that the endpoint is subscribed to."""
    wanted = [event for event in events if event["type"] in ENABLED_EVENTS]
    with books() as opened:
        manner = opened.switch("manner") or ""
    planned = [(event, at) for place, event in enumerate(wanted) for at in _times(manner, len(wanted) - 1 - place, now())]
    if planned:
        with transaction():
            for event, at in planned:
                jobs.enqueue(simulated_stripe_webhook, Webhook(event=event["id"]), run_at=at)


def _times(manner: str, later: int, start: datetime) -> list[datetime]:
    """When an event's deliveries go out; `later` events come after it."""
    if manner == "lost":
        return []
    if manner == "reordered":
        return [start + timedelta(seconds=APART_SECONDS * later)]
    if manner == "late":
        return [start + timedelta(seconds=LATE_SECONDS)]
    return [start] * (COPIES if manner == "duplicate" else 1)


@job_kind("simulated_stripe_webhook", N_("Bring a webhook of the simulated Stripe"), params=Webhook, retries=8, backoff=2.0, timeout=60)
def simulated_stripe_webhook(job: RunningJob, params: Webhook) -> dict[str, Any]:
    """Post it; any answer but 2xx is tried again."""
    import requests  # 5 MB that a worker without simulators need not carry

    with books() as opened:
        event = opened.find(params.event)
        address = opened.switch("endpoint") or loopback_url("/webhooks/stripe")
    if event is None or runtime().settings.core.env == "production":
        raise Discard("There is no such event of the simulated Stripe.")
    raw, headers = delivery(event)
    answer = requests.post(address, data=raw, headers=headers, timeout=10, allow_redirects=False)
    if not answer.ok:
        raise JobError(f"The site answered {answer.status_code} to a webhook of the simulated Stripe; it is sent again.")
    return {"status": answer.status_code}


def delivery(event: Body) -> tuple[bytes, dict[str, str]]:
    """Body and headers of an event as it goes out now; while the secret is being rolled, with the old one's signature first."""
    raw = json.dumps(event, indent=2).encode()
    with books() as opened:
        rolled = opened.switch("rolled_secret")
    at = epoch()
    signatures = [signature(raw, secret, at) for secret in ([rolled] if rolled else []) + [webhook_secret()]]
    header = f"t={at}," + ",".join(f"v1={one}" for one in signatures) + f",v0={'0' * 64}"  # v0 is what Stripe adds in test mode
    return raw, {HEADER: header, "Content-Type": "application/json; charset=utf-8", "User-Agent": "Stripe/1.0"}


def signature(raw: bytes, secret: str, at: int) -> str:
    """The signature of the scheme v1."""
    return hmac.new(secret.encode(), str(at).encode() + b"." + raw, hashlib.sha256).hexdigest()


def endpoint(opened: Books) -> Body:
    """The endpoint as the API shows it."""
    return {"id": "we_simulated", "object": "webhook_endpoint", "created": 1, "livemode": False, "status": "enabled", "api_version": None,
            "enabled_events": list(ENABLED_EVENTS), "url": opened.switch("endpoint") or absolute_url("/webhooks/stripe")}

