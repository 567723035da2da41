"""From which message on the page that is being made hears its reader's stream."""

from __future__ import annotations

from flask import g

from studium.services.cable.publishing import last_id


def listen_from_now() -> None:
    """Let this page hear every live message from this moment on; to be called before reading what the messages tell of."""
    g.stream_last = last_id()


def heard_from() -> int:
    """The id of the last message that this page need not hear: that of `listen_from_now`, else the newest."""
    return int(g.get("stream_last") or last_id())
