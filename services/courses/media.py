"""Finds the file behind an address /media/<course>/<place>/<name>; `place` is a lesson's slug or "-" (the course)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studium.core.database import reading

from . import entities
from .store import media_store

COURSE_PLACE = "-"


@dataclass(frozen=True)
class Asset:
    """A stored file; its bytes never change under one name. `lesson_id` None means that it belongs to the course page.

    `kind` is video, poster, caption, chapters, image, attachment or cover; `filename` is the author's name for saving.
    """

    path: Path
    mime: str
    size: int
    sha256: str
    lesson_id: int | None = None
    kind: str = "attachment"
    filename: str = ""
    archived: bool = False


def find_asset(course_slug: str, lesson_slug: str, name: str) -> Asset | None:
    """Return the file at this address, or None. Whoever serves it asks first whether the user may watch `lesson_id`.

    A file that a later import replaced is still found (`archived`), so that nobody's video breaks while they watch.
    """
    with reading():
        row = entities.Asset.get(
            lambda asset: asset.course.slug == course_slug and asset.place == lesson_slug and asset.name == name
        )
        if row is None:
            return None
        lesson_id = row.lesson.id if row.lesson else None
        filename = row.path.rpartition("/")[2]
        return Asset(
            media_store().path(row.sha256), row.mime, row.size, row.sha256, lesson_id, row.kind, filename, row.archived
        )
