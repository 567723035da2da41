"""Publishes committed changes of progress, from whichever program they came by; what fails here loses nothing."""

from __future__ import annotations

from studium.core.logs import get_logger
from studium.plugins.progress import courses, live
from studium.plugins.progress.live import Change

log = get_logger(__name__)


def show(changes: list[Change]) -> None:
    """Publish the changes, with the course's numbers where a lesson was completed.

    They are committed already, so what fails here is logged: the other tabs will ask when they come back.
    """
    completed = {(change.user_id, change.info.course_id) for change in changes if change.completed_now}
    try:
        live.show(changes, {key: courses.counts(*key) for key in completed})
    except Exception:
        log.exception("progress_not_shown")
