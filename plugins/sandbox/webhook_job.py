"""Webhooks of the sandbox: jobs that post to the site's own /webhooks/sandbox over HTTP, on loopback and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from pydantic import BaseModel, ConfigDict

from studium.core.clock import now
from studium.core.database import transaction
from studium.plugins.sandbox.service import Event
from studium.plugins.sandbox.settings import is_on
from studium.plugins.sandbox.signing import HEADER, sign, webhook_key
from studium.queue import jobs
from studium.queue.errors import JobError
from studium.queue.kinds import Discard, job_kind
from studium.queue.running import RunningJob
from studium.services.site import loopback_url
from studium.services.translation import N_

Manner = Literal["once", "duplicate", "reordered", "late", "lost"]
MANNERS: tuple[str, ...] = get_args(Manner)
COPIES, APART_SECONDS, WAIT_SECONDS = 3, 2, 10


class Webhook(BaseModel):
    """One delivery; of one event there may be several."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    event: str
    kind: str
    reference: str


def send(events: Sequence[Event], manner: str = "once", run_at: datetime | None = None) -> int:
    """Have webhooks sent in this manner; how many there will be."""
    start = run_at or now()
    with transaction():
        for event, at in [(event, at) for place, event in enumerate(events) for at in _times(manner, place, len(events), start)]:
            jobs.enqueue(sandbox_webhook, Webhook(event=event.id, kind=event.kind, reference=event.reference), run_at=at)
    return 0 if manner == "lost" else len(events)


def _times(manner: str, place: int, count: int, start: datetime) -> list[datetime]:
    """When an event's deliveries go out; `place` is its position among `count`, the oldest being 0."""
    if manner == "lost":
        return []
    if manner == "reordered":
        return [start + timedelta(seconds=APART_SECONDS * (count - 1 - place))]
    if manner == "late":
        return [start + timedelta(seconds=WAIT_SECONDS)]
    return [start] * (COPIES if manner == "duplicate" else 1)


@job_kind("sandbox_webhook", N_("Tell the site what happened in the sandbox"), params=Webhook, retries=6, backoff=2.0, timeout=60)
def sandbox_webhook(job: RunningJob, params: Webhook) -> dict[str, Any]:
    """Post it; any answer but 200 is tried again."""
    import requests  # 5 MB that a worker without a sandbox need not carry

    if not is_on():
        raise Discard("There is no sandbox here.")
    raw = json.dumps(Event(params.event, params.kind, params.reference).body()).encode()
    headers = {"content-type": "application/json", HEADER: sign(raw, webhook_key())}
    answer = requests.post(loopback_url("/webhooks/sandbox"), data=raw, headers=headers, timeout=10, allow_redirects=False)
    if answer.status_code != 200:
        raise JobError(f"The site answered {answer.status_code} to a webhook of the sandbox; it is sent again.")
    return {"status": 200}
