"""Tells the open pages of a person that what they may watch of a course has changed."""

from __future__ import annotations

from studium.plugins.payments.entities import Enrolment
from studium.plugins.payments.holdings import runs
from studium.services import cable
from studium.services.courses.entities import Course


def tell(user_id: int, course_id: int) -> None:
    """Send `{"type": "access", ...}` after the commit; `open` is whether anything of the course still runs. Needs a transaction.

    A page that gets it asks the site what is open to it now: the message itself permits nothing.
    """
    rows = Enrolment.select(lambda row: row.user_id == user_id and row.course_id == course_id and row.revoked_at is None)
    course = Course.get(id=course_id)
    told = {"type": "access", "course_id": course_id, "course": course.slug if course else "", "open": any(runs(row) for row in rows)}
    cable.publish(cable.user_stream(user_id), {"data": told}, collapse=f"access:{course_id}")
