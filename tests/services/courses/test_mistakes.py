"""Each kind of mistake is named with its file, its line, its column where known, and what to do."""


from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from studium.services.courses.folder import Mistake, read_course

C, M, W, L = "course.yaml", "10-start/_index.md", "10-start/10-water.md", "10-start/20-leaves.md"
V = "10-start/water.en.vtt"
Edit = Callable[[str, str, str], Path]

# file, words, put instead, code, place of the mistake ("line" or "line:column"), words of the message or remedy
# fmt: off
SPOILT = [
    (C, "summary:", "sumary:", "unknown-key", "course.yaml:4:1", "Did you mean 'summary'?"),
    (C, "id: tea", "id: Tea!", "bad-id", "course.yaml:1:5", "An id is"),
    (C, "id: tea\n", "", "missing-key", "course.yaml:1:1", "'id' is missing"),
    (C, "id: tea", "id: tea\nslug: Tea Time", "bad-slug", "course.yaml:2:7", "A slug is"),
    (C, "languages: [en, ru]", "languages: [en, ru, xx]", "unknown-language", "course.yaml:2:21", "not a language code"),
    (C, "languages: [en, ru]\n", "", "missing-key", "course.yaml:1:1", "'languages' is missing"),
    (C, "title: {en: Tea, ru: Чай}", "title: {en: Tea, rus: Чай}", "unknown-language", "course.yaml:3:18", "Did you mean 'ru'"),
    (C, "ru: Чай", "ru: Чай, зелёный", "unknown-language", "course.yaml:3:27", "must stand in quotes"),
    (C, "cover: cover.jpg", "cover: covr.jpg", "missing-file", "course.yaml:5:8", "Did you mean 'cover.jpg'?"),
    (C, "cover: cover.jpg", "cover: 10-start/sheet.pdf", "file-type", "course.yaml:5:8", "ending that is not allowed"),
    (C, "USD: 29.9", "USD: 29.999", "bad-price", "course.yaml:9:29", "not an amount of USD"),
    (C, "USD: 29.9", "DOLLAR: 29.9", "unknown-currency", "course.yaml:9:24", "not a currency"),
    (C, "    price: {RUB: 9900}\n", "", "missing-key", "course.yaml:12:5", "needs a price"),
    (C, "access_days: 30", "access_days: soon", "wrong-type", "course.yaml:10:18", "whole number"),
    (C, "id: vip", "id: basic", "duplicate-id", "course.yaml:12:9", "taken by course.yaml:7:9"),
    (C, "id: tea", "id: tea\nid: coffee", "duplicate-key", "course.yaml:2:1", "first on line 1"),
    (C, "id: tea", "id: [tea", "bad-yaml", "course.yaml:2:10", "begun on line 1"),
    (C, "id: tea", "id: &x tea\nslug: *x", "bad-yaml", "course.yaml:2:7", "aliases"),
    (C, "id: tea", "id: !!python/object:os.system tea", "bad-yaml", "course.yaml:1:5", "tag"),
    (C, "id: tea", "id: tea\n\tslug: a", "bad-yaml", "course.yaml:2", "tabs"),
    (C, "id: tea", 'id: "\\ud800"', "bad-yaml", "course.yaml:1", "escape"),
    (C, "id: tea", "id: " + "[" * 40 + "]" * 40, "bad-yaml", "course.yaml:1", "nested deeper"),
    (M, "id: start\n", "", "missing-key", "10-start/_index.md:2:1", "'id' is missing"),
    (M, "id: start", "id: start\navailable: tomorrow", "bad-time", "10-start/_index.md:3:12", "+7d"),
    (M, "id: start", "id: start\navailable: 2026-10-01T10:00", "bad-time", "10-start/_index.md:3:12", "+03:00"),
    (M, "---\nid", "id", "no-front-matter", "10-start/_index.md:1", "Begin it with a line '---'"),
    (M, "}\n---\n", "}\n", "no-front-matter", "10-start/_index.md:1", "not closed"),
    (M, "}\n---\n", "}\n---\nSome words\n", "module-text", "10-start/_index.md:5", "no page of its own"),
    (W, "id: water", "id: leaves", "duplicate-id", "10-start/20-leaves.md:2:5", "taken by 10-start/10-water.md:2:5"),
    (W, "id: water", "id: water\nslug: leaves", "duplicate-slug", "10-start/20-leaves.md", "taken by 10-start/10-water.md:3:7"),
    (W, "id: water", "id: water\ntiers: [gold]", "unknown-tier", "10-start/10-water.md:3:9", "Known: basic, vip."),
    (W, "id: water", "id: water\npreview: maybe", "wrong-type", "10-start/10-water.md:3:10", "true or false"),
    (W, "src: water.webm", "src: sheet.pdf", "file-type", "10-start/10-water.md:4:14", ".webm"),
    (W, "src: water.webm", "src: wasser.webm", "missing-file", "10-start/10-water.md:4:14", "water.webm"),
    (W, "src: water.webm", "src: https://x.example/a.webm", "bad-path", "10-start/10-water.md:4:14", "web address"),
    (W, "src: water.webm", "src: ../../../etc/passwd.webm", "bad-path", "10-start/10-water.md:4:14", "leaves the course"),
    (W, "src: water.webm", "src: /etc/a.webm", "bad-path", "10-start/10-water.md:4:14", "absolute"),
    (W, "src: water.webm", "src: 'C:\\a.webm'", "bad-path", "10-start/10-water.md:4:14", "backslash"),
    (W, "video: {src: water.webm, poster: water.jpg}", "video: water.webm", "wrong-type", "10-start/10-water.md:4:8", "src:"),
    (W, "poster: water.jpg", "poster: water.jpg, duration: 5:00", "wrong-duration", "10-start/10-water.md:4:55", "0:20 long"),
    (W, "poster: water.jpg", "poster: water.jpg, duration: long", "bad-time", "10-start/10-water.md:4:55", "m:ss"),
    (W, '{at: "0:00"', '{at: "0:01"', "bad-chapters", "10-start/10-water.md:9:10", "begin at 0:00"),
    (W, '{at: "0:10"', '{at: "0:00"', "bad-chapters", "10-start/10-water.md:10:10", "does not begin after"),
    (W, '{at: "0:10"', '{at: "0:20"', "bad-chapters", "10-start/10-water.md:10:10", "after the end"),
    (W, '{at: "0:10"', '{at: "ten"', "bad-time", "10-start/10-water.md:10:10", "not a time"),
    (W, '{at: "0:10", ', "{", "missing-key", "10-start/10-water.md:10:5", "'at' is missing"),
    (W, "lang: ru", "lang: en", "duplicate-key", "10-start/10-water.md:7:12", "two captions"),
    (W, "video: {src: water.webm, poster: water.jpg}\n", "", "needs-video", "10-start/10-water.md:5:3", "needs a video"),
    (W, "- {src: sheet.pdf", "- {src: water.en.vtt", "file-type", "10-start/10-water.md:12:11", "Allowed"),
    (W, "Boil it.", "Boil <b>it</b>.", "raw-html", "10-start/10-water.md:14", "raw HTML"),
    (W, "Boil it.", "Boil it.\n\n<script>alert(1)</script>\n", "raw-html", "10-start/10-water.md:16", "raw HTML"),
    (W, "Boil it.", "[x](javascript:alert(1))", "bad-link", "10-start/10-water.md:14", "not allowed"),
    (W, "Boil it.", "![x](data:image/png;base64,AAAA)", "bad-link", "10-start/10-water.md:14", "not allowed"),
    (W, "Boil it.", "![x](https://x.example/a.png)", "bad-link", "10-start/10-water.md:14", "another site"),
    (W, "20-leaves.md", "30-leaves.md", "missing-file", "10-start/10-water.md:14", "Did you mean"),
    (L, "rule: read", "rule: watch", "bad-value", "10-start/20-leaves.md:4:18", "read or button"),
    (L, "rule: read", "rule: reed", "bad-value", "10-start/20-leaves.md:4:18", "Did you mean 'read'"),
    (L, "rule: read", "rule: read, percent: 50", "bad-value", "10-start/20-leaves.md:4:33", "no meaning"),
    (L, "A picture: ![a leaf](leaf.jpg)\n", "", "missing-language", "10-start/20-leaves.md", "no text in English"),
    (L, "![a leaf]", "![]", "no-alt-text", "10-start/20-leaves.md:7", "cannot see"),
    (V, "WEBVTT", "WEBVT", "bad-vtt", "10-start/water.en.vtt:1", "must begin with WEBVTT"),
    (V, "00:01.000 --> 00:04.000", "00:01.000 -> 00:04.000", "bad-vtt", "10-start/water.en.vtt:3", "cannot be read"),
    (V, "00:04.000", "00:00.500", "bad-vtt", "10-start/water.en.vtt:3", "ends before it begins"),
    (V, "00:05.000", "00:00.500", "bad-vtt", "10-start/water.en.vtt:6", "begins before the one above"),
    (V, "00:09.500", "00:29.500", "bad-vtt", "10-start/water.en.vtt:6", "ends after the video (0:20)"),
    (V, "Hello\n\n", "Hello\n", "bad-vtt", "10-start/water.en.vtt:5", "empty line is missing"),
    (V, "Hello\n", "", "bad-vtt", "10-start/water.en.vtt:3", "no text"),
]
# fmt: on


