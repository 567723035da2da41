"""WebVTT: checks caption files line by line, and writes chapter files (W3C WebVTT)."""

from __future__ import annotations

import re

from .literals import format_time
from .mistakes import Place, Report
from .source import ChapterSource

_TIME = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_TIMING = re.compile(rf"{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t]+.*)?", re.ASCII)
_REMEDY = "Write 00:01.000 --> 00:04.000 (minutes, seconds, thousandths)."
_END_TOLERANCE_MS = 1000


def check_captions(text: str, file: str, duration_ms: int, report: Report) -> None:
    """Report what is wrong in a caption file of a video of `duration_ms` (0: unknown)."""
    lines = text.split("\n")
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]):
        report.error("bad-vtt", Place(file, 1), "a caption file must begin with WEBVTT", "Make the first line WEBVTT.")
        return
    previous, cues = 0, 0
    for number, block in _blocks(lines):
        if not re.match(r"(?:NOTE|STYLE|REGION)(?:[ \t]|$)", block[0]):
            previous = _check_cue(number, block, previous, duration_ms, file, report)
            cues += 1
    if not cues:
        report.error("bad-vtt", Place(file), "there are no captions in the file")


def write_chapters(chapters: tuple[ChapterSource, ...], duration_ms: int, language: str, main: str) -> str:
    """Return a WebVTT chapters file in `language`, each chapter lasting until the next; `main` stands in for gaps."""
    ends = [chapter.at_ms for chapter in chapters[1:]] + [duration_ms]
    cues = []
    for chapter, end in zip(chapters, ends, strict=True):
        title = chapter.title.get(language) or chapter.title.get(main) or next(iter(chapter.title.values()), "")
        cues.append(f"{_stamp(chapter.at_ms)} --> {_stamp(end)}\n{_one_line(title)}\n")
    return "\n".join(["WEBVTT\n", *cues])


def _blocks(lines: list[str]) -> list[tuple[int, list[str]]]:
    """Return (line number, lines) of the blocks after the header; empty lines part them."""
    blocks: list[tuple[int, list[str]]] = []
    open_block = True  # the header's own lines
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            open_block = False
        elif open_block and blocks:
            blocks[-1][1].append(line)
        elif not open_block:
            blocks.append((number, [line]))
            open_block = True
        elif "-->" in line:
            blocks.append((number, [line]))
    return blocks


def _check_cue(number: int, block: list[str], previous: int, duration_ms: int, file: str, report: Report) -> int:
    """Check one cue and return when it begins."""
    at = 0 if "->" in block[0] else 1  # else a cue identifier stands first
    timing = _TIMING.fullmatch(block[at].strip()) if len(block) > at else None
    place = Place(file, number + min(at, len(block) - 1))
    if timing is None:
        report.error("bad-vtt", place, "the times of this caption cannot be read", _REMEDY)
        return previous
    start, end = _milliseconds(timing.groups()[:4]), _milliseconds(timing.groups()[4:])
    if end <= start:
        report.error("bad-vtt", place, "the caption ends before it begins")
    if start < previous:
        report.error("bad-vtt", place, "the caption begins before the one above it", "Sort the captions by time.")
    if duration_ms and end > duration_ms + _END_TOLERANCE_MS:
        report.error("bad-vtt", place, f"the caption ends after the video ({format_time(duration_ms)})")
    _check_cue_text(block[at + 1 :], place, report)
    return start


def _check_cue_text(text: list[str], timing: Place, report: Report) -> None:
    if not text:
        report.error("bad-vtt", timing, "the caption has no text")
    for offset, line in enumerate(text, 1):
        if "-->" in line:
            place = Place(timing.file, timing.line + offset)
            report.error(
                "bad-vtt", place, "an empty line is missing before this caption", "Part captions by an empty line."
            )


def _milliseconds(parts: tuple[str | None, ...]) -> int:
    hours, minutes, seconds, thousandths = (int(part or 0) for part in parts)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + thousandths


def _stamp(milliseconds: int) -> str:
    seconds, thousandths = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{thousandths:03}"


def _one_line(title: str) -> str:
    return " ".join(title.replace("-->", "→").replace("&", "&amp;").replace("<", "&lt;").split())
