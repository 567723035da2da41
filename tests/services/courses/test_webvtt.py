"""Caption files are checked line by line, and chapters written so that a browser reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studium.services.courses.folder import Report
from studium.services.courses.folder.source import ChapterSource
from studium.services.courses.folder.webvtt import check_captions, write_chapters


def _mistakes(text: str, duration_ms: int = 60_000) -> list[str]:
    report = Report()
    check_captions(text, "a.vtt", duration_ms, report)
    return [f"{mistake.place.line} {mistake.what}" for mistake in report.mistakes]


@pytest.mark.parametrize(
    "text",
    [
        "WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n",
        "WEBVTT - words\n\nNOTE a remark\nof two lines\n\nSTYLE\n::cue { color: red }\n\n"
        "id 1\n00:01.000 --> 00:02.000 align:start\n<v Anna>Hi\nthere\n",
        "WEBVTT\nKind: captions\n\n00:00:01.000 --> 00:00:02.000\nHi\n\n"
        "00:01.500 --> 00:03.000\noverlapping is allowed\n",
    ],
)
def test_correct_files_have_no_mistakes(text: str) -> None:
    assert _mistakes(text) == []


def test_each_wrong_caption_is_named_with_its_line() -> None:
    text = "WEBVTT\n\n1:00 --> 2:00\nA\n\n00:05.000 --> 00:04.000\nB\n\n3\n00:06.000 --> 00:90.000\nC\n\nonly words\n"

    assert [mistake.split(" ")[0] for mistake in _mistakes(text)] == ["3", "6", "10", "13"]


def test_file_without_captions_is_a_mistake() -> None:
    assert _mistakes("WEBVTT\n") == ["0 there are no captions in the file"]


def test_chapters_last_until_the_next_one_and_are_a_correct_file() -> None:
    chapters = (ChapterSource(0, {"en": "A & <b>"}), ChapterSource(3_661_001, {"en": "B", "ru": "Б"}))
    text = write_chapters(chapters, 4_000_000, "ru", "en")

    assert text == ("WEBVTT\n\n00:00:00.000 --> 01:01:01.001\nA &amp; &lt;b>\n\n01:01:01.001 --> 01:06:40.000\nБ\n")
    assert _mistakes(text, 4_000_000) == []


@given(st.text(alphabet=st.sampled_from("WEBVT0123456789:.-> \nab"), max_size=120))
def test_no_text_crashes_the_check(text: str) -> None:
    _mistakes(text)
    _mistakes("WEBVTT\n\n" + text)
