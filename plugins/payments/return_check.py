"""Asks the provider while the buyer looks at the page of an open payment; a job does it, so that no page waits for anybody."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from studium.core.database import transaction
from studium.plugins.payments.beginning import resume
from studium.plugins.payments.settling import look
from studium.queue import jobs
from studium.queue.kinds import Discard, job_kind
from studium.queue.running import RunningJob
from studium.services.cache import cache
from studium.services.provider_registry import UnknownProvider
from studium.services.providers import ProviderDown
from studium.services.translation import N_

PAUSE = 4.0  # seconds between two questions about one payment, however often its page is opened
CAUSE = "return page"


class ReturnCheck(BaseModel):
    """The payment whose page is open."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    payment_id: str


@job_kind("payment_check", N_("Ask after a payment"), params=ReturnCheck, retries=0, timeout=60, queue="realtime", priority=5)
def payment_check(_job: RunningJob, params: ReturnCheck) -> dict[str, str]:
    """Once; when the provider is down, reconcile goes on. What has changed, the page hears by itself."""
    try:
        if resume(params.payment_id, CAUSE):
            return {"outcome": "begun"}
        return {"outcome": look(params.payment_id, CAUSE).rule}
    except ProviderDown as error:
        return {"outcome": f"down: {error}"}
    except UnknownProvider as error:
        raise Discard(str(error)) from error


def ask_after(payment_id: str) -> None:
    """Have the provider asked soon, unless it was a moment ago."""
    if (cache().increment(f"payment-check:{payment_id}", ttl=PAUSE) or 1) > 1:
        return
    with transaction():
        jobs.enqueue(payment_check, ReturnCheck(payment_id=payment_id), unique_key=payment_id)
