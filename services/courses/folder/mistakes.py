"""Mistakes found in a course folder: where each one is, what is wrong and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, order=True)
class Place:
    """A spot in a course folder; lines and columns count from 1 as editors do, 0 means "the file as a whole"."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Write the place as compilers do (``file:line:column``), so that editors can jump to it."""
        return ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])


@dataclass(frozen=True, order=True)
class Mistake:
    """One thing the author should mend; `code` never changes, the words may."""

    place: Place
    severity: Severity
    code: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        """Write the mistake for people: the place and the trouble, then the remedy on its own line."""
        line = f"{self.place}: {self.severity}: {self.what} [{self.code}]"
        return f"{line}\n    {self.remedy}" if self.remedy else line


class Report:
    """Collects the mistakes of one reading, so that an author sees all of them at once."""

    def __init__(self) -> None:
        """Start with an empty report."""
        self._mistakes: set[Mistake] = set()

    def error(self, code: str, place: Place, what: str, remedy: str = "") -> None:
        """Note a mistake that makes an import impossible."""
        self._mistakes.add(Mistake(place, "error", code, what, remedy))

    def warning(self, code: str, place: Place, what: str, remedy: str = "") -> None:
        """Note something that works but serves students badly."""
        self._mistakes.add(Mistake(place, "warning", code, what, remedy))

    @property
    def mistakes(self) -> tuple[Mistake, ...]:
        """Everything noted, in the order of files and lines."""
        return tuple(sorted(self._mistakes))

    @property
    def errors(self) -> tuple[Mistake, ...]:
        """The mistakes that refuse the import."""
        return tuple(mistake for mistake in self.mistakes if mistake.severity == "error")

    @property
    def warnings(self) -> tuple[Mistake, ...]:
        """The mistakes that only need attention."""
        return tuple(mistake for mistake in self.mistakes if mistake.severity == "warning")


def nearest(word: str, known: Iterable[str]) -> str:
    """Suggest the known word closest to `word` as a sentence, or list what is known when nothing is close."""
    words = sorted(known)
    close = difflib.get_close_matches(word[:100], words, n=1, cutoff=0.6)
    if close:
        return f"Did you mean '{close[0]}'?"
    shown = ", ".join(words[:20]) + (", ..." if len(words) > 20 else "")
    return f"Known: {shown}." if words else ""
