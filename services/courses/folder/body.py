"""Checks the Markdown of a lesson or a description: no raw HTML, safe links, files that exist, pictures with words."""

from __future__ import annotations

from collections.abc import Iterable

from .. import markdown
from .files import ATTACHMENTS, IMAGES, CourseFile
from .mistakes import Place
from .reading import Reading
from .yamltree import Scalar

Text = tuple[str, Place]


def check_body(reading: Reading, base: str, texts: Iterable[Text]) -> tuple[CourseFile, ...]:
    """Check texts, each with the place of its first line; links are relative to the file `base`. Return their files."""
    linked: dict[str, CourseFile] = {}
    for text, start in texts:
        for line in markdown.find_raw_html(text):
            reading.report.error(
                "raw-html",
                _at(start, line),
                "raw HTML is not shown",
                "Write it in Markdown, or put `code` marks around it.",
            )
        for link in markdown.find_links(text):
            found = _check_link(reading, base, link, _at(start, link.line))
            if found is not None:
                linked[found.path] = found
    return tuple(linked.values())


def _check_link(reading: Reading, base: str, link: markdown.Link, place: Place) -> CourseFile | None:
    if link.image and not link.label:
        reading.report.warning(
            "no-alt-text",
            place,
            "the picture has no words for those who cannot see it",
            "Write ![what it shows](file).",
        )
    if not markdown.is_safe(link.target):
        reading.report.error(
            "bad-link",
            place,
            f"the link '{link.target[:80]}' is not allowed",
            "Use http, https, mailto, or a path in the course.",
        )
        return None
    if not markdown.is_local(link.target):
        if link.image:
            reading.report.error(
                "bad-link", place, "a picture from another site is not allowed", "Put it into the course folder."
            )
        return None
    return _find_target(reading, base, link, place)


def _find_target(reading: Reading, base: str, link: markdown.Link, place: Place) -> CourseFile | None:
    path = markdown.local_path("", link.target)
    if not path:
        return None  # "#part" of the same page
    reference = Scalar(path, "str", place)
    if path.endswith(".md") and not link.image:
        reading.files.resolve(path, place, base)
        return None  # another lesson: it becomes a link to its page
    return reading.files.find(reference, base, IMAGES if link.image else ATTACHMENTS)


def _at(start: Place, line: int) -> Place:
    return Place(start.file, start.line + line - 1)
