"""`studium course`: check a course folder, import it, list and archive courses."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from studium.core.cli import runs_without_app
from studium.core.errors import StudiumError

from .apply import archive_course, import_course
from .catalogue import find_courses
from .folder import CourseSource, Report, read_course
from .folder.literals import format_time
from .plan import make_plan
from .store import media_store

FOLDER = click.argument("folder", type=click.Path(path_type=Path))


@click.group()
def course() -> None:
    """Check, import and list courses (the format: docs/course-format.md)."""


@runs_without_app
@course.command()
@FOLDER
def check(folder: Path) -> None:
    """Look for mistakes in the course FOLDER; exit code 1 when there are errors."""
    if _read(folder) is None:
        sys.exit(1)


@course.command("import")
@FOLDER
@click.option("--dry-run", is_flag=True, help="only show what would change")
def import_folder(folder: Path, dry_run: bool) -> None:
    """Import the course FOLDER, or bring the imported one up to date; it is all done or nothing."""
    source = _read(folder)
    if source is None:
        click.echo("Nothing was imported.", err=True)
        sys.exit(1)
    try:
        plan = make_plan(source) if dry_run else import_course(source, media_store())
    except OSError as problem:
        raise StudiumError(f"The import stopped and changed nothing: {problem}") from problem
    for line in plan.lines():
        click.echo(line)
    if not plan.differs:
        click.echo(f"Nothing to do: the site holds '{source.key}' as it is in the folder.")
    else:
        click.echo("Dry run: nothing was written." if dry_run else f"Imported '{source.key}': /courses/{source.slug}")


@course.command("list")
def list_courses() -> None:
    """List the courses on the site."""
    for info in find_courses("en"):
        length = format_time(_whole_seconds(info.duration_ms))
        click.echo(f"{info.key}  /courses/{info.slug}  {info.lesson_count} lessons, {length} of video  {info.title}")


@course.command()
@click.argument("key")
def archive(key: str) -> None:
    """Take the course KEY (its id) off the site, keeping everything; importing it again brings it back."""
    done = archive_course(key)
    click.echo(f"Archived '{key}'." if done else f"Nothing to do: '{key}' is archived already.")


def _read(folder: Path) -> CourseSource | None:
    source, report = read_course(folder)
    for mistake in report.mistakes:
        click.echo(str(mistake), err=True)
    click.echo(_summary(source, report))
    return source


def _summary(source: CourseSource | None, report: Report) -> str:
    counted = f"{len(report.errors)} errors, {len(report.warnings)} warnings"
    if source is None:
        return f"Not importable: {counted}."
    length = sum(lesson.video.duration_ms for lesson in source.lessons if lesson.video)
    return (
        f"OK: {source.key}, {len(source.modules)} modules, {len(source.lessons)} lessons, "
        f"{format_time(_whole_seconds(length))} of video, {counted}."
    )


def _whole_seconds(milliseconds: int) -> int:
    return round(milliseconds / 1000) * 1000
