"""Splits a Markdown file into its front matter (YAML between two lines of ---) and its text."""

from __future__ import annotations

from dataclasses import dataclass

from .mistakes import Place, Report
from .yamltree import Mapping, parse_yaml

_FENCE = "---"


@dataclass(frozen=True)
class Page:
    """A file in two parts; `body_line` is the line of the file on which the text begins."""

    front: Mapping
    body: str
    body_line: int


def has_front_matter(text: str) -> bool:
    """Tell whether the text begins with the fence of front matter."""
    return text.split("\n", 1)[0].rstrip() == _FENCE


def split_page(text: str, file: str, report: Report) -> Page | None:
    """Split and parse; returns None after reporting missing, unclosed or wrong front matter."""
    if not has_front_matter(text):
        report.error(
            "no-front-matter",
            Place(file, 1),
            "the file does not begin with front matter",
            "Begin it with a line '---', then 'id:' and 'title:', then another line '---'.",
        )
        return None
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == _FENCE), None)
    if end is None:
        report.error("no-front-matter", Place(file, 1), "the front matter is not closed", "End it with a line '---'.")
        return None
    front = parse_yaml("\n".join(lines[1:end]) + "\n", file, report, first_line=2)
    return Page(front, "\n".join(lines[end + 1 :]), end + 2) if front is not None else None
