"""What a course folder wants the tables to hold: rows by their stable key, and the media files behind them."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .folder.fields import Texts
from .folder.files import CourseFile
from .folder.literals import language_name
from .folder.source import CourseSource, LessonSource, ModuleSource, TierSource
from .folder.webvtt import write_chapters
from .store import file_hash

Row = dict[str, Any]
Content = Path | bytes
COURSE_PLACE = "-"


@dataclass
class Wanted:
    """The rows of one course; assets by (place, name), the others by their key; `media` holds the bytes by hash."""

    course: Row
    tiers: dict[str, Row] = field(default_factory=dict)
    modules: dict[str, Row] = field(default_factory=dict)
    lessons: dict[str, Row] = field(default_factory=dict)
    assets: dict[tuple[str, str], Row] = field(default_factory=dict)
    media: dict[str, Content] = field(default_factory=dict)


def wanted_rows(source: CourseSource) -> Wanted:
    """Return the rows of `source`; reads every media file once to know its hash. Raises OSError when one is gone."""
    wanted = Wanted(_course_row(source))
    for position, tier in enumerate(source.tiers):
        wanted.tiers[tier.key] = _tier_row(tier, position)
    for module in source.modules:
        wanted.modules[module.key] = {
            "position": module.number,
            "texts": _json({"title": module.title, "summary": module.summary}),
        }
        for lesson in module.lessons:
            _add_lesson(wanted, lesson, module, source)
    _add_course_assets(wanted, source)
    wanted.course["content_hash"] = _hash(
        [wanted.course, wanted.tiers, wanted.modules, wanted.lessons, list(wanted.assets.values())]
    )
    return wanted


def _course_row(source: CourseSource) -> Row:
    texts = {"title": source.title, "summary": source.summary, "description": source.description}
    return {"slug": source.slug, "languages": ",".join(source.languages), "texts": _json(texts)}


def _tier_row(tier: TierSource, position: int) -> Row:
    texts = {"title": tier.title, "summary": tier.summary, "includes": list(tier.includes)}
    return {"position": position, "texts": _json(texts), "prices": _json(tier.prices), "access_days": tier.access_days}


def _add_lesson(wanted: Wanted, lesson: LessonSource, module: ModuleSource, source: CourseSource) -> None:
    assets = [
        _add_asset(wanted, lesson.slug, lesson.key, position, *asset)
        for position, asset in enumerate(_lesson_assets(lesson, source))
    ]
    texts = {"title": lesson.title, "summary": lesson.summary, "body": lesson.body}
    video = next((asset["sha256"] for asset in assets if asset["kind"] == "video"), None)
    row: Row = {
        "module": module.key,
        "slug": lesson.slug,
        "path": lesson.path,
        "position": lesson.number,
        "type": "video" if lesson.video else "text",
        "rule": lesson.rule,
        "threshold": lesson.threshold,
        "duration_ms": lesson.video.duration_ms if lesson.video else 0,
        "preview": lesson.preview,
        "required": lesson.required,
        "available": lesson.available,
        "tiers": _json(list(lesson.tiers)),
        "texts": _json(texts),
        "chapters": _json([{"at": chapter.at_ms, "title": chapter.title} for chapter in lesson.chapters]),
        "asset_rev": video or _hash(lesson.body),
    }
    row["content_hash"] = _hash([row, assets])
    wanted.lessons[lesson.key] = row


AssetTuple = tuple[str, str, Content, str, str, Texts]  # kind, path, content, mime, language, title


def _lesson_assets(lesson: LessonSource, source: CourseSource) -> Iterator[AssetTuple]:
    shown: set[str] = set()
    if lesson.video:
        yield _file_asset("video", lesson.video.file)
        shown.add(lesson.video.file.path)
        if lesson.video.poster:
            yield _file_asset("poster", lesson.video.poster)
            shown.add(lesson.video.poster.path)
        yield from _chapter_assets(lesson, lesson.video.duration_ms, source)
    for caption in lesson.captions:
        label = caption.label or language_name(caption.language) or caption.language
        yield _file_asset("caption", caption.file, caption.language, {caption.language: label})
    for attachment in lesson.attachments:
        yield _file_asset("attachment", attachment.file, attachment.language, attachment.title)
        shown.add(attachment.file.path)
    for file in lesson.linked:
        if file.path not in shown:
            yield _file_asset("image" if file.mime.startswith("image/") else "file", file)


def _chapter_assets(lesson: LessonSource, duration_ms: int, source: CourseSource) -> Iterator[AssetTuple]:
    for language in source.languages if lesson.chapters else ():
        text = write_chapters(lesson.chapters, duration_ms, language, source.languages[0])
        yield "chapters", f"{lesson.path}#chapters.{language}.vtt", text.encode(), "text/vtt", language, {}


def _add_course_assets(wanted: Wanted, source: CourseSource) -> None:
    assets = [_file_asset("cover", source.cover)] if source.cover else []
    assets += [_file_asset("image" if file.mime.startswith("image/") else "file", file) for file in source.linked]
    for position, asset in enumerate(assets):
        _add_asset(wanted, COURSE_PLACE, None, position, *asset)


def _file_asset(kind: str, file: CourseFile, language: str = "", title: Texts | None = None) -> AssetTuple:
    return kind, file.path, file.location, file.mime, language, title or {}


def _add_asset(
    wanted: Wanted,
    place: str,
    lesson: str | None,
    position: int,
    kind: str,
    path: str,
    content: Content,
    mime: str,
    language: str,
    title: Texts,
) -> Row:
    sha256 = file_hash(content)
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    name = asset_name(path, _hash([kind, language, path, sha256]))
    row: Row = {
        "lesson": lesson,
        "place": place,
        "name": name,
        "kind": kind,
        "path": path,
        "language": language,
        "texts": _json({"title": title}),
        "sha256": sha256,
        "mime": mime,
        "size": size,
        "position": position,
    }
    wanted.assets[place, name] = row
    wanted.media[sha256] = content
    return row


def asset_name(path: str, digest: str) -> str:
    """Return the name in the file's address: the readable part of its own name, a hash, its ending."""
    stem, _, ending = re.split(r"[/#]", path)[-1].rpartition(".")
    readable = re.sub(r"[^a-z0-9]+", "-", stem.lower()).strip("-")[:60] or "file"
    return f"{readable}-{digest[:10]}.{ending.lower()}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _hash(value: Any) -> str:
    return hashlib.sha256(_json(value).encode()).hexdigest()
