"""The product's words: hooks about people, lessons, progress and live frames. The framework's words are in core/hookspecs.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from studium.core.plugins import hookspec

if TYPE_CHECKING:
    from studium.services.cable.connection import Connection
    from studium.services.cable.hub import Hub
    from studium.services.facts import LessonCompleted, UserSignedIn
    from studium.services.progress import CourseProgress, LessonProgress
    from studium.services.users import SignedInUser


@hookspec(firstresult=True)
def find_signed_in_user(token: str) -> SignedInUser | None:
    """The person whose browser carries this session token.

    Asked once a request by `services.users.current_user()` in web, and at the handshake in the cable. Return None for an unknown,
    expired or closed session. The first plugin with an answer wins.
    """


@hookspec(firstresult=True)
def may_watch(user_id: int, lesson_id: int) -> bool | None:
    """Whether the user may open this lesson, which is not a free preview.

    Asked in web at the page, the media, the API and each new watch session. Return None to leave the question to others; when nobody
    answers (no plugin sells courses), every signed-in user may. The first answer wins.
    """


@hookspec(firstresult=True)
def find_lesson_progress(user_id: int, lesson_id: int) -> LessonProgress | None:
    """The user's progress in one lesson; None when nothing is known yet. Asked by pages and the API, in web."""


@hookspec(firstresult=True)
def find_course_progress(user_id: int, course_id: int) -> CourseProgress | None:
    """The user's progress in a course with all its lessons, in a constant number of queries. Asked by pages and the API, in web."""


@hookspec
def register_frames(hub: Hub) -> Mapping[str, Callable[[Connection, dict[str, Any]], None]]:  # type: ignore[empty-body]
    """Handlers of further WebSocket frames, by the key that names the frame, such as `{"beat": on_beat}`.

    Called once, in the program `cable`; `hub.call_soon(fn)` brings answers of other threads back to the loop. A handler runs on the event
    loop for each such frame: it must not block and must not touch the database; work for the database goes to a thread. It answers with
    `connection.send_json(...)`, now or later; an exception becomes an error frame `internal` and is logged.
    """


@hookspec
def lesson_completed(fact: LessonCompleted) -> None:
    """A student completed a lesson, for the first time; delivered once stored, at least once, by a job."""


@hookspec
def user_signed_in(fact: UserSignedIn) -> None:
    """A person signed in on a browser; delivered at least once, by a job."""
