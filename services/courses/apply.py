"""Imports a checked course: media files first, each whole and durable, then all rows in one transaction.

A process killed at any line leaves the site with the old course or the new one, never with a mixture; at worst a media
file lies unused until the next import needs it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from pony.orm import flush

from studium.core.clock import now
from studium.core.database import after_commit, transaction
from studium.core.logs import get_logger
from studium.services.cache import cache

from .entities import Asset, Course, Lesson, Module, Tier
from .folder.source import CourseSource
from .plan import ImportRefused, Plan, compare, make_plan
from .rows import Row, Wanted
from .store import MediaStore
from .values import course_tag

log = get_logger(__name__)


def import_course(source: CourseSource, store: MediaStore) -> Plan:
    """Bring the site to what the folder says and return what was done; nothing when it was so already.

    Safe to repeat, and while students watch. Raises ImportRefused, or MediaChanged when a file changes meanwhile.
    """
    wanted = make_plan(source).wanted
    store.remove_stale_partials()
    for sha256, content in wanted.media.items():
        store.put(content, sha256)
    with transaction():
        plan = compare(source.key, wanted)  # again: another import may have come first
        if plan.differs:
            _write(source.key, wanted)
    log.info("course_imported", course=source.key, changes=len(plan.changes))
    return plan


def archive_course(key: str) -> bool:
    """Take a course off the site, keeping everything; False when it is archived already. Importing it restores it."""
    with transaction():
        course = Course.get(key=key)
        if course is None:
            raise ImportRefused(f"There is no course '{key}'. See: studium course list")
        if course.archived:
            return False
        course.set(archived=True, slug=f"{course.slug}~{course.id}", revision=_new_revision(), updated_at=now())
        _forget_after_commit(course.id)
    log.info("course_archived", course=key)
    return True


def _write(key: str, wanted: Wanted) -> None:
    course = _write_course(key, wanted.course)
    _write_all(Tier, course, wanted.tiers)
    _write_all(Module, course, wanted.modules)
    _write_lessons(course, wanted.lessons)
    _write_assets(course, wanted.assets)
    _forget_after_commit(course.id)


def _forget_after_commit(course_id: int) -> None:
    """What is kept of the last revision gives its place back. If the process dies before, nobody asks for it any more either."""
    after_commit(lambda: cache().delete_tag(course_tag(course_id)))


def _write_course(key: str, row: Row) -> Any:
    course = Course.get(key=key)
    values = row | {"archived": False, "revision": _new_revision(), "updated_at": now()}
    if course is None:
        return Course(key=key, created_at=now(), **values)
    course.set(**values)
    return course


def _write_all(entity: Any, course: Any, rows: Mapping[str, Row]) -> None:
    stored = {row.key: row for row in entity.select(lambda row: row.course == course)}
    for key, row in rows.items():
        if key in stored:
            stored[key].set(archived=False, **row)
        else:
            entity(course=course, key=key, archived=False, **row)
    for key in stored.keys() - rows.keys():
        stored[key].archived = True


def _write_lessons(course: Any, rows: Mapping[str, Row]) -> None:
    modules = {module.key: module for module in Module.select(lambda module: module.course == course)}
    stored = {lesson.key: lesson for lesson in Lesson.select(lambda lesson: lesson.course == course)}
    _park_slugs(stored, rows)
    for key, row in rows.items():
        values = row | {"module": modules[row["module"]], "archived": False}
        if key not in stored:
            Lesson(course=course, key=key, created_at=now(), updated_at=now(), **values)
        elif stored[key].archived or stored[key].content_hash != row["content_hash"] or stored[key].slug != row["slug"]:
            stored[key].set(updated_at=now(), **values)


def _park_slugs(stored: Mapping[str, Any], rows: Mapping[str, Row]) -> None:
    """Archive what is gone, and free the slugs that change hands: they are unique in a course at every moment."""
    for key, lesson in stored.items():
        if key not in rows and not lesson.archived:
            lesson.set(archived=True, slug=f"{lesson.slug}~{lesson.id}", updated_at=now())
        elif key in rows and lesson.slug != rows[key]["slug"]:
            lesson.slug = f"~{lesson.id}"
    flush()


def _write_assets(course: Any, rows: Mapping[tuple[str, str], Row]) -> None:
    lessons = {lesson.key: lesson for lesson in Lesson.select(lambda lesson: lesson.course == course)}
    stored = {(asset.place, asset.name): asset for asset in Asset.select(lambda asset: asset.course == course)}
    for identity, row in rows.items():
        values = row | {"lesson": lessons[row["lesson"]] if row["lesson"] else None, "archived": False}
        if identity in stored:
            stored[identity].set(**values)
        else:
            Asset(course=course, **values)
    for identity in stored.keys() - rows.keys():
        stored[identity].archived = True


def _new_revision() -> str:
    return uuid.uuid4().hex
