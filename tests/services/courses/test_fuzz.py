"""Whatever an author writes, the reader answers with a report, never with a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studium.services.courses.folder import Report, read_course
from studium.services.courses.folder.frontmatter import split_page
from studium.services.courses.folder.yamltree import parse_yaml

pytestmark = pytest.mark.slow

YAML_PIECES = st.sampled_from(
    [
        "id",
        "title",
        ": ",
        ":",
        "\n",
        "  ",
        "- ",
        "{",
        "}",
        "[",
        "]",
        ",",
        '"',
        "'",
        "|",
        ">",
        "&a",
        "*a",
        "!!int",
        "!x",
        "<<",
        "%YAML",
        "---",
        "...",
        "#",
        "\t",
        "\\x",
        '"\\ud800"',
        '"\\UFFFFFFFF"',
        "\x00",
        "\ufeff",
        "\x85",
        "en",
        "ru",
        "~",
        "?",
        "2026-01-01",
        "1e999",
        "0x",
        "12:34",
        "😀",
        "а\u0306",
        "languages",
        "tiers",
        "price",
        "video",
        "src",
        "../..",
        "chapters",
        "at",
    ]
)
YAML = st.lists(YAML_PIECES, max_size=30).map("".join)
_whole: dict[str, bytes] = {}
SLOW = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


@SLOW
@given(YAML | st.text(max_size=200))
def test_any_yaml_is_parsed_or_reported(text: str) -> None:
    report = Report()

    assert parse_yaml(text, "x.yaml", report) is not None or report.errors


@SLOW
@given(YAML, st.text(max_size=60))
def test_any_page_is_split_or_reported(front: str, body: str) -> None:
    report = Report()

    assert split_page(f"---\n{front}\n---\n{body}", "x.md", report) is not None or report.errors


@pytest.mark.parametrize("file", ["course.yaml", "10-start/_index.md", "10-start/10-water.md", "10-start/water.en.vtt"])
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_course_with_a_spoilt_file_is_read_or_reported(
    course: Callable[[], Path], file: str, data: st.DataObject
) -> None:
    folder = course()
    whole = _whole.setdefault(file, (folder / file).read_bytes())
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)))
    put = data.draw(st.binary(max_size=20) | YAML.map(str.encode))
    (folder / file).write_bytes(whole[:start] + put + whole[end:])

    found, report = read_course(folder)

    assert (found is None) == bool(report.errors)
    assert all(str(mistake) for mistake in report.mistakes)


def test_billion_laughs_are_refused() -> None:
    report = Report()
    bomb = "a: &a [x, x]\n" + "".join(
        f"{name}: &{name} [*{before}, *{before}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )

    assert parse_yaml(bomb, "x.yaml", report) is None
    assert [mistake.place.line for mistake in report.errors] == [2]


def test_very_long_and_deep_yaml_is_refused_quickly() -> None:
    report = Report()

    assert parse_yaml("a: " + "[" * 100_000, "x.yaml", report) is None
    assert parse_yaml("- " * 50_000, "x.yaml", report) is None
