"""What one person holds of a course: their enrolments as plain values, read once a request, judged by the clock at each question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import has_request_context, request

from studium.core.clock import now
from studium.core.database import reading
from studium.plugins.payments.course_rules import CourseRules, revisions, rules_of_course, rules_of_lesson
from studium.plugins.payments.entities import Enrolment

REMEMBERED = "studium.payments.holdings"  # key of the request's environ


@dataclass(frozen=True)
class Held:
    """An enrolment that is not revoked; it runs until `expires_at` (naive UTC, None: for life). Fields as in `Enrolment`."""

    id: int
    tier_id: int
    tier_key: str
    rank: int
    payment_id: str | None
    base_id: int | None
    enrolled_at: datetime
    expires_at: datetime | None

    @property
    def runs(self) -> bool:
        """Whether it has not ended by now."""
        return self.expires_at is None or self.expires_at > now()


@dataclass(frozen=True)
class Holdings:
    """The enrolments of one person in one course, the highest tier first."""

    rules: CourseRules
    all: tuple[Held, ...]

    @property
    def running(self) -> tuple[Held, ...]:
        """Those that have not ended."""
        return tuple(held for held in self.all if held.runs)

    @property
    def best(self) -> Held | None:
        """The highest running tier."""
        return next(iter(self.running), None)

    @property
    def since(self) -> datetime | None:
        """Since when the person has been enrolled without a break, in whatever tiers; None without a running one."""
        began = min((held.enrolled_at for held in self.running), default=None)
        for held in sorted(self.all, key=lambda one: one.enrolled_at, reverse=True):
            if began is not None and held.enrolled_at < began and (held.expires_at is None or held.expires_at >= began):
                began = held.enrolled_at
        return began

    def chain(self, tops: Iterable[Held]) -> tuple[Held, ...]:
        """These enrolments with all that they stand on, ended ones included."""
        found, waiting = {}, list(tops)
        while waiting:
            held = waiting.pop()
            if held.id not in found:
                found[held.id] = held
                waiting += [base for base in self.all if base.id == held.base_id]
        return tuple(found.values())


def holdings_of(user_id: int, course_id: int) -> Holdings | None:
    """What the person holds of a course; None for an unknown course."""
    rules = rules_of_course(course_id, _revisions(_memory()))
    return _holdings(user_id, rules) if rules else None


def holdings_for_lesson(user_id: int, lesson_id: int) -> Holdings | None:
    """What the person holds of the lesson's course; None for an unknown one. Two queries for the first of a request, then none."""
    memory = _memory()
    key = ("lesson", lesson_id)
    if key not in memory:
        rules = rules_of_lesson(lesson_id, _revisions(memory))
        memory |= dict.fromkeys((("lesson", known) for known in rules.lessons), rules) if rules else {key: None}
    found: CourseRules | None = memory[key]
    return _holdings(user_id, found) if found else None


def _revisions(memory: dict[Any, Any]) -> dict[int, str] | None:
    """Of all courses, read once a request."""
    if not has_request_context():
        return None
    if "revisions" not in memory:
        memory["revisions"] = revisions()
    found: dict[int, str] = memory["revisions"]
    return found


def runs(row: Enrolment) -> bool:
    """Whether an enrolment is neither revoked nor over."""
    return row.revoked_at is None and (row.expires_at is None or row.expires_at > now())


def forget() -> None:
    """Have the next question of this request read again; whoever changes an enrolment says so."""
    _memory().clear()


def _holdings(user_id: int, rules: CourseRules) -> Holdings:
    memory, key, all_of = _memory(), ("held", user_id, rules.course_id), ("held", user_id)
    if key not in memory:
        if all_of not in memory:
            memory[all_of] = _read(user_id)
        held = [replace(one, rank=rules.rank_of(one.tier_id)) for one in memory[all_of].get(rules.course_id, ())]
        memory[key] = Holdings(rules, tuple(sorted(held, key=lambda one: (-one.rank, one.id))))
    found: Holdings = memory[key]
    return found


def _read(user_id: int) -> dict[int, list[Held]]:
    """All that the person holds, by course, without ranks: people have a few enrolments, and a page may ask for many courses."""
    found: dict[int, list[Held]] = {}
    with reading():
        for row in Enrolment.select(lambda row: row.user_id == user_id and row.revoked_at is None):
            found.setdefault(row.course_id, []).append(
                Held(row.id, row.tier_id, row.tier_key, 0, row.payment_id, row.base_id, row.enrolled_at, row.expires_at))
    return found


def _memory() -> dict[Any, Any]:
    """The request's own; outside of a request nothing is remembered."""
    if not has_request_context():
        return {}
    found: dict[Any, Any] = request.environ.setdefault(REMEMBERED, {})
    return found
