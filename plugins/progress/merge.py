"""The merge rule of progress: pure functions from beats to a session, and from sessions to a lesson. Order and repetition change nothing.

Source of each rule: architecture.md section 8; why each is safe stands beside it there.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from studium.plugins.progress.intervals import Intervals, clip, gaps, measure, union

FASTEST_RATE_TENTHS = 25  # the fastest speed that the player offers, 2.5
CREDIT_GRACE_MS = 10_000
TAIL_MS = 2_000
IDLE_BEFORE_REWIND_MS = 600_000
REWIND_MS = 3_000
END_MS = 10_000


@dataclass(frozen=True, slots=True)
class Beat:
    """What a player reports: `segments`, `position` in ms of media time; `age`, `played`, `hidden` in ms of wall time; `seq` rises."""

    seq: int
    segments: tuple[tuple[int, int], ...]
    position: int
    state: str
    age: int
    played: int
    hidden: int


@dataclass(frozen=True, slots=True)
class Session:
    """One watch session as the server knows it; `started_at`, `received_at`, `event_at` in ms since the epoch."""

    key: str
    asset_rev: str
    started_at: int
    received_at: int = 0
    segments: Intervals = field(default_factory=list)
    played: int = 0
    hidden: int = 0
    seq: int = -1
    position: int = 0
    event_at: int = 0

    @property
    def credited(self) -> bool:
        """Whether so much can have been watched since the start at the fastest speed; if not, it counts later, when time allows."""
        allowed = FASTEST_RATE_TENTHS * max(0, self.received_at - self.started_at) // 10 + CREDIT_GRACE_MS
        return measure(self.segments) <= allowed


@dataclass(frozen=True, slots=True)
class Rule:
    """What the server says of the lesson: duration in ms, threshold in percent (None: no watching completes it), and which video it is."""

    duration: int
    threshold: int | None
    asset_rev: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson's progress, folded from its sessions."""

    segments: Intervals
    covered: int
    missing: Intervals
    position: int
    played: int
    last_event_at: int
    completed: bool


def apply(session: Session, beat: Beat, received_at: int, duration: int) -> Session:
    """The session with one more beat in it."""
    latest = beat.seq > session.seq
    longest = max(0, received_at - session.started_at) + CREDIT_GRACE_MS  # nobody has played for longer than the session is old
    event_at = min(max(received_at - beat.age, session.started_at), received_at)
    at_end = beat.state == "ended"
    return replace(
        session,
        received_at=max(session.received_at, received_at),
        segments=union(session.segments, clip(beat.segments, 0, duration)),
        played=max(session.played, min(beat.played, longest)),
        hidden=max(session.hidden, min(beat.hidden, longest)),
        seq=beat.seq if latest else session.seq,
        position=(0 if at_end else min(max(beat.position, 0), duration)) if latest else session.position,
        event_at=event_at if latest else session.event_at,
    )


def fold(sessions: Iterable[Session], rule: Rule, completed: bool) -> Lesson:
    """The lesson's progress; `completed` is what it was, and never goes back.

    Only sessions of the present video count towards coverage; an impossible one is left out until time makes it possible.
    """
    known = list(sessions)
    counted = [session for session in known if session.asset_rev == rule.asset_rev and session.credited]
    segments = union(*(session.segments for session in counted))
    covered = measure(segments)
    last = max((session for session in known if session.seq >= 0), key=lambda session: (session.event_at, session.key), default=None)
    return Lesson(
        segments=segments,
        covered=covered,
        missing=gaps(segments, rule.duration),
        position=last.position if last else 0,
        played=sum(session.played for session in known),
        last_event_at=last.event_at if last else 0,
        completed=completed or is_complete(covered, rule),
    )


def is_complete(covered: int, rule: Rule) -> bool:
    """Whether enough unique milliseconds are watched; the last 2 s (or a fiftieth) need not be, since players stop short of the end."""
    if rule.threshold is None:
        return False
    tail = min(TAIL_MS, rule.duration // 50)
    return rule.duration > 0 and covered * 100 >= rule.threshold * (rule.duration - tail)


def resume_at(position: int, idle_ms: int, duration: int) -> int:
    """Where to go on, in ms: a little before, after a pause of 10 minutes; at the start, when the end was near."""
    if position > duration - max(END_MS, duration * 3 // 100):
        return 0
    return max(0, position - REWIND_MS) if idle_ms > IDLE_BEFORE_REWIND_MS else position
