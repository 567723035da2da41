"""A course as its folder tells it: the checked, plain values that an import stores."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Texts
from .files import CourseFile


@dataclass(frozen=True)
class VideoSource:
    """The video of a lesson; its duration is read from the file, in milliseconds."""

    file: CourseFile
    poster: CourseFile | None
    duration_ms: int


@dataclass(frozen=True)
class CaptionSource:
    """A checked WebVTT file in one language."""

    language: str
    label: str
    file: CourseFile


@dataclass(frozen=True)
class ChapterSource:
    """The beginning of a chapter in the video."""

    at_ms: int
    title: Texts


@dataclass(frozen=True)
class AttachmentSource:
    """A file to download; `language` "" means for everybody."""

    title: Texts
    file: CourseFile
    language: str


@dataclass(frozen=True)
class LessonSource:
    """One lesson; `number` orders it in its module, `linked` are the files that its text shows and links to."""

    key: str
    slug: str
    path: str
    number: int
    title: Texts
    summary: Texts
    body: Texts
    video: VideoSource | None
    captions: tuple[CaptionSource, ...]
    chapters: tuple[ChapterSource, ...]
    attachments: tuple[AttachmentSource, ...]
    linked: tuple[CourseFile, ...]
    rule: str
    threshold: int
    preview: bool
    required: bool
    tiers: tuple[str, ...]
    available: str


@dataclass(frozen=True)
class ModuleSource:
    """A folder of lessons; `number` orders it in the course."""

    key: str
    path: str
    number: int
    title: Texts
    summary: Texts
    lessons: tuple[LessonSource, ...]


@dataclass(frozen=True)
class TierSource:
    """One way to buy; `prices` maps the currency to the exact amount."""

    key: str
    title: Texts
    summary: Texts
    includes: tuple[Texts, ...]
    prices: dict[str, str]
    access_days: int | None


@dataclass(frozen=True)
class CourseSource:
    """A whole course, `languages` with the main one first; `linked` are the files that the description uses."""

    key: str
    slug: str
    languages: tuple[str, ...]
    title: Texts
    summary: Texts
    description: Texts
    cover: CourseFile | None
    tiers: tuple[TierSource, ...]
    modules: tuple[ModuleSource, ...]
    linked: tuple[CourseFile, ...]

    @property
    def lessons(self) -> tuple[LessonSource, ...]:
        """All lessons in order."""
        return tuple(lesson for module in self.modules for lesson in module.lessons)
