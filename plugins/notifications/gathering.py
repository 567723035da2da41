"""The job that gathers what waits for a digest or for the end of quiet hours into one bundle, once: no network, one transaction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from studium.core.clock import now
from studium.core.database import transaction
from studium.plugins.notifications.delivering import carry_later
from studium.plugins.notifications.entities import GATHERED, WAITING, Bundle, Delivery
from studium.queue import jobs
from studium.queue.kinds import job_kind
from studium.queue.running import RunningJob
from studium.services.translation import N_

DEFERRED = ("daily", "quiet")


class GatherParams(BaseModel):
    """Whose notices, for which channel, due until when (naive UTC)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    user_id: int
    channel: str
    due_at: datetime


# Behind all else of its queue: at six in the evening there is one for everybody who is in no hurry.
@job_kind("notification_gather", N_("Gather notices into one message"), params=GatherParams, retries=12, queue="realtime", priority=-10)
def gather(_job: RunningJob, params: GatherParams) -> dict[str, Any]:
    """Put all that is due into a bundle and ask for the job that carries it. A second run finds nothing: the rows and the job of the
    bundle are stored together.
    """
    with transaction():
        due = max(params.due_at, now())  # started by hand, it takes what it was made for; made late, also what came due since
        rows = list(Delivery.select(lambda row: row.user_id == params.user_id and row.channel == params.channel and row.state == WAITING
                                    and row.mode in DEFERRED and row.due_at <= due))
        if not rows:
            return {"notices": 0}
        kind = "daily" if any(row.mode == "daily" for row in rows) else "quiet"
        bundle = Bundle(user_id=params.user_id, channel=params.channel, kind=kind, state=WAITING, created_at=now())
        bundle.flush()
        bundle.job_id = carry_later(Bundle, bundle.id)
        for row in rows:
            row.set(state=GATHERED, bundle_id=bundle.id, job_id="")
    return {"notices": len(rows), "bundle": bundle.id}


def gather_at(user_id: int, channel: str, due_at: datetime) -> str:
    """Ask, in the open transaction, for one gathering of this person, channel and moment, however often; the job's id."""
    found = jobs.enqueue(
        gather, {"user_id": user_id, "channel": channel, "due_at": due_at.isoformat()}, run_at=due_at,
        unique_key=f"{user_id}:{channel}:{due_at.isoformat()}")
    return str(found.id)
