"""The page of one lesson: player or text, what is missing, and the way through the course."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

from flask import redirect, render_template
from werkzeug.wrappers import Response

from studium.core.errors import NotFound
from studium.services.access import may_watch
from studium.services.cable.listening import listen_from_now
from studium.services.courses.catalogue import Chapter, LessonInfo, find_course, find_lesson
from studium.services.languages import language
from studium.services.progress import LessonProgress
from studium.services.users import current_user

from ..context import login_url
from ..lesson_access import watched_access
from ..outline import LessonRow, make_outline
from .locked_lesson import show_locked

SPEEDS = (0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.25, 2.5)
SHOWN_PARTS = 12
WORDS_PER_MINUTE = 400  # a quick reader: twice the 200 to 240 words a minute of Brysbaert, J. Mem. Lang. 109 (2019)
DWELL_MS = (5_000, 90_000)


@dataclass(frozen=True)
class Watched:
    """What a person has watched of a video; parts are (from, to) in ms, `needed_ms` is what completion still takes."""

    percent: int
    missing: tuple[tuple[int, int], ...]
    segments: tuple[tuple[int, int], ...]
    needed_ms: int


def show(course: str, lesson: str) -> str | Response:
    """GET /courses/<course>/<lesson>; visitors of a lesson that is no free preview go to sign in, who may not watch it gets 404."""
    found, page = find_course(course, language()), find_lesson(course, lesson, language())
    if found is None or page is None:
        raise NotFound("There is no such lesson.")
    user = current_user()
    if user is not None:
        listen_from_now()
    if not may_watch(user, page.lesson):
        if user is None:
            return redirect(login_url())
        return show_locked(found, page.lesson, user)
    outline = make_outline(found, user)
    row = next((row for row in outline.lessons if row.info.id == page.lesson.id), LessonRow(page.lesson, None, True))
    return render_template(
        "lesson.html",
        page=page,
        outline=outline,
        row=row,
        watched=find_watched(page.lesson, row.progress),
        chapters_json=chapters_json(page.chapters),
        dwell_ms=dwell_ms(page.body_html),
        speeds=SPEEDS,
        access=watched_access(user, page.lesson),
    )


def find_watched(lesson: LessonInfo, progress: LessonProgress | None) -> Watched:
    """The watched and missing parts; complete is threshold % of (duration - tail), tail = min(2 s, duration / 50)."""
    whole = ((0, lesson.duration_ms),) if lesson.duration_ms else ()
    missing = whole if progress is None else tuple((part[0], part[1]) for part in progress.missing)
    segments = () if progress is None else tuple((part[0], part[1]) for part in progress.segments)
    covered = lesson.duration_ms - sum(end - start for start, end in missing)
    goal = lesson.threshold * (lesson.duration_ms - min(2000, lesson.duration_ms / 50)) / 100
    percent = 100 * covered // lesson.duration_ms if lesson.duration_ms else 0
    return Watched(percent, missing[:SHOWN_PARTS], segments, max(0, math.ceil(goal - covered)))


def chapters_json(chapters: tuple[Chapter, ...]) -> str:
    """The chapters for the player, in milliseconds."""
    return json.dumps([{"at": chapter.at_ms, "title": chapter.title} for chapter in chapters], ensure_ascii=False)


def dwell_ms(body_html: str) -> int:
    """How long a reader must stay before a text counts as read: a quick reader's time, from 5 to 90 seconds."""
    words = len(body_html.split())
    return max(DWELL_MS[0], min(DWELL_MS[1], words * 60_000 // WORDS_PER_MINUTE))
