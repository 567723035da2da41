"""The API of progress: watch sessions, beats, completion of text lessons, and a course's progress."""

from __future__ import annotations

from flask import Blueprint, Response, request

from studium.core import api
from studium.core.clock import now, now_ms
from studium.core.csrf import csrf
from studium.core.errors import Conflict, Forbidden, NotFound, Problem, TooManyRequests, Unprocessable
from studium.core.operations import operation
from studium.core.runtime import runtime
from studium.plugins.progress import beats, courses, live, reading, tickets
from studium.plugins.progress.announcing import show
from studium.plugins.progress.live import Change
from studium.plugins.progress.merge import resume_at
from studium.plugins.progress.schemas import BeatIn, BeatOut, BeatsIn, CourseProgressOut, LessonProgressOut, ProgressOut, WatchSessionOut
from studium.services.access import may_watch
from studium.services.courses.catalogue import LessonInfo, find_course, find_lesson
from studium.services.limits import LimitSettings, limit, not_counted
from studium.services.progress import LessonProgress
from studium.services.token_scopes import PROGRESS, token_scope
from studium.services.users import SignedInUser, current_user, require_user

blueprint = Blueprint("progress", __name__)
PHONES = ("mobile", "android", "iphone", "ipad")


@blueprint.post("/api/v1/lessons/<course>/<lesson>/sessions")
@token_scope(PROGRESS)
@operation(WatchSessionOut, errors=(409,))
def open_session(course: str, lesson: str) -> Response:
    """Start watching: a sid, the server's duration, where to go on and what is watched."""
    user, info = _lesson_for(course, lesson)
    if info.type != "video":
        raise Conflict("This lesson has no video to watch.")
    limit(f"watch-sessions:{user.id}", runtime().settings[LimitSettings].watch_sessions)
    known = courses.find_lesson_progress(user.id, info.id) or LessonProgress(info.id, missing=((0, info.duration_ms),))
    sid = tickets.issue(user.id, info.id, info.asset_rev, _device())
    return api.data(WatchSessionOut(
        sid=sid, duration=info.duration_ms, position=_resume_position(known, info), covered=known.covered,
        completed=known.completed, segments=list(known.segments), missing=list(known.missing[:live.MOST_GAPS]),
    ))


@blueprint.post("/api/v1/beats")
@csrf.exempt
@not_counted
@token_scope(PROGRESS)
@operation(BeatOut, many=True, body=BeatsIn, signed_in=False)
def take_beats() -> Response:
    """Beats over HTTP, as sendBeacon sends them; the signed sid is the permission. All are stored, or none."""
    asked = api.read_json(BeatsIn).beats
    received = [_received(index, beat) for index, beat in enumerate(asked)]
    try:
        answers = beats.take(received, whole=True)
    except beats.Refused as refused:
        raise _problem(refused) from None
    changes = [answer for answer in answers if isinstance(answer, Change)]
    show(changes)
    return api.data([_answer(beat, change) for beat, change in zip(asked, changes, strict=True)])


@blueprint.post("/api/v1/lessons/<course>/<lesson>/completion")
@token_scope(PROGRESS)
@operation(ProgressOut, errors=(409,))
def complete(course: str, lesson: str) -> Response:
    """Complete a text lesson."""
    user, info = _lesson_for(course, lesson)
    change = reading.complete(user.id, info)
    if change.completed_now:
        show([change])
    return api.data(ProgressOut(**change.answer()))


@blueprint.get("/api/v1/progress/<course>")
@operation(CourseProgressOut)
def show_course(course: str) -> Response:
    """The user's progress in a course, all lessons."""
    user = require_user()
    info = find_course(course, "en")
    found = courses.find_course_progress(user.id, info.id) if info else None
    if info is None or found is None:
        raise NotFound("There is no such course.")
    lessons = [_lesson_out(lesson, found.lessons.get(lesson.id) or LessonProgress(lesson.id)) for lesson in info.lessons]
    return api.data(CourseProgressOut(course=course, percent=found.percent, completed_lessons=found.completed_lessons,
                                      required_lessons=found.required_lessons, lessons=lessons))


def _lesson_for(course: str, lesson: str) -> tuple[SignedInUser, LessonInfo]:
    user = require_user()
    page = find_lesson(course, lesson, "en")
    if page is None or not may_watch(user, page.lesson):
        raise NotFound("There is no such lesson for you.")
    return user, page.lesson


def _resume_position(known: LessonProgress, info: LessonInfo) -> int:
    idle_ms = int((now() - known.last_watched_at).total_seconds() * 1000) if known.last_watched_at else 0
    return resume_at(known.position_ms, idle_ms, info.duration_ms)


def _received(index: int, beat: BeatIn) -> beats.Received:
    ticket = tickets.read(beat.sid)
    if ticket is None:
        raise Unprocessable(f"beats.{index}.sid is not a watch session of this site. Open a new one.",
                            errors=[{"field": f"beats.{index}.sid", "message": "not signed by this site"}])
    user = current_user()
    if user is not None and user.id != ticket.user_id:
        raise Forbidden(f"beats.{index}.sid belongs to somebody else.", errors=[{"field": f"beats.{index}.sid", "message": "not yours"}])
    return beats.Received(ticket, beat.as_beat(), now_ms())


def _problem(refused: beats.Refused) -> Problem:
    detail = f"beats.{refused.index}: {refused.refusal.message}"
    errors = [{"field": f"beats.{refused.index}.sid", "message": refused.refusal.message}]
    if refused.refusal is beats.TOO_MANY:
        return TooManyRequests(detail, code="too-many", errors=errors, headers={"Retry-After": "30"})
    return Unprocessable(detail, errors=errors)


def _answer(beat: BeatIn, change: Change) -> BeatOut:
    return BeatOut(sid=beat.sid, seq=beat.seq, progress=ProgressOut(**change.answer()))


def _lesson_out(info: LessonInfo, known: LessonProgress) -> LessonProgressOut:
    missing = list(known.missing) or ([(0, info.duration_ms)] if info.duration_ms and not known.segments else [])
    return LessonProgressOut(lesson=info.slug, lesson_id=info.id, covered=known.covered, position=known.position_ms,
                             completed=known.completed, missing=missing[:live.MOST_GAPS])


def _device() -> str:
    agent = request.user_agent.string.lower()
    return "phone" if any(word in agent for word in PHONES) else "computer"
