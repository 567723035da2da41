"""Whether a lesson is open to the caller now: what an open page asks when it hears that something has changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response

from studium.core.api import data
from studium.core.clock import now
from studium.core.errors import NotFound
from studium.core.operations import operation
from studium.services.access import may_watch
from studium.services.courses.catalogue import LessonInfo, find_lesson
from studium.services.sales import find_course_access
from studium.services.users import SignedInUser, current_user

from .schemas import LessonAccessShape


@operation(LessonAccessShape, signed_in=False)
def show(course: str, lesson: str) -> Response:
    """Whether the caller may watch a lesson now, and for how long; 404 when there is none. `ends_in` is None when no end is known."""
    page = find_lesson(course, lesson, "en")
    if page is None:
        raise NotFound("There is no such lesson.")
    user = current_user()
    return data(LessonAccessShape(open=may_watch(user, page.lesson), ends_in=ends_in(user, page.lesson)))


def ends_in(user: SignedInUser | None, lesson: LessonInfo) -> int | None:
    """Milliseconds until the person's access to the course ends; None for life, for visitors and for free previews."""
    if user is None or lesson.preview:
        return None
    access = find_course_access(user.id, lesson.course_id)
    return None if access is None or access.until is None else milliseconds_until(access.until)


def milliseconds_until(moment: datetime) -> int:
    """From now to a moment (naive UTC), never below 0. A duration, since the clock of a browser may be wrong."""
    return max(0, int((moment - now()).total_seconds() * 1000))


def watched_access(user: SignedInUser | None, lesson: LessonInfo) -> dict[str, Any] | None:
    """What the page of an open lesson needs to notice the end of access; None when it cannot end: for visitors and free previews."""
    return None if user is None or lesson.preview else {"ends_in": ends_in(user, lesson)}
