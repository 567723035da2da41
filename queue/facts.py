"""What the queue tells of as facts: jobs that ended, of kinds whose owners want to hear of it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from studium.core.facts import FactPayload, fact


@fact("job_finished", version=1)
class JobFinished(FactPayload):
    """A job of a person ended; stored once for each end, in the transaction of the end. Only of kinds that declare this state in `tells`.

    `title` is the kind's, in English, `download` the path of the file it made ("" for none), `reason` what the job itself said of its
    failure.
    """

    job_id: str
    kind: str
    title: str
    user_id: int
    state: Literal["succeeded", "failed"]
    download: str = ""
    reason: str = ""
    finished_at: datetime