@pytest.mark.parametrize(
    ("file", "old", "new", "code", "place", "words"), SPOILT, ids=[f"{row[3]}-{row[5][:24]}" for row in SPOILT]
)
def test_mistake_is_named_with_place_and_remedy(
    edit: Edit, file: str, old: str, new: str, code: str, place: str, words: str
) -> None:
    _, report = read_course(edit(file, old, new))

    found = [
        mistake for mistake in report.mistakes if mistake.code == code and words in f"{mistake.what} {mistake.remedy}"
    ]
    assert found, [str(mistake) for mistake in report.mistakes]
    assert any(str(mistake.place) == place or str(mistake.place).startswith(f"{place}:") for mistake in found), str(
        found[0]
    )


def test_the_small_course_itself_has_no_mistakes(course: Callable[[], Path]) -> None:
    found, report = read_course(course())

    assert found is not None
    assert report.mistakes == ()


def test_every_mistake_is_reported_at_once(edit: Edit) -> None:
    edit(C, "summary:", "sumary:")
    edit(M, "id: start", "id: START")
    edit(W, "src: water.webm", "src: nothing.webm")
    _, report = read_course(edit(V, "WEBVTT", "oops"))

    assert {mistake.place.file for mistake in report.errors} == {C, M, W, V}


def test_mistakes_of_lessons_are_found_even_when_course_yaml_cannot_be_read(edit: Edit) -> None:
    edit(C, "id: tea", "id: [")
    _, report = read_course(edit(W, "id: water", "id: water\nnonsense: 1"))

    assert {"bad-yaml", "unknown-key"} <= _codes(report.mistakes)


