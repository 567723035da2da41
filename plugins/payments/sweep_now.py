"""A comparison with one provider that somebody asked for, whenever the last one was."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from studium.core.clock import now
from studium.plugins.payments.sweep import LOOKS_BACK, sweep
from studium.queue.kinds import Discard, job_kind
from studium.queue.running import RunningJob
from studium.services.provider_registry import UnknownProvider, find_provider
from studium.services.translation import N_


class SweepNow(BaseModel):
    """Which provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    provider: str


@job_kind("payments_sweep_now", N_("Compare payments with a provider"), params=SweepNow, retries=2, backoff=30.0)
def payments_sweep_now(job: RunningJob, params: SweepNow) -> dict[str, int]:
    """As each night; a provider that is down has it tried again."""
    try:
        return {"findings": len(sweep(find_provider(params.provider), now() - LOOKS_BACK, job.checkpoint))}
    except UnknownProvider as error:
        raise Discard(str(error)) from error
