"""Enrolments that stand on others: an upgrade ends with its base."""

from __future__ import annotations

from collections.abc import Sequence

from studium.plugins.payments.entities import Enrolment


def with_upgrades(rows: Sequence[Enrolment]) -> list[Enrolment]:
    """The rows and, step by step, all that stand on them; one query a step, and a course has few tiers. Needs reading()."""
    found, newest = list(rows), list(rows)
    while newest:
        newest = [row for row in _standing_on([row.id for row in newest]) if row not in found]
        found += newest
    return found


def _standing_on(ids: list[int]) -> list[Enrolment]:
    return list(Enrolment.select(lambda row: row.base_id in ids))
