"""Removes challenges and updates that are long over."""

from __future__ import annotations

from studium.plugins.telegram import bot_updates, challenges
from studium.queue.kinds import job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob
from studium.services.translation import N_

HOURLY = PeriodicTask("trim_telegram", N_("Remove ended Telegram sign-ins"), "trim_telegram", cron="41 * * * *")


@job_kind("trim_telegram", "Remove ended Telegram sign-ins")
def trim_telegram(job: RunningJob, _params: object) -> dict[str, int]:
    """How many of each went."""
    return {"challenges": challenges.trim(), "updates": bot_updates.trim()}
