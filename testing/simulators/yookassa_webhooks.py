"""Notifications of the simulated YooKassa: brought to the site by jobs, in the manner that its page was told."""

from __future__ import annotations

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
from studium.services.site import loopback_url
from studium.services.translation import N_
from studium.testing.simulators.yookassa_store import Body, books

MANNERS: Mapping[str, str] = {"": "once, at once", "duplicate": "three times", "late": "20 seconds late",
                              "reordered": "payments 20 seconds late, refunds at once", "lost": "never: they get lost"}
COPIES, LATE = 3, timedelta(seconds=20)
OK = 200


class Notification(BaseModel):
    """One delivery; of one notification there may be several."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    notification: str


def send(told: Sequence[Body]) -> None:
    """Have these delivered."""
    if not told:
        return
    with books() as opened:
        manner = opened.switch("manner") or ""
    planned = [(one["id"], at) for one in told for at in _times(manner, one["body"]["event"], now())]
    with transaction():
        for notification, at in planned:
            jobs.enqueue(simulated_yookassa_webhook, Notification(notification=notification), run_at=at)


def _times(manner: str, event: str, start: datetime) -> list[datetime]:
    """When a notification's deliveries go out."""
    if manner == "lost":
        return []
    if manner == "late" or (manner == "reordered" and event.startswith("payment")):
        return [start + LATE]
    return [start] * (COPIES if manner == "duplicate" else 1)


@job_kind("simulated_yookassa_webhook", N_("Bring a webhook of the simulated YooKassa"), params=Notification, retries=8, backoff=2.0,
          timeout=60)
def simulated_yookassa_webhook(job: RunningJob, params: Notification) -> dict[str, Any]:
    """Post it; any answer but exactly 200 is tried again, as YooKassa does for a day."""
    import requests  # 5 MB that a worker without simulators need not carry

    with books() as opened:
        found = opened.find("notification", params.notification)
    if found is None or runtime().settings.core.env == "production":
        raise Discard("There is no such notification of the simulated YooKassa.")
    answer = requests.post(loopback_url("/webhooks/yookassa"), data=body_of(found), headers={"Content-Type": "application/json"},
                           timeout=10, allow_redirects=False)
    if answer.status_code != OK:
        raise JobError(f"The site answered {answer.status_code} to a webhook of the simulated YooKassa; it is sent again.")
    return {"status": OK}


def body_of(notification: Body) -> bytes:
    """The bytes that go out."""
    return json.dumps(notification["body"], ensure_ascii=False).encode()