def test_text_in_another_encoding_is_named_with_its_line(course: Callable[..., Path]) -> None:
    _, report = read_course(course({L: b"---\nid: leaves\n" + "title: Листья\n---\n".encode("cp1251")}))

    assert [str(mistake.place) for mistake in report.errors if mistake.code == "encoding"] == [f"{L}:3"]


def test_utf16_text_is_an_encoding_mistake(course: Callable[..., Path]) -> None:
    _, report = read_course(course({L: "---\nid: leaves\n---\n".encode("utf-16")}))

    assert "encoding" in _codes(report.errors)


def test_byte_order_mark_and_windows_line_ends_are_fine(course: Callable[..., Path]) -> None:
    from_windows = ("\ufeff" + (course() / W).read_text(encoding="utf-8")).replace("\n", "\r\n")
    found, report = read_course(course({W: from_windows.encode()}))

    assert found is not None
    assert report.mistakes == ()


def test_paid_video_without_captions_in_a_language_of_the_course_is_a_warning(edit: Edit) -> None:
    found, report = read_course(edit(W, "  - {lang: ru, src: water.ru.vtt}\n", ""))

    assert found is not None
    assert "no-captions" in _codes(report.warnings)


def test_free_preview_video_without_captions_is_no_mistake(edit: Edit) -> None:
    edit(W, "  - {lang: ru, src: water.ru.vtt}\n", "")
    _, report = read_course(edit(W, "id: water", "id: water\npreview: true"))

    assert "no-captions" not in _codes(report.mistakes)


