"""docs/course-format.md names every key and every code of a mistake that the reader knows, and no other code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from studium.services.courses.folder import course, files, lesson, module

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "course-format.md").read_text(encoding="utf-8")


def test_every_code_of_a_mistake_is_documented_and_exists() -> None:
    code = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "services/courses/folder").glob("*.py"))
    known = set(re.findall(r'(?:error|warning)\(\s*"([a-z-]+)"', code)) | {"duplicate-slug", "duplicate-id"}
    section = PAGE.partition("## Mistakes")[2].partition("Errors:")[2]

    assert set(re.findall(r"`([a-z]+(?:-[a-z]+)+|encoding|symlink|unreadable)`", section)) == known


KEYS = {*course.COURSE_KEYS, *course.TIER_KEYS, *module.MODULE_KEYS, *lesson.LESSON_KEYS}


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_key_is_documented(key: str) -> None:
    assert f"`{key}`" in PAGE


def test_every_file_ending_is_documented() -> None:
    endings = {*files.VIDEOS, *files.IMAGES, *files.CAPTIONS, *files.DOCUMENTS}

    assert [ending for ending in sorted(endings) if f"`{ending}`" not in PAGE] == []
