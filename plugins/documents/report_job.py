"""The job that makes a learning report: a PDF to read and print, and the same days as a table."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from studium.core.errors import NotFound
from studium.plugins.documents import storage
from studium.plugins.documents.report_csv import write_csv
from studium.plugins.documents.report_gathering import gather
from studium.plugins.documents.report_values import Report
from studium.plugins.documents.settings import kept_for
from studium.queue.kinds import Discard, job_kind
from studium.queue.running import RunningJob
from studium.services.courses.catalogue import CourseInfo, find_course
from studium.services.people import Person, find_person
from studium.services.translation import N_, translator

KIND = "learning_report"
TEMPLATE = Path(__file__).parent / "templates" / "documents" / "report.typ"
CSV = "text/csv; charset=utf-8"


class LearningReport(BaseModel):
    """About which course (its slug; None is all), how many days back, today included, and in which language."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    course: str | None = Field(None, min_length=1, max_length=100)
    days: int = Field(30, ge=7, le=366)
    language: Literal["en", "ru"] = "en"


def admit(_user_id: int, params: LearningReport) -> None:
    """Refuse a course that does not exist; raises NotFound."""
    if params.course is not None and find_course(params.course, params.language) is None:
        raise NotFound(translator(params.language).gettext("There is no such course."))


def unique(user_id: int | None, params: LearningReport) -> str:
    """One active job for each different report of a person."""
    return f"{user_id}:{params.course or ''}:{params.days}:{params.language}"


@job_kind(KIND, N_("Learning report"), params=LearningReport, timeout=120, self_service=True, admit=admit, unique=unique, keep=kept_for,
          tells={"succeeded", "failed"})
def make_learning_report(job: RunningJob, params: LearningReport) -> dict[str, Any]:
    """Gather the figures, draw the PDF, write the table, and keep both for their owner."""
    _ = translator(params.language).gettext
    title, counting = _("Learning report"), _("Counting what you have watched")
    job.progress(2, counting)
    person, course = _person(job, params), _course(params)
    report = gather(person, course, params.days, params.language, partial(_between, job, counting))
    job.progress(55, _("Drawing the charts"))
    job.checkpoint()
    pdf = _draw(report, params.language)
    job.progress(80, _("Writing the table"))
    job.checkpoint()
    name = f"{title} {max(report.days)}"
    table = storage.keep(job, f"{name}.csv", CSV, partial(_write_table, job, report, params.language))
    job.progress(95, _("Storing the files"))
    job.checkpoint()
    kept = storage.keep(job, f"{name}.pdf", "application/pdf", partial(_write_bytes, pdf))
    return kept | {"also": [{key: table[key] for key in ("download", "filename", "bytes")}]}


def _between(job: RunningJob, message: str, part: float) -> None:
    job.progress(2 + 50 * part, message)
    job.checkpoint()


def _draw(report: Report, language: str) -> bytes:
    from studium.plugins.documents.report_words import words_of  # Babel and Typst are heavy; an idle worker does without them
    from studium.services.typesetting import draw

    return draw(TEMPLATE, words_of(report, language))[0]


def _write_table(job: RunningJob, report: Report, language: str, path: Path) -> None:
    write_csv(path, report.lines, language, job.checkpoint)


def _write_bytes(pdf: bytes, path: Path) -> None:
    path.write_bytes(pdf)


def _person(job: RunningJob, params: LearningReport) -> Person:
    person = find_person(job.user_id)
    if person is None:
        raise Discard(translator(params.language).gettext("The account that asked for this no longer exists."))
    return person


def _course(params: LearningReport) -> CourseInfo | None:
    if params.course is None:
        return None
    course = find_course(params.course, params.language)
    if course is None:
        raise Discard(translator(params.language).gettext("The course no longer exists."))
    return course
