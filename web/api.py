"""The catalogue as JSON: GET /api/v1/courses and /api/v1/courses/<course>, with the caller's progress; and the API's own description."""

from __future__ import annotations

from flask import Response, current_app, json, url_for

from studium.core.api import data
from studium.core.errors import NotFound
from studium.core.openapi import make_document
from studium.core.operations import operation
from studium.services.courses.catalogue import TierInfo, find_course, find_courses
from studium.services.languages import language
from studium.services.users import current_user, session_cookie

from .outline import LessonRow, ModuleRow, Outline, make_outline, make_outlines
from .schemas import (
    CourseProgressShape,
    CourseShape,
    LessonProgressShape,
    LessonShape,
    ModuleShape,
    TierShape,
)

OPENAPI = "studium.openapi"


@operation(CourseShape, many=True, signed_in=False)
def courses() -> Response:
    """All courses on offer, each as `course` shows it."""
    user = current_user()
    return data([_course(outline) for outline in make_outlines(find_courses(language()), user)])


@operation(CourseShape, signed_in=False)
def course(course: str) -> Response:
    """One course with its modules, lessons and tiers; 404 when it is not on offer."""
    found = find_course(course, language())
    if found is None:
        raise NotFound("There is no such course.")
    return data(_course(make_outline(found, current_user())))


def openapi() -> Response:
    """GET /api/openapi.json: the OpenAPI 3.1 document of /api/v1, made once a process."""
    made: str | None = current_app.extensions.get(OPENAPI)
    if made is None:
        made = current_app.extensions[OPENAPI] = json.dumps(make_document(current_app, session_cookie()))
    response = Response(made, mimetype="application/json")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


def _course(outline: Outline) -> CourseShape:
    info = outline.course
    return CourseShape(
        id=info.id,
        slug=info.slug,
        title=info.title,
        summary=info.summary,
        languages=list(info.languages),
        cover_url=info.cover_url,
        lesson_count=info.lesson_count,
        duration_ms=info.duration_ms,
        url=url_for("web.course", course=info.slug),
        progress=_course_progress(outline),
        modules=[_module(module) for module in outline.modules],
        tiers=[_tier(tier) for tier in info.tiers],
    )


def _module(module: ModuleRow) -> ModuleShape:
    return ModuleShape(id=module.info.id, title=module.info.title, lessons=[_lesson(row) for row in module.lessons])


def _tier(tier: TierInfo) -> TierShape:
    return TierShape(
        key=tier.key,
        title=tier.title,
        includes=list(tier.includes),
        prices=tier.prices,
        access_days=tier.access_days,
    )


def _course_progress(outline: Outline) -> CourseProgressShape | None:
    progress = outline.progress
    if progress is None:
        return None
    return CourseProgressShape(
        percent=progress.percent,
        completed_lessons=progress.completed_lessons,
        required_lessons=progress.required_lessons,
    )


def _lesson(row: LessonRow) -> LessonShape:
    info = row.info
    return LessonShape(
        id=info.id,
        slug=info.slug,
        title=info.title,
        type=info.type,
        rule=info.rule,
        threshold=info.threshold,
        duration_ms=info.duration_ms,
        preview=info.preview,
        required=info.required,
        open=row.is_open,
        url=url_for("web.lesson", course=info.course_slug, lesson=info.slug),
        progress=_lesson_progress(row),
    )


def _lesson_progress(row: LessonRow) -> LessonProgressShape | None:
    known = row.progress
    if known is None:
        return None
    return LessonProgressShape(covered=known.covered, position=known.position_ms, completed=known.completed)
