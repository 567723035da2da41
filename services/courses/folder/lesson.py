"""Reads one lesson: its front matter, its text in each language, and the files it uses."""

from __future__ import annotations

from dataclasses import dataclass

from .body import Text, check_body
from .completion import read_completion
from .fields import Fields
from .files import ATTACHMENTS
from .frontmatter import Page, has_front_matter, split_page
from .literals import is_slug, language_name
from .mistakes import Place
from .openings import read_available, read_tier_list
from .reading import Reading
from .source import AttachmentSource, LessonSource
from .video import read_captions, read_chapters, read_video, warn_about_captions

LESSON_KEYS = (
    "id",
    "title",
    "slug",
    "summary",
    "video",
    "captions",
    "chapters",
    "attachments",
    "complete",
    "preview",
    "required",
    "tiers",
    "available",
)
ATTACHMENT_KEYS = ("src", "title", "lang")


@dataclass(frozen=True)
class Defaults:
    """What a lesson takes from its module unless it says otherwise."""

    available: str
    tiers: tuple[str, ...]


def read_lesson(reading: Reading, path: str, number: int, defaults: Defaults) -> LessonSource | None:
    """Read the lesson in the file `path`, whose name begins with `number`; None without readable front matter."""
    text = reading.files.read_text(path)
    page = split_page(text, path, reading.report) if text is not None else None
    if page is None:
        return None
    fields = Fields(page.front, LESSON_KEYS, reading.report)
    key, slug = fields.identifier(), _read_slug(fields, path, reading)
    if key is not None:
        reading.claim("lesson id", key, fields.place_of("id"))
    title = fields.texts("title", reading.languages, required=True)
    summary = fields.texts("summary", reading.languages)
    video = read_video(fields, path, reading)
    length = video.duration_ms if video else 0
    captions, chapters = read_captions(fields, path, length, reading), read_chapters(fields, length, reading)
    preview = fields.flag("preview", False)
    if "video" in fields and not preview:
        warn_about_captions(fields, captions, reading)
    texts = _read_bodies(reading, path, page)
    if "video" not in fields and not texts:
        reading.report.error("no-text", Place(path, page.body_line), "the lesson has neither a video nor a text")
    rule, threshold = read_completion(fields, is_video="video" in fields)
    return LessonSource(
        key=key or "",
        slug=slug,
        path=path,
        number=number,
        title=title,
        summary=summary,
        video=video,
        captions=captions,
        chapters=chapters,
        body={language: text for language, (text, _) in texts.items()},
        attachments=_read_attachments(fields, path, reading),
        linked=check_body(reading, path, texts.values()),
        rule=rule,
        threshold=threshold,
        preview=preview,
        required=fields.flag("required", True),
        tiers=read_tier_list(fields, reading, defaults.tiers),
        available=read_available(fields) or defaults.available,
    )


def _read_slug(fields: Fields, path: str, reading: Reading) -> str:
    slug, place = fields.slug(), fields.place_of("slug")
    if slug is None and "slug" not in fields:
        slug, place = path.rpartition("/")[2].partition("-")[2].removesuffix(".md"), Place(path)
        if not is_slug(slug):
            reading.report.error(
                "bad-slug",
                Place(path),
                f"the file's name '{slug[:80]}' cannot be part of an address",
                "Rename it (a-z, 0-9, '-') or add 'slug:'.",
            )
    if slug:
        reading.claim("lesson slug", slug, place)
    return slug or ""


def _read_bodies(reading: Reading, path: str, page: Page) -> dict[str, Text]:
    """Return the texts by language, each with the place of its first line."""
    texts: dict[str, Text] = {}
    if page.body.strip():
        texts[reading.main_language] = (page.body, Place(path, page.body_line))
    for language in reading.languages[1:]:
        other = f"{path.removesuffix('.md')}.{language}.md"
        body = reading.files.read_text(other) if other in reading.files.files else None
        if body is not None and has_front_matter(body):
            reading.report.error(
                "translation-front-matter",
                Place(other, 1),
                "a text in another language has no front matter",
                f"Keep the front matter in {path} only.",
            )
        elif body is not None and body.strip():
            texts[language] = (body, Place(other, 1))
    for language in reading.languages:
        if texts and language not in texts:
            reading.report.warning(
                "missing-language",
                Place(path),
                f"the lesson has no text in {language_name(language)} ({language})",
                f"Write {path.removesuffix('.md')}.{language}.md." if language != reading.main_language else "",
            )
    return texts


def _read_attachments(fields: Fields, path: str, reading: Reading) -> tuple[AttachmentSource, ...]:
    attachments: dict[str, AttachmentSource] = {}
    for item in fields.mappings("attachments", ATTACHMENT_KEYS):
        source = item.scalar("src", required=True)
        title = item.texts("title", [item.text("lang") or ""] if "lang" in item else reading.languages, required=True)
        language = item.choice("lang", reading.languages) if reading.languages else item.text("lang")
        file = reading.files.find(source, path, ATTACHMENTS) if source else None
        if file is None or source is None:
            continue
        if file.path in attachments:
            reading.report.error("duplicate-file", source.place, f"'{file.path}' is attached twice", "Keep one.")
        attachments[file.path] = AttachmentSource(title, file, language or "")
    return tuple(attachments.values())
