"""Reads what belongs to a video: the file and its length, captions, chapters."""

from __future__ import annotations

from .durations import NotAVideo, read_duration_ms
from .fields import Fields
from .files import CAPTIONS, IMAGES, VIDEOS, CourseFile
from .literals import TIME_RULE, format_time, language_name, parse_time
from .mistakes import Place
from .reading import Reading
from .source import CaptionSource, ChapterSource, VideoSource
from .webvtt import check_captions
from .yamltree import Mapping

VIDEO_KEYS = ("src", "poster", "duration")
CAPTION_KEYS = ("lang", "src", "label")
CHAPTER_KEYS = ("at", "title")
_TOLERANCE_MS = 1000


def read_video(fields: Fields, path: str, reading: Reading) -> VideoSource | None:
    """Return the video of a lesson, or None when there is none or it has a mistake."""
    node = fields.node("video")
    if node is None:
        return None
    if not isinstance(node, Mapping):
        reading.report.error(
            "wrong-type", node.place, "'video' must be keys and values", "Write 'video: {src: hello.webm}'."
        )
        return None
    video = Fields(node, VIDEO_KEYS, reading.report)
    source, poster = video.scalar("src", required=True), video.scalar("poster")
    poster_file = reading.files.find(poster, path, IMAGES) if poster else None
    file = reading.files.find(source, path, VIDEOS) if source else None
    duration = _read_duration(video, file, source.place, reading) if file and source else None
    return VideoSource(file, poster_file, duration) if file and duration else None


def _read_duration(video: Fields, file: CourseFile, place: Place, reading: Reading) -> int | None:
    written = _read_time(video, "duration")
    try:
        found = read_duration_ms(file.location)
    except (NotAVideo, OSError) as problem:
        reading.report.error(
            "bad-video", place, f"'{file.path}' cannot be used: {problem}", "Convert it to WebM or MP4."
        )
        return None
    if found is None and "duration" not in video:
        reading.report.error(
            "no-duration",
            place,
            f"the length of '{file.path}' cannot be read from the file",
            "Add 'duration: m:ss' beside 'src', or convert the video to WebM or MP4.",
        )
    elif found is not None and written is not None and abs(found - written) > _TOLERANCE_MS:
        reading.report.error(
            "wrong-duration",
            video.place_of("duration"),
            f"the video is {format_time(found)} long, not {format_time(written)}",
            "Correct or remove 'duration'.",
        )
    return found or written


def read_captions(fields: Fields, path: str, duration_ms: int, reading: Reading) -> tuple[CaptionSource, ...]:
    """Return the checked captions of a lesson."""
    captions: dict[str, CaptionSource] = {}
    _needs_video(fields, "captions")
    for item in fields.mappings("captions", CAPTION_KEYS):
        language, source = item.scalar("lang", required=True), item.scalar("src", required=True)
        file = reading.files.find(source, path, CAPTIONS) if source else None
        text = reading.files.read_text(file.path) if file else None
        if file and text is not None:
            check_captions(text, file.path, duration_ms, reading.report)
        if language is None or file is None:
            continue
        if language_name(language.text) is None:
            reading.report.error(
                "unknown-language",
                language.place,
                f"'{language.text[:80]}' is not a language code",
                "Such as en or ru.",
            )
        elif language.text in captions:
            reading.report.error(
                "duplicate-key", language.place, f"there are two captions in '{language.text}'", "Keep one."
            )
        else:
            captions[language.text] = CaptionSource(language.text, item.text("label") or "", file)
    return tuple(captions.values())


def read_chapters(fields: Fields, duration_ms: int, reading: Reading) -> tuple[ChapterSource, ...]:
    """Return the chapters of a video; they must begin at 0:00, rise, and lie within `duration_ms` (0: unknown)."""
    chapters: list[ChapterSource] = []
    _needs_video(fields, "chapters")
    for item in fields.mappings("chapters", CHAPTER_KEYS):
        at = _read_time(item, "at", required=True)
        title = item.texts("title", reading.languages, required=True)
        if at is None:
            continue
        _check_chapter(at, chapters, duration_ms, item.place_of("at"), reading)
        chapters.append(ChapterSource(at, title))
    return tuple(chapters)


def warn_about_captions(fields: Fields, captions: tuple[CaptionSource, ...], reading: Reading) -> None:
    """Warn when a video that people pay for has no captions in a language of the course."""
    captioned = {caption.language for caption in captions}
    if not reading.paid or "video" not in fields:
        return
    for language in reading.languages:
        if language not in captioned:
            reading.report.warning(
                "no-captions",
                fields.place_of("video"),
                f"a paid video has no captions in {language_name(language)} ({language})",
                f"Add 'captions: [{{lang: {language}, src: ...}}]'.",
            )


def _check_chapter(at: int, before: list[ChapterSource], duration_ms: int, place: Place, reading: Reading) -> None:
    if not before and at:
        reading.report.error("bad-chapters", place, "the first chapter must begin at 0:00")
    if before and at <= before[-1].at_ms:
        reading.report.error(
            "bad-chapters",
            place,
            f"the chapter does not begin after the one above it ({format_time(before[-1].at_ms)})",
            "Sort the chapters by time.",
        )
    if duration_ms and at >= duration_ms:
        reading.report.error(
            "bad-chapters", place, f"the chapter begins after the end of the video ({format_time(duration_ms)})"
        )


def _read_time(fields: Fields, key: str, *, required: bool = False) -> int | None:
    found = fields.scalar(key, required=required)
    time = parse_time(found.text) if found else None
    if found and (time is None or (key == "duration" and time == 0)):
        fields.report.error("bad-time", found.place, f"'{found.text[:80]}' is not a time", f"Write {TIME_RULE}.")
        return None
    return time


def _needs_video(fields: Fields, key: str) -> None:
    if key in fields and "video" not in fields:
        fields.report.error(
            "needs-video", fields.place_of(key), f"'{key}' needs a video", "Add 'video: {src: ...}' or remove it."
        )
