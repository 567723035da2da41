"""Takes beats, many in one transaction: merge, store, complete; the answer is ready only when the transaction is committed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.facts import publish
from studium.plugins.progress import merge, store
from studium.plugins.progress.live import Change
from studium.plugins.progress.merge import Beat, Rule, Session
from studium.plugins.progress.tickets import REV_LENGTH, Ticket
from studium.services.courses.catalogue import LessonInfo, find_lesson_by_id
from studium.services.facts import LessonCompleted

LESSON_SECONDS = 10.0
MOST_SESSIONS = 2_000  # of one student in one lesson; reading them takes a few ms
MOST_INTERVALS = 10_000  # of all those sessions together, when one of them has more than FEW_INTERVALS
FEW_INTERVALS = 20  # a session of a person; only those that have more are counted
_lessons: dict[int, tuple[float, LessonInfo | None]] = {}


@dataclass(frozen=True, slots=True)
class Received:
    """A beat with its ticket, and when it came, in ms since the epoch."""

    ticket: Ticket
    beat: Beat
    received_at: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a beat is not taken, though it is well-formed: a code, and a sentence for the log of the browser."""

    code: str
    message: str


class Refused(Exception):
    """A beat of a list that is taken whole or not at all is refused; `index` tells which."""

    def __init__(self, index: int, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.index, self.refusal = index, refusal


GONE = Refusal("gone", "The lesson of this watch session no longer exists.")
FORGOTTEN = Refusal("gone", "The account of this watch session was deleted.")
TOO_MANY = Refusal("too-many", "There are too many separate parts or watch sessions of this lesson.")


def take(received: Sequence[Received], *, whole: bool = False) -> list[Change | Refusal]:
    """Merge the beats and commit; for each beat, in the given order, the new progress or why it is refused.

    Beats of one (user, lesson) share their answer. With `whole` the first refusal raises Refused and nothing is stored. Raises what the
    database raises; then nothing is stored either.
    """
    groups: dict[tuple[int, int], list[Received]] = {}
    for item in received:
        groups.setdefault((item.ticket.user_id, item.ticket.lesson_id), []).append(item)
    with transaction():
        refused: dict[int, Refusal] = {}
        forgotten = store.read_forgotten({user_id for user_id, _lesson_id in groups}) if groups else ()
        changes = {key: FORGOTTEN if key[0] in forgotten else _take_group(key, items, refused) for key, items in groups.items()}
        answers = [refused.get(id(item)) or changes[item.ticket.user_id, item.ticket.lesson_id] for item in received]
        for index, answer in enumerate(answers):
            if whole and isinstance(answer, Refusal):
                raise Refused(index, answer)
        written = [write for write in changes.values() if isinstance(write, _Write)]
        store.write_sessions([pair for write in written for pair in write.sessions])
        store.write_lessons([write.row for write in written])
        for write in written:
            _publish_completion(write.row)
    return [answer.change if isinstance(answer, _Write) else answer for answer in answers]


@dataclass(frozen=True, slots=True)
class _Write:
    sessions: list[tuple[Ticket, Session]]
    row: store.LessonWrite
    change: Change


def _take_group(key: tuple[int, int], items: list[Received], refused: dict[int, Refusal]) -> _Write | Refusal:
    user_id, lesson_id = key
    info = find_lesson(lesson_id)
    if info is None:
        return GONE
    sessions = store.read_sessions(user_id, lesson_id)
    touched: dict[str, Ticket] = {}
    for item in items:
        ticket = item.ticket
        session = sessions.get(ticket.key) or Session(ticket.key, ticket.asset_rev, ticket.started_at)
        merged = merge.apply(session, item.beat, item.received_at, info.duration_ms)
        if _fits(sessions, merged):
            sessions[ticket.key] = merged
            touched[ticket.key] = ticket
        else:
            refused[id(item)] = TOO_MANY
    if not touched:
        return TOO_MANY
    before = store.read_completed(user_id, lesson_id)
    lesson = merge.fold(sessions.values(), rule_of(info), before)
    completed_now = lesson.completed and not before
    row = store.LessonWrite(user_id, lesson_id, info.course_id, info.duration_ms, lesson, now() if completed_now else None)
    change = Change(user_id, info, lesson, completed_now, items[-1].ticket)
    return _Write([(ticket, sessions[ticket_key]) for ticket_key, ticket in touched.items()], row, change)


def _fits(sessions: dict[str, Session], merged: Session) -> bool:
    """Whether the student's sessions of the lesson stay small: every beat reads them all, holding the write lock."""
    if merged.key not in sessions and len(sessions) >= MOST_SESSIONS:
        return False
    if len(merged.segments) <= FEW_INTERVALS:
        return True
    return len(merged.segments) + sum(len(s.segments) for key, s in sessions.items() if key != merged.key) <= MOST_INTERVALS


def _publish_completion(row: store.LessonWrite) -> None:
    if row.completed_at is not None:
        payload = LessonCompleted(user_id=row.user_id, lesson_id=row.lesson_id, course_id=row.course_id, completed_at=row.completed_at)
        publish(payload, unique_key=f"{row.user_id}:{row.lesson_id}")


def rule_of(info: LessonInfo) -> Rule:
    """The rule by which this lesson's beats are merged; a lesson with a button is completed by that alone."""
    return Rule(info.duration_ms, info.threshold if info.rule == "watch" else None, info.asset_rev[:REV_LENGTH])


def find_lesson(lesson_id: int) -> LessonInfo | None:
    """The lesson's facts, remembered for a few seconds: they change with an import only."""
    at = time.monotonic()
    known = _lessons.get(lesson_id)
    if known is None or at - known[0] > LESSON_SECONDS:
        known = _lessons[lesson_id] = (at, find_lesson_by_id(lesson_id))
    return known[1]
