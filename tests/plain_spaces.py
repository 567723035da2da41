"""Texts without the narrow and no-break spaces of CLDR, so that tests can be read."""

from __future__ import annotations

from typing import Any


def plain(value: Any) -> Any:
    """The same text, or the same list or dictionary of texts, with plain spaces."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.replace("\xa0", " ").replace("\u202f", " ") if isinstance(value, str) else value
