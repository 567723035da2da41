"""Announcements of the owner: each is written down once with the job that makes notices of it, and the job can be asked for again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pony.orm import desc, select

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.plugins.notifications.audience import ids_after
from studium.plugins.notifications.entities import Broadcast
from studium.plugins.notifications.events import ANNOUNCEMENT
from studium.queue import jobs
from studium.queue.asking import active_key
from studium.services.notifications import NewNotice, give_notice
from studium.services.notifications.values import Title

KIND = "broadcast"  # of job
SENDING, SENT = "sending", "sent"
PIECE = 25  # people in one transaction: others who write wait for so many, some 30 ms


@dataclass(frozen=True)
class Announcement:
    """What is to be said: words by language, the first being for readers of other languages; `course_id` None goes to everybody."""

    titles: Mapping[str, str]
    texts: Mapping[str, str]
    path: str
    course_id: int | None


@dataclass(frozen=True)
class BroadcastView:
    """An announcement as its list shows it; `told` is how many people have it so far. `stopped`: it is not finished and no job is at it."""

    id: int
    title: Title
    text: Title
    path: str
    course_id: int | None
    by_user_id: int | None
    told: int
    created_at: datetime
    finished_at: datetime | None
    stopped: bool


def send_once(said: Announcement, by_user_id: int, form_id: str) -> bool:
    """Write it down and ask for the job that sends it; False for a form that was sent before."""
    with transaction():
        if Broadcast.get(form_id=form_id) is not None:
            return False
        row = Broadcast(titles=_words(said.titles), texts=_words(said.texts), path=said.path, course_id=said.course_id,
                        by_user_id=by_user_id, form_id=form_id, state=SENDING, reached=0, told=0, created_at=now())
        row.flush()
        _ask_for_job(row.id)
        return True


def resume(broadcast_id: int) -> bool:
    """Go on with one whose job failed or was cancelled; one that is finished or under way stays as it is. False for an unknown one."""
    with transaction():
        row = Broadcast.get(id=broadcast_id)
        if row is not None and row.state == SENDING:
            _ask_for_job(row.id)
        return row is not None


def tell_piece(broadcast_id: int) -> bool:
    """Give the notice to the next people, and note in the same transaction how far that is: killed anywhere, none is left out and none is
    told twice. False when nobody is left to be told.
    """
    with transaction():
        row = Broadcast.get_for_update(id=broadcast_id)
        if row is None or row.state == SENT:
            return False
        user_ids = ids_after(row.course_id, row.reached, PIECE)
        if not user_ids:
            row.set(state=SENT, finished_at=now())
            return False
        values = {"title": _title(row.titles), "text": _title(row.texts)}
        told = sum(give_notice(NewNotice(user_id, ANNOUNCEMENT.code, f"broadcast:{row.id}", values, row.path)) for user_id in user_ids)
        row.set(reached=user_ids[-1], told=row.told + told)
        return True


def told_so_far(broadcast_id: int) -> int:
    """How many people have it."""
    with reading():
        row = Broadcast.get(id=broadcast_id)
        return row.told if row is not None else 0


def newest(before: int | None, limit: int) -> list[BroadcastView]:
    """The announcements with a lower id than `before`, the newest first."""
    with reading():
        found = Broadcast.select() if before is None else Broadcast.select(lambda row: row.id < before)
        rows = found.order_by(lambda row: desc(row.id))[:limit]
        keys = [_key(row.id) for row in rows if row.state == SENDING]
        active = set(select(job.active_key for job in jobs.Job if job.active_key in keys))  # type: ignore[attr-defined]
        return [_view(row, stopped=row.state == SENDING and _key(row.id) not in active) for row in rows]


def _ask_for_job(broadcast_id: int) -> None:
    jobs.enqueue(KIND, {"broadcast_id": broadcast_id}, unique_key=str(broadcast_id))


def _key(broadcast_id: int) -> str | None:
    """What the job of an announcement holds while it is active."""
    return active_key(KIND, str(broadcast_id))


def _view(row: Broadcast, stopped: bool) -> BroadcastView:
    return BroadcastView(row.id, _title(row.titles), _title(row.texts), row.path, row.course_id, row.by_user_id, row.told, row.created_at,
                         row.finished_at, stopped)


def _words(by_language: Mapping[str, str]) -> str:
    return json.dumps(dict(by_language), ensure_ascii=False)


def _title(words: str) -> Title:
    return Title(json.loads(words))
