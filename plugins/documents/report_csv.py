"""The learning report as a table for spreadsheets: RFC 4180, UTF-8 with the mark by which Excel knows it, one row a day and lesson."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from studium.plugins.documents.report_values import DayLine
from studium.services.translation import translator

ROWS_BETWEEN_LOOKS = 200
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # OWASP, "CSV Injection": the wide forms count too


def write_csv(path: Path, lines: Iterable[DayLine], language: str, between: Callable[[], None]) -> None:
    """Write the table to `path`; `between` is called now and then and may raise to stop."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.writer(file)
        for number, row in enumerate(_rows(lines, language)):
            if number % ROWS_BETWEEN_LOOKS == 0:
                between()
            table.writerow(safe_cell(cell) for cell in row)


def safe_cell(cell: object) -> object:
    """The cell as a spreadsheet shows it without running it: a text that begins like a formula gets an apostrophe in front."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _rows(lines: Iterable[DayLine], language: str) -> Iterator[tuple[object, ...]]:
    _ = translator(language).gettext
    yield (_("Day"), _("Course"), _("Module"), _("Lesson"), _("Watched, seconds"), _("New, seconds"), _("Completed at"))
    for line in lines:
        completed = line.completed_at.strftime("%Y-%m-%d %H:%M") if line.completed_at else ""
        yield (line.day.isoformat(), line.course_title, line.module_title, line.lesson_title, line.watched.seconds,
               line.watched.new_seconds, completed)
