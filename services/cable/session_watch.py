"""Closes the sockets of sign-ins that have ended without a word: expired, idle for too long, or closed while no message got through."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import gevent
from gevent.threadpool import ThreadPool

from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.services.cable.hub import Hub

log = get_logger(__name__)
AT_ONCE = 500  # about a millisecond of the thread that handshakes also need


def watch_sessions(hub: Hub, threads: ThreadPool) -> None:
    """Look at all open sockets' sessions again and again, in a thread; a database that does not answer closes nobody's socket
    and is asked again."""
    while True:
        gevent.sleep(hub.settings.session_check_seconds)
        try:
            _close_ended(hub, threads)
        except Exception:
            log.exception("cable_sessions_not_checked", retry_in_seconds=hub.settings.session_check_seconds)


def _close_ended(hub: Hub, threads: ThreadPool) -> None:
    wanted = sorted(hub.session_ids)
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start:start + AT_ONCE]
        still_open = threads.apply(_find_open, (hub, some))
        ended = set(some) - set(still_open) if still_open is not None else set()
        if ended:
            log.info("cable_sessions_ended", sessions=len(ended))
            hub.close_sessions(ended)


def _find_open(hub: Hub, session_ids: Sequence[int]) -> Collection[int] | None:
    with hub.app.app_context():
        found: Collection[int] | None = runtime().hooks.find_open_sessions(session_ids=session_ids)
        return found
