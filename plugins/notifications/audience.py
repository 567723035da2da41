"""Who an announcement goes to: everybody with an account, or who is enrolled in a course; asked for in pieces, in the order of ids."""

from __future__ import annotations

from collections.abc import Sequence

from studium.core.runtime import runtime

STEP = 10_000


def ids_after(course_id: int | None, after: int, limit: int) -> Sequence[int]:
    """The next user ids above `after`, ascending, at most `limit`; `course_id` None means everybody."""
    hooks = runtime().hooks
    found: Sequence[int] | None = (
        hooks.find_user_ids(after=after, limit=limit) if course_id is None
        else hooks.find_enrolled_ids(course_id=course_id, after=after, limit=limit))
    return found or ()


def count_people(course_id: int | None) -> int:
    """How many there are at this moment."""
    counted, after = 0, 0
    while found := ids_after(course_id, after, STEP):
        counted, after = counted + len(found), found[-1]
    return counted
