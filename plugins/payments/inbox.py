"""The inbox: verified webhooks, stored as they came, once for each event, each with a job to handle it; and the count of refused ones."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta

from flask import json

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.runtime import runtime
from studium.plugins.payments.entities import WebhookDelivery, WebhookRejection
from studium.queue import jobs
from studium.services.providers import REDACTED, Notice

SECRET_WORDS = ("auth", "cookie", "digest", "hmac", "key", "pass", "secret", "sign", "token")
LONGEST_HEADER = 500
GIVEN_UP, ITS_JOB_HAS_IT, PAUSE = timedelta(days=7), timedelta(minutes=10), timedelta(hours=1)
BLANK_AFTER, BLANK_AT_ONCE = timedelta(days=30), 1000
SEAL = "studium-seal"


def receive(provider: str, notices: Sequence[Notice], raw: bytes, headers: Mapping[str, str], remote_addr: str) -> list[int]:
    """Store what a verified delivery is about and ask for its handling, in one transaction; the numbers of its rows.

    An event that is there already is counted; one that failed before, or belonged to nothing, is handled again.
    """
    with transaction():
        return [_store(provider, notice, raw, headers, remote_addr) for notice in notices]


def count_rejection(provider: str, reason: str) -> None:
    """One more was refused today; nothing else of it is kept."""
    day = now().date().isoformat()
    with transaction():
        row = WebhookRejection.get(provider=provider, day=day, reason=reason[:20])
        row = row or WebhookRejection(provider=provider, day=day, reason=reason[:20])
        row.count += 1


def safe_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with lower-case names, without what may be a key, a signature or a cookie."""
    lowered = {name.lower(): value[:LONGEST_HEADER] for name, value in headers.items()}
    return {name: REDACTED if any(word in name for word in SECRET_WORDS) else value for name, value in lowered.items()}


def seal(provider: str, event_key: str, raw: bytes) -> str:
    """Our own signature over a verified body, by which it can be verified again when the sender's has long gone stale."""
    key = f"webhook-seal:{runtime().settings.secret}".encode()
    return hmac.new(key, b"\0".join((provider.encode(), event_key.encode(), raw)), hashlib.sha256).hexdigest()


def is_sealed(row: WebhookDelivery) -> bool | None:
    """Whether the stored body is still the one that was verified when it came; None when it was removed, with the payer's account."""
    if not row.raw:
        return None
    kept = str(json.loads(row.headers).get(SEAL, ""))
    return hmac.compare_digest(kept, seal(row.provider, row.event_key, row.raw.encode("latin-1")))


def _store(provider: str, notice: Notice, raw: bytes, headers: Mapping[str, str], remote_addr: str) -> int:
    row = WebhookDelivery.get(provider=provider, event_key=notice.event_key[:200])
    if row is None:
        kept = safe_headers(headers) | {SEAL: seal(provider, notice.event_key[:200], raw)}
        row = WebhookDelivery(
            provider=provider, event_key=notice.event_key[:200], kind=notice.kind.strip()[:100] or "unnamed",
            object_id=notice.object_id[:200], headers=json.dumps(kept), raw=raw.decode("latin-1"), remote_addr=remote_addr[:60],
            received_at=now(), state="new")
        row.flush()
        _handle_later(row.id)
        return int(row.id)
    row.deliveries += 1
    if row.state in ("failed", "ignored"):
        row.state = "new"
        _handle_later(row.id)
    return int(row.id)


def hand_over_again(limit: int) -> int:
    """Ask once more for the handling of what failed, or lost its job: each hour, for a week after it came. How many there were."""
    moment = now()
    old, young, tried = moment - GIVEN_UP, moment - ITS_JOB_HAS_IT, moment - PAUSE
    with transaction():
        waiting = WebhookDelivery.select(lambda row: row.state in ("new", "failed") and row.received_at > old and row.received_at < young)
        due = waiting.filter(lambda row: row.processed_at is None or row.processed_at < tried)
        rows = list(due.order_by(WebhookDelivery.id)[:limit])
        for row in rows:
            row.processed_at = moment
            _handle_later(row.id)
        return len(rows)


def blank_unhandled() -> int:
    """Empty what was never joined with a payment, or failed, after a month: no deleted account can be found in it. How many rows."""
    before = now() - BLANK_AFTER
    with transaction():
        rows = WebhookDelivery.select(lambda row: row.state in ("ignored", "failed") and row.received_at < before and row.headers != "{}")
        found = list(rows[:BLANK_AT_ONCE])
        for row in found:
            row.set(raw="", headers="{}", remote_addr="")
        return len(found)


def _handle_later(delivery_id: int) -> None:
    jobs.enqueue("payment_webhook", {"delivery_id": delivery_id}, unique_key=str(delivery_id))
