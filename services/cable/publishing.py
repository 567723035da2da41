"""Publishing from any process and thread: store the message, then wake the cable."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import json

from studium.core import sqlite
from studium.core.clock import now_ms
from studium.core.database import after_commit, in_transaction
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.core.wakeup import Doorbell
from studium.services.cable.sqlite_store import Draft, MessageStore

log = get_logger(__name__)
BELL = "cable"
CONTROL_STREAM = "control"
_local = threading.local()


def publish(stream: str, payload: Mapping[str, Any], collapse: str | None = None) -> None:
    """Send `{"fragment": {...}}` or `{"data": {...}}` to every browser subscribed to the stream, now and for a day to those that come back.

    Inside a transaction it waits for the commit, and is dropped by a rollback. A message takes the place of those with the same stream
    and `collapse` key that are older than a minute, so that a state which changes all day is few rows. When the messages cannot be
    stored, that is logged and no error: what they tell of stands. Raises ValueError for any other payload.
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
    """The id of the newest message; a page that is rendered now subscribes after it and misses nothing. 0 when it cannot be read."""
    try:
        return _store().last_id()
    except sqlite.Error:
        _give_up("cable_not_readable")
        return 0


def _send(drafts: Sequence[Draft]) -> None:
    try:
        _store().append(drafts)
    except sqlite.Error:
        _give_up("cable_publish_failed")
        return
    _bell().ring()


def _give_up(event: str) -> None:
    log.exception(event)
    _local.store = None


def _store() -> MessageStore:
    data_dir = runtime().settings.core.data_dir
    found: tuple[Path, MessageStore] | None = getattr(_local, "store", None)
    if found is None or found[0] != data_dir or found[1].gone:
        _local.store = found = (data_dir, MessageStore(data_dir))
    return found[1]


def _bell() -> Doorbell:
    if not hasattr(_local, "bell"):
        _local.bell = Doorbell(runtime().settings.core.run_dir, BELL)
    bell: Doorbell = _local.bell
    return bell
