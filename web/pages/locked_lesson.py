"""The page of a lesson that is not open to this person: nothing of the lesson but its title, and the way to open it."""

from __future__ import annotations

from flask import make_response, render_template
from werkzeug.wrappers import Response

from studium.core.errors import NotFound, wants_json
from studium.services.cable.listening import listen_from_now
from studium.services.courses.catalogue import CourseInfo, LessonInfo
from studium.services.sales import find_course_access, find_tier_offers
from studium.services.users import SignedInUser

from ..lesson_access import milliseconds_until
from ..locks import lock_of


def show_locked(course: CourseInfo, lesson: LessonInfo, user: SignedInUser) -> Response:
    """404, as for everything that one may not see; the course page names the lesson anyway. The page waits for access bought elsewhere."""
    if wants_json():
        raise NotFound("There is no such lesson.")
    listen_from_now()
    lock = lock_of(course, lesson, find_course_access(user.id, course.id))
    opens_in = milliseconds_until(lock.opens_at) if lock.opens_at else None
    offers = find_tier_offers(user.id, course.id)
    return make_response(
        render_template("locked_lesson.html", course=course, lesson=lesson, lock=lock, offers=offers, opens_in=opens_in), 404
    )
