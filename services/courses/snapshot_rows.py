"""Reads the rows of one course, all of the same revision, without an object for each: that would take ten times as long."""

from __future__ import annotations

import json
import uuid
from typing import Any

from studium.core.database import query

from .snapshot import CourseSnapshot

Row = dict[str, Any]
COURSE = "id key slug languages texts revision"
OF_COURSE = {
    "module": "id key position texts archived",
    "lesson": "id module key slug path position type rule threshold duration_ms preview required available tiers texts chapters asset_rev "
              "archived",
    "tier": "id key position texts prices access_days archived",
    "asset": "lesson place name kind path language texts mime size position archived",
}
JSON_COLUMNS = ("texts", "prices", "chapters", "tiers")
YES_OR_NO = ("archived", "preview", "required")
TRIES = 3


def load_snapshot(course_id: int, revision: str) -> CourseSnapshot:
    """Read a course that had this revision a moment ago with a constant number of queries; needs an open reading() or transaction().

    Each query sees what is committed by then, so the course comes last: after an import in between it has another revision, and all is
    read again. Where it will not stand still, the snapshot has a revision that no stored course has, and is not remembered.
    """
    for _attempt in range(TRIES):
        snapshot = _read(course_id)
        if snapshot.revision == revision:
            return snapshot
        revision = snapshot.revision
    snapshot.course["revision"] = uuid.uuid4().hex
    return snapshot


def _read(course_id: int) -> CourseSnapshot:
    modules, lessons, tiers, assets = (_rows(table, columns, "course", course_id) for table, columns in OF_COURSE.items())
    course = _rows("course", COURSE, "id", course_id)[0]
    order = {module["id"]: module["position"] for module in modules}
    return CourseSnapshot(
        course,
        sorted(modules, key=lambda row: row["position"]),
        sorted(lessons, key=lambda row: (row["archived"], order[row["module"]], row["position"])),
        sorted(tiers, key=lambda row: row["position"]),
        sorted((row for row in assets if not row["archived"]), key=lambda row: row["position"]),
    )


def _rows(table: str, columns: str, where: str, course_id: int) -> list[Row]:
    names = columns.split()
    listed = ", ".join(f'"{name}"' for name in names)
    found = query(f'SELECT {listed} FROM "{table}" WHERE "{where}" = ? ORDER BY "id"', (course_id,))
    return [_plain(dict(zip(names, row, strict=True))) for row in found]


def _plain(row: Row) -> Row:
    """Decode the JSON columns; databases without a type for yes and no give 0 and 1."""
    row |= {name: json.loads(row[name]) for name in JSON_COLUMNS if name in row}
    return row | {name: bool(row[name]) for name in YES_OR_NO if name in row}
