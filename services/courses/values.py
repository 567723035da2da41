"""What the catalogue answers with: frozen plain values in one language, safe to keep after the database is closed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


def course_tag(course_id: int) -> str:
    """The tag of everything in the cache that is made of one course; an import deletes it, to make room."""
    return f"course:{course_id}"


@dataclass(frozen=True)
class LessonInfo:
    """A lesson in the list of a course. Durations in milliseconds (0 for text), `threshold` in percent, `index` from 0.

    `key` is the author's stable id; `asset_rev` changes when watched seconds must start afresh. `tiers` are the keys of
    the tiers that include it (empty: all), `available` is "now", "+7d", "+12h" or an ISO moment. An archived lesson is
    only found by its id.
    """

    id: int
    key: str
    course_id: int
    course_slug: str
    slug: str
    title: str
    module_title: str
    index: int
    type: Literal["video", "text"]
    rule: Literal["watch", "read", "button"]
    threshold: int
    duration_ms: int
    preview: bool
    required: bool
    asset_rev: str
    summary: str = ""
    tiers: tuple[str, ...] = ()
    available: str = "now"
    archived: bool = False


@dataclass(frozen=True)
class ModuleInfo:
    """A module with its lessons in order."""

    id: int
    key: str
    title: str
    lessons: tuple[LessonInfo, ...]
    summary: str = ""


@dataclass(frozen=True)
class TierInfo:
    """One way to buy: `prices` maps an ISO 4217 currency to the amount ("2900.00"); `access_days` None: no end."""

    key: str
    title: str
    includes: tuple[str, ...]
    prices: dict[str, str]
    access_days: int | None
    id: int = 0
    summary: str = ""


@dataclass(frozen=True)
class CourseInfo:
    """A course with everything its page needs; `languages` are those it is written in, the main one first; `language` was asked for."""

    id: int
    key: str
    slug: str
    title: str
    summary: str
    description_html: str
    languages: tuple[str, ...]
    cover_url: str | None
    modules: tuple[ModuleInfo, ...]
    tiers: tuple[TierInfo, ...]
    lesson_count: int
    duration_ms: int
    revision: str = ""
    language: str = ""

    @property
    def cache_key(self) -> tuple[int, str, str] | None:
        """What is another one whenever anything of the course is, as each import that changes something makes a new revision; None for a
        course that does not know its own.
        """
        return (self.id, self.revision, self.language) if self.revision and self.language else None

    @property
    def cache_tag(self) -> str:
        """The tag of what is kept of this course."""
        return course_tag(self.id)

    @property
    def lessons(self) -> tuple[LessonInfo, ...]:
        """All lessons in order."""
        return tuple(lesson for module in self.modules for lesson in module.lessons)


@dataclass(frozen=True)
class Caption:
    """A WebVTT track; `label` is the language's own name unless the author gave another."""

    lang: str
    label: str
    url: str


@dataclass(frozen=True)
class Chapter:
    """A part of a video, from `at_ms` to the next chapter."""

    at_ms: int
    title: str


@dataclass(frozen=True)
class Attachment:
    """A file to download, `size` in bytes."""

    title: str
    url: str
    size: int
    filename: str = ""


@dataclass(frozen=True)
class LessonPage:
    """A lesson with everything its page needs; `body_language` is the language that the text is really in."""

    lesson: LessonInfo
    body_html: str
    video_url: str | None
    video_type: str
    poster_url: str | None
    captions: tuple[Caption, ...]
    chapters: tuple[Chapter, ...]
    chapters_url: str | None
    attachments: tuple[Attachment, ...]
    previous: LessonInfo | None
    next: LessonInfo | None
    body_language: str = "en"
