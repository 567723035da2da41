"""Removes challenges and updates that are long over, and what the bot heard from people without an account."""

from __future__ import annotations

from datetime import timedelta

from studium.core.clock import now
from studium.plugins.telegram import bot_updates, challenges
from studium.plugins.telegram.forgetting import forget_strangers
from studium.queue.kinds import job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob
from studium.services.translation import N_

STRANGERS_KEPT_FOR = timedelta(days=1)  # so that it can be seen why somebody's first sign-in did not work
HOURLY = PeriodicTask("trim_telegram", N_("Remove ended Telegram sign-ins"), "trim_telegram", cron="41 * * * *")


@job_kind("trim_telegram", "Remove ended Telegram sign-ins")
def trim_telegram(job: RunningJob, _params: object) -> dict[str, int]:
    """How many of each went."""
    removed = {"challenges": challenges.trim(), "updates": bot_updates.trim()}
    return removed | {"jobs": forget_strangers(now() - STRANGERS_KEPT_FOR)["jobs"]}
