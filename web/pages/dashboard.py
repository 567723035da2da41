"""What a student comes back to: the course to go on with, the others, and what is finished."""

from __future__ import annotations

from flask import redirect, render_template
from werkzeug.wrappers import Response

from studium.services.courses.catalogue import find_courses
from studium.services.languages import language
from studium.services.users import current_user

from ..context import login_url
from ..outline import Outline, make_outline


def show() -> str | Response:
    """GET /dashboard; visitors go to sign in."""
    user = current_user()
    if user is None:
        return redirect(login_url())
    outlines = [make_outline(course, user) for course in find_courses(language())]
    started = sorted(
        (one for one in outlines if one.is_started and not one.is_completed), key=_last_watched, reverse=True
    )
    return render_template(
        "dashboard.html",
        user=user,
        started=started,
        completed=[one for one in outlines if one.is_completed],
        others=[one for one in outlines if not one.is_started and not one.is_completed],
    )


def _last_watched(outline: Outline) -> str:
    moment = outline.progress.last_watched_at if outline.progress else None
    return moment.isoformat() if moment else ""
