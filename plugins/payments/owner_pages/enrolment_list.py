"""/owner/enrolments: who may watch what, by person and course, the newest first; and the ways to give and to take back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import render_template, request
from pony.orm import desc

from studium.core.clock import now
from studium.core.database import reading
from studium.plugins.payments.entities import Enrolment
from studium.plugins.payments.holdings import runs
from studium.plugins.payments.key_pages import number_of
from studium.services.courses.catalogue import CourseInfo, find_courses, find_courses_by_id
from studium.services.languages import language
from studium.services.people import Person, find_people, find_people_called

PAGE = 50
MOST_PEOPLE = 200
STATES = ("running", "ended")


@dataclass(frozen=True)
class EnrolmentRow:
    """An enrolment with names; `person` is None when the account is gone. Moments are naive UTC."""

    id: int
    person: Person | None
    user_id: int
    course: str
    tier: str
    source: str
    payment_id: str | None
    reason: str
    granted_by: str
    runs: bool
    enrolled_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_reason: str
    revoked_by: str


def show() -> str:
    """GET /owner/enrolments?q=&course=&state=&before=; what is no choice lets everything through."""
    asked = {name: request.args.get(name, "").strip()[:200] for name in ("q", "course", "state")}
    before = number_of(request.args.get("before", ""))
    rows = find_enrolments(asked, before, PAGE + 1)
    return render_template(
        "payments/owner/enrolments.html", asked=asked, rows=rows[:PAGE], first=before is None, courses=find_courses(language()),
        older=rows[PAGE - 1].id if len(rows) > PAGE else None, states=STATES)


def find_enrolments(asked: dict[str, str], before: int | None, limit: int) -> list[EnrolmentRow]:
    """At most `limit` enrolments below that id, the newest first."""
    with reading():
        found = _matching(asked)
        if before is not None:
            found = found.filter(lambda row: row.id < before)
        return rows_of(found.order_by(desc(Enrolment.id))[:limit])


def rows_of(rows: list[Enrolment]) -> list[EnrolmentRow]:
    """The rows as values; needs reading()."""
    people = find_people({row.user_id for row in rows})
    courses = find_courses_by_id({row.course_id for row in rows}, language())
    made = []
    for row in rows:
        course, tiers = _titles(row.course_id, courses.get(row.course_id))
        made.append(EnrolmentRow(
            row.id, people.get(row.user_id), row.user_id, course, tiers.get(row.tier_id, row.tier_key), row.source, row.payment_id,
            row.reason, row.granted_by, runs(row), row.enrolled_at, row.expires_at, row.revoked_at, row.revoked_reason, row.revoked_by))
    return made


def _matching(asked: dict[str, str]) -> Any:
    found, moment, text = Enrolment.select(), now(), asked["q"]
    if asked["course"].isascii() and asked["course"].isdigit():
        course_id = int(asked["course"][:9])
        found = found.filter(lambda row: row.course_id == course_id)
    if asked["state"] == "running":
        found = found.filter(lambda row: row.revoked_at is None and (row.expires_at is None or row.expires_at > moment))
    elif asked["state"] == "ended":
        found = found.filter(lambda row: row.revoked_at is not None or row.expires_at <= moment)
    if text:
        people = [person.id for person in find_people_called(text, MOST_PEOPLE)]
        people += [int(text)] if text.isascii() and text.isdigit() and len(text) < 10 else []
        found = found.filter(lambda row: row.user_id in people)
    return found


def _titles(course_id: int, course: CourseInfo | None) -> tuple[str, dict[int, str]]:
    """The title of a course and of its tiers by id; the number of a course that is not there."""
    return (course.title, {tier.id: tier.title for tier in course.tiers}) if course else (f"#{course_id}", {})
