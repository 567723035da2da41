"""The payloads of the product's facts; each is the one argument, `fact`, of the hook of its name in services/hookspecs.py."""

from __future__ import annotations

from datetime import datetime

from studium.core.facts import FactPayload, fact


@fact("lesson_completed", version=1)
class LessonCompleted(FactPayload):
    """A student completed a lesson; stored once for each (user, lesson). `completed_at` is UTC."""

    user_id: int
    lesson_id: int
    course_id: int
    completed_at: datetime


@fact("course_completed", version=1)
class CourseCompleted(FactPayload):
    """A student completed every required lesson of a course; stored once for each (user, course), at the first time, and kept if the
    course changes later. `completed_at`, UTC, is when the last of the lessons was completed.
    """

    user_id: int
    course_id: int
    completed_at: datetime


@fact("user_signed_in", version=1)
class UserSignedIn(FactPayload):
    """A person signed in; `method` names how, such as `development`. `signed_in_at` is UTC."""

    user_id: int
    session_id: int
    method: str
    signed_in_at: datetime


@fact("user_deleted", version=1)
class UserDeleted(FactPayload):
    """A person deleted their account: it is gone, its id is never given out again. `deleted_at` is UTC."""

    user_id: int
    deleted_at: datetime
