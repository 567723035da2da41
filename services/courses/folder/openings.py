"""For whom and when a module or lesson opens: its tiers and its moment. Lessons take both from their module."""

from __future__ import annotations

from .fields import Fields
from .literals import AVAILABLE_RULE, parse_available
from .mistakes import nearest
from .reading import Reading


def read_available(fields: Fields) -> str | None:
    """Return the moment of opening in its normal form, or None when it is not written."""
    found = fields.scalar("available")
    moment = parse_available(found.text) if found else None
    if found and moment is None:
        fields.report.error(
            "bad-time", found.place, f"'{found.text[:80]}' is no moment of opening", f"Write {AVAILABLE_RULE}."
        )
    return moment


def read_tier_list(fields: Fields, reading: Reading, default: tuple[str, ...]) -> tuple[str, ...]:
    """Return the tiers that include something; all of `default` when none are written."""
    listed = fields.scalars("tiers")
    for tier in listed:
        if reading.tiers is not None and tier.text not in reading.tiers:
            fields.report.error(
                "unknown-tier",
                tier.place,
                f"'{tier.text[:80]}' is not a tier of this course",
                nearest(tier.text, reading.tiers),
            )
    return tuple(dict.fromkeys(tier.text for tier in listed)) if listed else default
