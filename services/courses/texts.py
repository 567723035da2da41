"""The texts of lessons, ready-made for all processes: a long one takes milliseconds to make, and its library is large."""

from __future__ import annotations

from collections.abc import Callable

from studium.services.cache import cache
from studium.services.release import release

from .values import course_tag


def keep_text(course_id: int, revision: str, lesson_id: int, language: str, render: Callable[[], str]) -> str:
    """The HTML of a lesson, from the cache or rendered now.

    The key has the revision of the course and the release of the program, so it never names another text; deleting the tag only makes
    room. Programs that serve no pages have no release, and render for themselves.
    """
    made_by = release()
    if made_by is None:
        return render()
    key = f"lesson-text:{made_by}:{course_id}:{revision}:{lesson_id}:{language}"
    kept = cache().fetch(key, render, tags=[course_tag(course_id)])
    return kept if isinstance(kept, str) else render()
