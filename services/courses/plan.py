"""Compares what a course folder wants with what is stored, and says the difference in words. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from studium.core.database import reading
from studium.core.errors import StudiumError

from .differences import asset_differences, differences, title_of
from .entities import Asset, Course, Lesson, Module, Tier
from .folder.source import CourseSource
from .rows import Row, Wanted, wanted_rows

Action = Literal["added", "changed", "archived", "restored"]


class ImportRefused(StudiumError):
    """The folder is well made, but cannot go into this site; the text says why and what to do."""


@dataclass(frozen=True)
class Change:
    """One course, tier, module or lesson that an import would touch; `details` are sentences, one a field."""

    action: Action
    kind: Literal["course", "tier", "module", "lesson"]
    key: str
    title: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Everything an import would do; no changes means that the site holds the folder already."""

    key: str
    changes: tuple[Change, ...]
    wanted: Wanted
    differs: bool

    def lines(self) -> Iterator[str]:
        """Yield the plan for people: one line a thing, indented lines for its fields."""
        marks = {"added": "+", "changed": "~", "archived": "-", "restored": "^"}
        for change in self.changes:
            yield f"{marks[change.action]} {change.action} {change.kind} {change.key}: {change.title}"
            yield from (f"    {detail}" for detail in change.details)


def make_plan(source: CourseSource) -> Plan:
    """Return what an import of `source` would change. Raises ImportRefused when another course has its slug."""
    wanted = wanted_rows(source)
    with reading():
        return compare(source.key, wanted)


def compare(key: str, wanted: Wanted) -> Plan:
    """Return the plan for the course `key`; needs an open reading() or transaction()."""
    _refuse_taken_slug(key, wanted.course["slug"])
    stored = _stored_rows(key)
    changes = [*_course_changes(key, wanted, stored)]
    for kind in ("tier", "module", "lesson"):
        changes += _changes(kind, getattr(wanted, f"{kind}s"), stored[kind], wanted, stored)
    course = stored["course"].get(key)
    same = course is not None and not course["archived"] and course["content_hash"] == wanted.course["content_hash"]
    return Plan(key, tuple(changes), wanted, differs=not same)


def _refuse_taken_slug(key: str, slug: str) -> None:
    other = Course.get(slug=slug)
    if other is not None and other.key != key:
        raise ImportRefused(
            f"The course '{other.key}' has the address /courses/{slug}. Give this one another 'slug:' in course.yaml."
        )


Stored = dict[str, dict[Any, Row]]


def _stored_rows(key: str) -> Stored:
    course = Course.get(key=key)
    if course is None:
        return {"course": {}, "tier": {}, "module": {}, "lesson": {}, "asset": {}}
    keys = {
        entity: {row.id: row.key for row in entity.select(lambda row: row.course == course)}
        for entity in (Module, Lesson)
    }
    stored: Stored = {"course": {key: course.to_dict()}}
    for kind, entity in (("tier", Tier), ("module", Module), ("lesson", Lesson), ("asset", Asset)):
        rows = [row.to_dict() for row in entity.select(lambda row: row.course == course)]
        stored[kind] = {(row["place"], row["name"]) if kind == "asset" else row["key"]: row for row in rows}
    for row in stored["lesson"].values():
        row["module"] = keys[Module][row["module"]]
    for row in stored["asset"].values():
        row["lesson"] = keys[Lesson].get(row["lesson"])
    return stored


def _course_changes(key: str, wanted: Wanted, stored: Stored) -> Iterator[Change]:
    row = stored["course"].get(key)
    yield from _change("course", key, wanted.course, row, asset_differences(None, wanted, stored["asset"]))


def _changes(
    kind: Any, wanted_of_kind: Mapping[str, Row], stored_of_kind: Mapping[str, Row], wanted: Wanted, stored: Stored
) -> Iterator[Change]:
    for key, row in wanted_of_kind.items():
        files = asset_differences(key, wanted, stored["asset"]) if kind == "lesson" else []
        yield from _change(kind, key, row, stored_of_kind.get(key), files)
    for key, row in stored_of_kind.items():
        if key not in wanted_of_kind and not row["archived"]:
            yield Change(
                "archived", kind, key, title_of(row), ("what students have done stays",) if kind == "lesson" else ()
            )


def _change(kind: Any, key: str, row: Row, stored: Row | None, files: list[str]) -> Iterator[Change]:
    if stored is None:
        yield Change("added", kind, key, title_of(row))
        return
    details = (*differences(stored, row), *files)
    if stored["archived"]:
        yield Change("restored", kind, key, title_of(row), details)
    elif details:
        yield Change("changed", kind, key, title_of(row), details)
