"""A course folder can neither reach outside itself nor exhaust the machine."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from studium.services.courses.folder import files, read_course
from studium.services.courses.store import file_hash, open_plain

Course = Callable[..., Path]


def _errors(folder: Path) -> set[tuple[str, str]]:
    return {(mistake.code, mistake.place.file) for mistake in read_course(folder)[1].errors}


def test_symlink_to_a_file_outside_is_refused(course: Course, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"secret")
    folder = course()
    (folder / "cover.jpg").unlink()
    (folder / "cover.jpg").symlink_to(tmp_path / "secret.jpg")

    assert ("symlink", "cover.jpg") in _errors(folder)


def test_symlink_inside_the_folder_is_refused_too(course: Course) -> None:
    folder = course()
    (folder / "10-start" / "again.jpg").symlink_to("water.jpg")

    assert ("symlink", "10-start/again.jpg") in _errors(folder)


def test_symlinked_folder_is_refused_and_not_entered(course: Course, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "_index.md").write_text("---\nid: evil\ntitle: Evil\n---\n")
    folder = course()
    (folder / "20-evil").symlink_to(outside)

    assert _errors(folder) == {("symlink", "20-evil")}


def test_file_that_becomes_a_symlink_after_the_check_is_not_read(course: Course, tmp_path: Path) -> None:
    folder = course()
    (folder / "swapped").symlink_to(folder / "cover.jpg")

    with pytest.raises(OSError, match="symbolic"):
        file_hash(folder / "swapped")


def test_pipe_in_the_folder_is_refused_without_waiting_for_it(course: Course) -> None:
    folder = course()
    os.mkfifo(folder / "10-start" / "pipe.md")

    assert ("bad-path", "10-start/pipe.md") in _errors(folder)


def test_link_in_the_text_cannot_leave_the_course(course: Course) -> None:
    links = "[passwd](../../../etc/passwd) [also](%2e%2e/%2e%2e/x.pdf) [abs](/etc/x.pdf)"
    lesson = f"---\nid: x\ntitle: {{en: X, ru: X}}\n---\n{links}"
    folder = course({"10-start/30-x.md": lesson, "10-start/30-x.ru.md": "x"})

    assert {code for code, _ in _errors(folder)} == {"bad-path"}


def test_too_large_text_is_refused(course: Course) -> None:
    assert ("too-large", "10-start/20-leaves.ru.md") in _errors(
        course({"10-start/20-leaves.ru.md": "x" * (1024**2 + 1)})
    )


def test_too_large_file_is_refused_without_reading_it(course: Course) -> None:
    folder = course()
    with (folder / "10-start" / "water.webm").open("r+b") as file:
        file.truncate(files.MAX_FILE_BYTES + 1)  # sparse: takes no space

    assert ("too-large", "10-start/water.webm") in _errors(folder)


def test_too_many_files_are_refused(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_ENTRIES", 5)

    assert ("too-many", ".") in _errors(course())


def test_file_name_that_is_not_utf8_is_named_and_not_a_crash(course: Course) -> None:
    folder = course()
    Path(os.fsdecode(os.fsencode(folder) + b"/10-start/\xff.md")).write_text("x")

    assert "bad-path" in {code for code, _ in _errors(folder)}


def test_unreadable_file_is_named(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> BinaryIO:
        if path.name == "water.en.vtt":
            raise PermissionError(13, "Permission denied")
        return open_plain(path)

    monkeypatch.setattr(files, "open_plain", refuse)

    assert ("unreadable", "10-start/water.en.vtt") in _errors(course())


def test_name_written_in_another_unicode_form_is_found(course: Course) -> None:
    decomposed = "10-start/чай\u0438\u0306.pdf"  # as macOS writes the letter
    folder = course({decomposed: b"%PDF", "10-start/20-leaves.ru.md": "[лист](чайй.pdf) ![лист](leaf.jpg)"})

    assert _errors(folder) == set()
