"""Forgets people without an account, be it deleted or never made: what the bot heard from them and said to them, their chats and their
sign-ins.

A deleted account is known by its id alone, and here people are known by their Telegram id, so whoever has no account is looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.runtime import runtime
from studium.plugins.telegram.bot_messages import telegram_message
from studium.plugins.telegram.bot_updates import telegram_update
from studium.plugins.telegram.challenges import OPEN
from studium.plugins.telegram.chats import find_telegram_ids
from studium.plugins.telegram.entities import TelegramChallenge, TelegramChat
from studium.plugins.telegram.wrong_answers import COUNTED_FOR
from studium.queue import jobs
from studium.queue.entities import CANCELLED, FAILED, SUCCEEDED
from studium.queue.errors import NotDiscardable, UnknownJob
from studium.queue.job_filter import JobFilter
from studium.queue.job_view import JobView
from studium.queue.search import search

ENDED = (SUCCEEDED, FAILED, CANCELLED)
BATCH = 100
PEOPLE_AT_ONCE = 500


def forget_strangers(ended_before: datetime) -> dict[str, int]:
    """Remove what ended before then (naive UTC) of people without an account; how many of each. Safe to repeat.

    What has not ended is left alone: somebody may be signing in for the first time.
    """
    is_stranger = lru_cache(maxsize=None)(_is_stranger)
    return {"jobs": sum(_discard(job) for job in _jobs_ended(ended_before) if is_stranger(_person_of(job))),
            "challenges": _forget_challenges(ended_before), "chats": _forget_chats(ended_before)}


def _is_stranger(telegram_id: int) -> bool:
    return runtime().hooks.find_user_id(telegram_id=telegram_id) is None


def _jobs_ended(before: datetime) -> Iterator[JobView]:
    """The bot's jobs that ended before then, a page at a time."""
    for kind in (telegram_update.name, telegram_message.name):
        page = search(JobFilter(states=ENDED, kind=kind), limit=BATCH)
        while True:
            yield from (job for job in page.jobs if job.finished_at is not None and job.finished_at <= before)
            if page.next is None:
                break
            page = search(JobFilter(states=ENDED, kind=kind), page.next, BATCH)


def _person_of(job: JobView) -> int:
    """The Telegram id in the job's params."""
    found: Any = job.params["chat_id"] if job.kind == telegram_message.name else job.params["update"]["sender"]["id"]
    return int(found)


def _discard(job: JobView) -> bool:
    try:
        jobs.discard(job.id, by="nobody with an account")
    except (UnknownJob, NotDiscardable):
        return False  # removed or tried again meanwhile
    return True


def _forget_challenges(ended_before: datetime) -> int:
    """A wrong answer of the last day keeps counting, without a name."""
    with reading():
        ended = TelegramChallenge.select(lambda row: row.telegram_id is not None and row.created_at <= ended_before)
        ids = [row.id for row in ended if row.ended_at <= ended_before and _is_stranger(row.telegram_id)]
    with transaction():
        for row in TelegramChallenge.select(lambda row: row.id in ids):
            if row.wrong_at is not None and row.wrong_at > now() - COUNTED_FOR:
                row.set(first_name="", last_name="", username="")
            else:
                row.delete()
    return len(ids)


def _forget_chats(opened_before: datetime) -> int:
    """Of each bot that there was; not of somebody who is signing in."""
    known = _all_telegram_ids()
    with reading():
        opened = TelegramChat.select(lambda row: row.opened_at <= opened_before)
        ids = [row.telegram_id for row in opened if row.telegram_id not in known and _is_stranger(row.telegram_id)]
    return sum(_forget_chats_of(ids[begin : begin + PEOPLE_AT_ONCE]) for begin in range(0, len(ids), PEOPLE_AT_ONCE))


def _forget_chats_of(telegram_ids: list[int]) -> int:
    with transaction():
        waiting = {row.telegram_id for row in TelegramChallenge.select(lambda row: row.telegram_id in telegram_ids) if row.state in OPEN}
        gone = [row for row in TelegramChat.select(lambda row: row.telegram_id in telegram_ids) if row.telegram_id not in waiting]
        for row in gone:
            row.delete()
    return len(gone)


def _all_telegram_ids() -> set[int]:
    """Of everybody with an account, in pieces, so that most chats need no question of their own."""
    found: set[int] = set()
    after = 0
    while ids := runtime().hooks.find_user_ids(after=after, limit=PEOPLE_AT_ONCE):
        found.update(find_telegram_ids(ids).values())
        after = ids[-1]
    return found
