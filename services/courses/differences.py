"""Says in words how a wanted row differs from the stored one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .folder.literals import format_time
from .rows import Row, Wanted

_SILENT = {"content_hash", "path", "asset_rev"}
_NAMES = {"threshold": "percent", "position": "order", "prices": "price", "languages": "languages"}
_TEXT_ORDER = ("title", "summary", "description", "includes", "body")
_LONG = 60


def differences(stored: Row, wanted: Row) -> list[str]:
    """Return a sentence for each field that differs; both rows hold JSON columns as text."""
    found: list[str] = []
    for name, value in wanted.items():
        before = stored[name]
        if before == value or name in _SILENT:
            continue
        if name == "slug" and "~" in before:
            continue  # parked while archived
        if name == "texts":
            found += _text_differences(json.loads(before), json.loads(value))
        elif name == "duration_ms":
            found.append(f"length: {format_time(before)} -> {format_time(value)}")
        elif name == "chapters":
            found.append("chapters: changed")
        else:
            found.append(f"{_NAMES.get(name, name)}: {_shown(before)} -> {_shown(value)}")
    if wanted.get("type") == "video" and stored["asset_rev"] != wanted["asset_rev"]:
        found.append("video: a new file; coverage starts afresh, completed stays completed")
    return found


def asset_differences(lesson: str | None, wanted: Wanted, stored: Mapping[tuple[str, str], Row]) -> list[str]:
    """Return a sentence for each file of a lesson (None: of the course page) that is new, replaced or gone."""
    now = {_slot(row): row for row in wanted.assets.values() if row["lesson"] == lesson}
    before = {_slot(row): row for row in stored.values() if row["lesson"] == lesson and not row["archived"]}
    found = []
    for slot, row in now.items():
        if slot[0] in ("video", "chapters"):
            continue  # told by the lesson's own fields
        if slot not in before:
            found.append(f"{_slot_name(slot)}: added")
        elif before[slot]["sha256"] != row["sha256"]:
            found.append(f"{_slot_name(slot)}: replaced")
        elif before[slot]["texts"] != row["texts"]:
            found.append(f"{_slot_name(slot)}: renamed")
    found += [
        f"{_slot_name(slot)}: removed" for slot in before if slot not in now and slot[0] not in ("video", "chapters")
    ]
    return found


def title_of(row: Row) -> str:
    """Return a title of a row, in whatever language comes first."""
    return next(iter(json.loads(row["texts"])["title"].values()), "")


def _text_differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(after, key=_TEXT_ORDER.index):
        old, value = before.get(name, {}), after[name]
        if old == value:
            continue
        if isinstance(value, list):
            yield f"{name}: changed"
            continue
        for language in sorted({*old, *value}):
            was, now = old.get(language), value.get(language)
            if was != now:
                yield f"{'text' if name == 'body' else name} ({language}): {_text_change(was, now)}"


def _text_change(was: str | None, now: str | None) -> str:
    if was is None:
        return f"added, {len(now or ''):,} characters"
    if now is None:
        return "removed"
    was, now = was.strip(), now.strip()
    if max(len(was), len(now)) <= _LONG and "\n" not in was + now:
        return f'"{was}" -> "{now}"'
    return f"rewritten, {len(was):,} -> {len(now):,} characters"


def _slot(row: Row) -> tuple[str, str, str]:
    """One of a kind (and language) has one slot; several of a kind are told apart by their path."""
    single = row["kind"] in ("video", "poster", "caption", "chapters", "cover")
    return row["kind"], row["language"], "" if single else row["path"]


def _slot_name(slot: tuple[str, str, str]) -> str:
    kind, language, path = slot
    return " ".join(part for part in (kind, f"({language})" if language else "", path) if part)


def _shown(value: Any) -> str:
    text = str(value)
    if text.startswith(("[", "{")):
        loaded = json.loads(text)
        return (
            ", ".join(f"{key} {item}" for key, item in loaded.items())
            if isinstance(loaded, dict)
            else ", ".join(loaded) or "none"
        )
    return {"True": "yes", "False": "no", "None": "none"}.get(text, text)
