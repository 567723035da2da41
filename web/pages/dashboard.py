"""What a student comes back to: the course to go on with, documents and tasks, the other courses, and what is finished."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta

from flask import redirect, render_template
from werkzeug.wrappers import Response

from studium.core.clock import now
from studium.queue import jobs
from studium.services.cable.listening import listen_from_now
from studium.services.courses.catalogue import find_courses
from studium.services.languages import language
from studium.services.offers import find_offers
from studium.services.sales import CourseAccess, find_course_access
from studium.services.users import current_user

from ..context import login_url
from ..job_cards import JobCard, card_of
from ..outline import Outline, make_outlines

RECENT = 3  # ended jobs that are shown unfolded, and as many whose result can be fetched
MOST_JOBS = 30
ENDS_SOON = timedelta(days=7)


def show() -> str | Response:
    """GET /dashboard; visitors go to sign in."""
    user = current_user()
    if user is None:
        return redirect(login_url())
    listen_from_now()
    cards, older = _fold([card_of(job) for job in jobs.jobs_of(user.id, MOST_JOBS)])
    outlines = make_outlines(find_courses(language()), user)
    access = {one.course.id: found for one in outlines if (found := find_course_access(user.id, one.course.id))}
    waiting = [one for one in outlines if not one.is_started and not one.is_completed]
    started = sorted((one for one in outlines if one.is_started and not one.is_completed), key=_last_watched, reverse=True)
    started.sort(key=lambda one: one.course.id not in access)  # what was bought goes before what was only tried
    return render_template(
        "dashboard.html",
        user=user,
        started=started,
        completed=[one for one in outlines if one.is_completed],
        cards=cards,
        older=older,
        offers=find_offers(user, language()),
        offer_key=lambda: secrets.token_urlsafe(12),
        bought=[one for one in waiting if one.course.id in access],
        others=[one for one in waiting if one.course.id not in access],
        ending={course_id: found.until for course_id, found in access.items() if _ends_soon(found)},
    )


def _fold(cards: Sequence[JobCard]) -> tuple[list[JobCard], list[JobCard]]:
    """The cards in view, and the older ones. What was cancelled or failed since does not push a certificate out of view."""
    active, ended = [card for card in cards if card.job.active], [card for card in cards if not card.job.active]
    fetched = [card for card in ended if card.has_something]
    shown = {card.job.id for card in (*ended[:RECENT], *fetched[:RECENT])}
    return active + [card for card in ended if card.job.id in shown], [card for card in ended if card.job.id not in shown]


def _ends_soon(access: CourseAccess) -> bool:
    return access.until is not None and access.until <= now() + ENDS_SOON


def _last_watched(outline: Outline) -> str:
    moment = outline.progress.last_watched_at if outline.progress else None
    return moment.isoformat() if moment else ""
