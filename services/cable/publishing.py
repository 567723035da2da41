"""Publishing from any process and thread: store the message, then wake the cable."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import json

from studium.core.clock import now_ms
from studium.core.database import after_commit, in_transaction
from studium.core.runtime import runtime
from studium.core.wakeup import Doorbell
from studium.services.cable.sqlite_store import Draft, MessageStore

BELL = "cable"
CONTROL_STREAM = "control"
_local = threading.local()


def publish(stream: str, payload: Mapping[str, Any], collapse: str | None = None) -> None:
    """Send `{"fragment": {...}}` or `{"data": {...}}` to every browser subscribed to the stream, now and for a day to those that come back.

    Inside a transaction it waits for the commit, and is dropped by a rollback. Of messages with the same stream and `collapse` key only
    the newest is kept for those that come back. Raises ValueError for any other payload.
    """
    if set(payload) not in ({"fragment"}, {"data"}):
        raise ValueError(f"A payload is {{'fragment': ...}} or {{'data': ...}}, not {sorted(payload)}.")
    publish_all([Draft(stream, json.dumps(payload), now_ms(), collapse)])


def publish_all(drafts: Sequence[Draft]) -> None:
    """Send several messages with one commit and one wake-up; as `publish` otherwise."""
    if not drafts:
        return
    if in_transaction():
        after_commit(lambda: _send(drafts))
    else:
        _send(drafts)


def close_sessions(session_ids: Sequence[int]) -> None:
    """Close the WebSockets that were opened by these sessions, within milliseconds."""
    publish(CONTROL_STREAM, {"data": {"close_sessions": list(session_ids)}})


def last_id() -> int:
    """The id of the newest message; a page that is rendered now subscribes after it and misses nothing."""
    return _store().last_id()


def _send(drafts: Sequence[Draft]) -> None:
    _store().append(drafts)
    _bell().ring()


def _store() -> MessageStore:
    data_dir = runtime().settings.core.data_dir
    found: tuple[Path, MessageStore] | None = getattr(_local, "store", None)
    if found is None or found[0] != data_dir:
        _local.store = found = (data_dir, MessageStore(data_dir))
    return found[1]


def _bell() -> Doorbell:
    if not hasattr(_local, "bell"):
        _local.bell = Doorbell(runtime().settings.core.run_dir, BELL)
    bell: Doorbell = _local.bell
    return bell
