"""What the readers of one course share: files, report, the course's languages and tiers, the names already taken."""

from __future__ import annotations

from dataclasses import dataclass, field

from .files import CourseFiles
from .mistakes import Place, Report


@dataclass
class Reading:
    """One reading of one folder. `languages` has the main one first; it is empty when course.yaml tells none."""

    files: CourseFiles
    report: Report
    languages: tuple[str, ...] = ()
    tiers: tuple[str, ...] | None = None
    paid: bool = False
    _taken: dict[tuple[str, str], Place] = field(default_factory=dict)

    @property
    def main_language(self) -> str:
        """The language that stands in where another is missing."""
        return self.languages[0] if self.languages else "en"

    def claim(self, kind: str, name: str, place: Place) -> None:
        """Report an id or slug (`kind` says what of) that somebody before has taken."""
        first = self._taken.setdefault((kind, name), place)
        if first != place:
            code = "duplicate-slug" if kind.endswith("slug") else "duplicate-id"
            self.report.error(
                code, place, f"the {kind} '{name}' is taken by {first}", "Each one must be unique in the course."
            )
