"""The stored catalogue: courses, modules, lessons, tiers and their media files.

`key` is the author's stable id and never changes; progress and enrolments hang on the row that carries it. Rows are
archived when they leave the course folder, never deleted. `texts` are JSON objects {field: {language: text}}.
Pony would fetch each long text by a query of its own; `lazy=False` keeps them in the row.
"""

from __future__ import annotations

from datetime import datetime

from pony.orm import LongStr, Optional, PrimaryKey, Required, Set, composite_index, composite_key

from studium.core.database import db


class Course(db.Entity):  # type: ignore[misc]
    """A course as last imported; `revision` is new after every import that changed anything: caches key on it."""

    _table_ = "course"
    id = PrimaryKey(int, auto=True)
    key = Required(str, 64, unique=True)
    slug = Required(str, 100, unique=True)
    languages = Required(str, 200)
    texts = Required(LongStr, lazy=False)
    revision = Required(str, 32)
    content_hash = Required(str, 64)
    archived = Required(bool)
    created_at = Required(datetime)
    updated_at = Required(datetime)
    modules = Set("Module")
    lessons = Set("Lesson")
    tiers = Set("Tier")
    assets = Set("Asset")


class Module(db.Entity):  # type: ignore[misc]
    """A chapter of a course: a folder of lessons."""

    _table_ = "module"
    id = PrimaryKey(int, auto=True)
    course = Required(Course, column="course")
    key = Required(str, 64)
    position = Required(int)
    texts = Required(LongStr, lazy=False)
    archived = Required(bool)
    lessons = Set("Lesson")
    composite_key(course, key)


class Lesson(db.Entity):  # type: ignore[misc]
    """One lesson. The server owns `duration_ms` (0 for text); a new `asset_rev` makes watched seconds start afresh.

    `tiers` is a JSON list of tier keys, `chapters` a JSON list of {at, title}, `path` its file in the course folder.
    An archived lesson's slug carries "~<id>", so that another lesson may take the slug.
    """

    _table_ = "lesson"
    id = PrimaryKey(int, auto=True)
    course = Required(Course, column="course")
    module = Required(Module, column="module", index="idx_lesson__module")
    key = Required(str, 64)
    slug = Required(str, 100)
    path = Required(str)
    position = Required(int)
    type = Required(str, 16)
    rule = Required(str, 16)
    threshold = Required(int)
    duration_ms = Required(int, size=64)
    preview = Required(bool)
    required = Required(bool)
    available = Required(str, 40)
    tiers = Required(LongStr, lazy=False)
    texts = Required(LongStr, lazy=False)
    chapters = Required(LongStr, lazy=False)
    asset_rev = Required(str, 64)
    content_hash = Required(str, 64)
    archived = Required(bool)
    created_at = Required(datetime)
    updated_at = Required(datetime)
    assets = Set("Asset")
    composite_key(course, key)
    composite_key(course, slug)


class Tier(db.Entity):  # type: ignore[misc]
    """One way to buy a course; `prices` is a JSON object {currency: amount with exactly its decimals}."""

    _table_ = "tier"
    id = PrimaryKey(int, auto=True)
    course = Required(Course, column="course")
    key = Required(str, 64)
    position = Required(int)
    texts = Required(LongStr, lazy=False)
    prices = Required(LongStr, lazy=False)
    access_days = Optional(int)
    archived = Required(bool)
    composite_key(course, key)


class Asset(db.Entity):  # type: ignore[misc]
    """A media file at /media/<course>/<place>/<name>; `place` is the lesson's slug, or "-" for the course itself.

    The name carries a hash of the content, so one address never changes its bytes; a replaced file is archived and
    stays reachable for those who are watching it. The bytes lie in the media store under `sha256`.
    """

    _table_ = "asset"
    id = PrimaryKey(int, auto=True)
    course = Required(Course, column="course")
    lesson = Optional(Lesson, column="lesson", index="idx_asset__lesson")
    place = Required(str, 100)
    name = Required(str, 120)
    kind = Required(str, 16)
    path = Required(str)
    language = Optional(str, 20)
    texts = Required(LongStr, lazy=False)
    sha256 = Required(str, 64)
    mime = Required(str, 100)
    size = Required(int, size=64)
    position = Required(int)
    archived = Required(bool)
    composite_key(course, place, name)
    composite_index(course, archived)


ENTITIES = [Course, Module, Lesson, Tier, Asset]