def test_text_lesson_without_a_rule_is_completed_by_reading(edit: Edit) -> None:
    found, _ = read_course(edit(L, "complete: {rule: read}\n", ""))

    assert found is not None
    assert [(lesson.rule, lesson.threshold) for lesson in found.lessons] == [("watch", 90), ("read", 90)]


def test_file_that_no_lesson_uses_is_a_warning(course: Callable[..., Path]) -> None:
    _, report = read_course(course({"10-start/old.webm": b"x", "README.md": "about", ".git/config": "x"}))

    assert [(mistake.code, mistake.place.file) for mistake in report.warnings] == [("unused-file", "10-start/old.webm")]


@pytest.mark.parametrize(
    ("files", "code", "place"),
    [
        ({"10-start/10-tea.md": "---\nid: x\ntitle: X\n---\nText"}, "same-number", "10-start/10-water.md"),
        ({"10-other/_index.md": "---\nid: y\ntitle: Y\n---\n"}, "same-number", "10-start"),
        ({"other/_index.md": "---\nid: y\ntitle: Y\n---\n"}, "bad-name", "other"),
        ({"20-other/10-x.md": "---\nid: x\ntitle: X\n---\nText"}, "missing-file", "20-other/_index.md"),
        ({"10-start/30-new.ru.md": "Текст"}, "missing-file", "10-start/30-new.ru.md"),
        ({"10-start/10-water.de.md": "Text"}, "unknown-language", "10-start/10-water.de.md"),
        ({"10-start/10-water.en.md": "Text"}, "unknown-language", "10-start/10-water.en.md"),
        ({"10-start/10-water.ru.md": "---\nid: x\n---\n"}, "translation-front-matter", "10-start/10-water.ru.md:1"),
        ({"10-start/30-Big Name.md": "---\nid: x\ntitle: X\n---\nText"}, "bad-slug", "10-start/30-Big Name.md"),
        ({"10-start/30-empty.md": "---\nid: x\ntitle: X\n---\n"}, "no-text", "10-start/30-empty.md:5"),
        ({"course.yaml": None}, "missing-file", "course.yaml"),
        ({"10-start/water.jpg": b""}, "empty-file", "10-start/10-water.md:4:34"),
        ({"10-start/water.webm": b"this is no video"}, "bad-video", "10-start/10-water.md:4:14"),
    ],
)
def test_mistake_in_the_folder_is_named(
    course: Callable[..., Path], files: dict[str, str | bytes | None], code: str, place: str
) -> None:
    course()
    _, report = read_course(course(files))

    assert (code, place) in {(mistake.code, str(mistake.place)) for mistake in report.errors}, [
        str(m) for m in report.mistakes
    ]


def test_course_without_lessons_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "course.yaml").write_text("id: a\nlanguages: [en]\ntitle: A\n")
    found, report = read_course(tmp_path)

    assert found is None
    assert _codes(report.errors) == {"no-lessons"}


def test_missing_folder_is_an_error(tmp_path: Path) -> None:
    found, report = read_course(tmp_path / "nowhere")

    assert found is None
    assert _codes(report.errors) == {"missing-file"}


def test_video_whose_length_cannot_be_read_needs_a_duration(course: Callable[..., Path], edit: Edit) -> None:
    course({"10-start/water.ogv": b"OggS..."})
    course({"10-start/water.webm": None})
    _, report = read_course(edit(W, "src: water.webm", "src: water.ogv"))
    assert "no-duration" in _codes(report.errors)

    found, report = read_course(edit(W, "src: water.ogv", 'src: water.ogv, duration: "0:20"'))
    assert found is not None, report.mistakes
    assert found.lessons[0].video is not None
    assert found.lessons[0].video.duration_ms == 20_000


def _codes(mistakes: tuple[Mistake, ...]) -> set[str]:
    return {mistake.code for mistake in mistakes}
