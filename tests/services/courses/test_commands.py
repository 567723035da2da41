"""`studium course` at the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner, Result
from flask import Flask

from studium.services.courses.catalogue import find_courses
from studium.services.courses.commands import course as command

Course = Callable[..., Path]
Edit = Callable[[str, str, str], Path]


def _run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_check_of_a_correct_course_succeeds(course: Course) -> None:
    result = _run("check", course())

    assert result.exit_code == 0, result.output
    assert "OK: tea, 1 modules, 2 lessons, 0:20 of video, 0 errors, 0 warnings." in result.output


def test_check_names_mistakes_and_fails(edit: Edit) -> None:
    result = _run("check", edit("course.yaml", "summary:", "sumary:"))

    assert result.exit_code == 1
    assert "course.yaml:4:1: error: unknown key 'sumary' [unknown-key]" in result.stderr
    assert "Did you mean 'summary'?" in result.stderr
    assert "Not importable: 1 errors, 0 warnings." in result.stdout


def test_import_with_mistakes_imports_nothing(in_app: Flask, edit: Edit) -> None:
    result = _run("import", edit("course.yaml", "summary:", "sumary:"))

    assert result.exit_code == 1
    assert "Nothing was imported." in result.stderr
    assert find_courses("en") == []


def test_dry_run_shows_the_difference_and_writes_nothing(in_app: Flask, course: Course) -> None:
    result = _run("import", course(), "--dry-run")

    assert result.exit_code == 0
    assert "+ added lesson water: Water" in result.output
    assert "Dry run: nothing was written." in result.output
    assert find_courses("en") == []


def test_import_twice_has_nothing_to_do_the_second_time(in_app: Flask, course: Course) -> None:
    first, second = _run("import", course()), _run("import", course())

    assert "Imported 'tea': /courses/tea" in first.output
    assert second.exit_code == 0
    assert "Nothing to do" in second.output
    assert "/courses/tea  2 lessons" in _run("list").output


def test_archive_takes_the_course_off_the_site(in_app: Flask, course: Course) -> None:
    _run("import", course())

    assert "Archived 'tea'." in _run("archive", "tea").output
    assert "already" in _run("archive", "tea").output
    assert "There is no course 'coffee'" in str(_run("archive", "coffee").exception)
    assert find_courses("en") == []
