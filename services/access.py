"""The one question "may this person open this lesson?", asked the same way by page, media, API and watch sessions."""

from __future__ import annotations

from typing import Protocol

from studium.core.runtime import runtime
from studium.services.users import OPS, OWNER, SignedInUser

SEES_ALL = frozenset({OWNER, OPS})


class Watchable(Protocol):
    """What the question needs to know of a lesson."""

    @property
    def id(self) -> int: ...

    @property
    def preview(self) -> bool: ...


def may_watch(user: SignedInUser | None, lesson: Watchable) -> bool:
    """Free previews are open to all; others need a signed-in user whom no plugin refuses.

    Owners and operators look at every lesson, to see what their students see, and find out why one cannot; in their browser only, as a
    token carries no roles. What they watch is kept as their own progress, as anybody's is.
    """
    if lesson.preview:
        return True
    if user is None:
        return False
    if user.roles & SEES_ALL:
        return True
    return runtime().hooks.may_watch(user_id=user.id, lesson_id=lesson.id) is not False
