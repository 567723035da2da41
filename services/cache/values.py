"""Values of the cache as SQLite keeps them: whole numbers are counters, bytes are bytes, texts are a string or JSON. No pickle."""

from __future__ import annotations

import json
from typing import Any

from studium.core.logs import get_logger

log = get_logger(__name__)
Value = Any  # bytes, or what JSON knows: None, bool, int, float, str, list, dict with keys that are str
Raw = int | str | bytes
LARGEST_COUNTER = 2**63 - 1
STRING = "'"  # begins a string that is kept as it is; no JSON begins so


def raw_of(value: Value) -> Raw:
    """The value as it is kept. Raises TypeError for what JSON does not know."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_COUNTER:
        return value
    text = STRING + value if type(value) is str else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return text if _is_unicode(text) else json.dumps(value, separators=(",", ":"))


def read(raw: Raw | None) -> tuple[Value] | None:
    """The value in a tuple of its own, since it may be None; None without an entry, and for a damaged one."""
    if not isinstance(raw, str):
        return None if raw is None else (raw,)
    if raw.startswith(STRING):
        return (raw[1:],)
    try:
        return (json.loads(raw),)
    except (ValueError, RecursionError):
        log.warning("cache_entry_damaged")
        return None


def bytes_of(raw: Raw) -> int:
    """How long it is in the file."""
    if isinstance(raw, int):
        return 8
    return len(raw if isinstance(raw, bytes) else raw.encode())


def _is_unicode(text: str) -> bool:
    """Whether UTF-8 knows all its characters; half a surrogate pair it does not (RFC 3629, 3)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
