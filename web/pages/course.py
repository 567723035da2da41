"""The page of one course: what it is, its lessons, its tiers, and where this person goes on."""

from __future__ import annotations

from flask import render_template

from studium.core.errors import NotFound
from studium.services.courses.catalogue import find_course
from studium.services.languages import language
from studium.services.sales import find_course_access, find_tier_offers
from studium.services.users import current_user

from ..outline import make_outline


def show(course: str) -> str:
    """GET /courses/<course>; 404 for a course that is not on offer."""
    found = find_course(course, language())
    if found is None:
        raise NotFound("There is no such course.")
    user = current_user()
    return render_template(
        "course.html",
        outline=make_outline(found, user),
        offers=find_tier_offers(user.id if user else None, found.id),
        access=find_course_access(user.id, found.id) if user else None,
    )
