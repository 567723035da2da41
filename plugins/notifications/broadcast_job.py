"""The job that makes notices of an announcement, a small piece after the other."""

from __future__ import annotations

import time
from typing import Any

from pydantic import BaseModel, ConfigDict

from studium.plugins.notifications.broadcasts import KIND, tell_piece, told_so_far
from studium.queue.kinds import job_kind
from studium.queue.running import RunningJob
from studium.services.translation import N_

PAUSE = 0.1  # seconds between two pieces: who waits for the write lock looks for it that often, and would else hardly ever get it


class BroadcastParams(BaseModel):
    """Which announcement."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    broadcast_id: int


@job_kind(KIND, N_("Send an announcement"), params=BroadcastParams, retries=8)
def send_broadcast(job: RunningJob, params: BroadcastParams) -> dict[str, Any]:
    """Go on where the last run ended; answers how many people were told in all."""
    while tell_piece(params.broadcast_id):
        job.checkpoint()
        time.sleep(PAUSE)
    return {"told": told_so_far(params.broadcast_id)}
