"""Texts become safe HTML whose links lead where the author meant."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from studium.services.courses import markdown


def _nowhere(_target: str) -> str | None:
    return None


def test_raw_html_is_shown_as_text() -> None:
    assert "<script>" not in markdown.render("<script>alert(1)</script>\n\nand <b>bold</b>", _nowhere)


def test_script_links_lose_their_target() -> None:
    for target in (
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example",
    ):
        html = markdown.render(f"[x](<{target}>)", _nowhere)
        assert 'href=""' in html, html


def test_local_target_is_resolved_and_foreign_one_says_noopener() -> None:
    html = markdown.render("[a](20-next.md#part) [b](https://x.example/)", lambda target: f"/found/{target}")

    assert '<a href="/found/20-next.md#part">' in html
    assert '<a href="https://x.example/" rel="noopener noreferrer">' in html


def test_first_level_heading_becomes_the_second_level() -> None:
    assert markdown.render("# A\n\n## B", _nowhere) == "<h2>A</h2>\n<h2>B</h2>\n"


def test_tables_and_strikethrough_work() -> None:
    html = markdown.render("| a | b |\n|---|---|\n| ~~c~~ | d |", _nowhere)

    assert "<table>" in html
    assert "<s>c</s>" in html


def test_links_are_found_with_their_lines() -> None:
    text = "one\n\n- [a](a.md)\n- two\n  [b](b.md) and\n  ![words](c.jpg)\n"

    assert [(link.target, link.line, link.image, link.label) for link in markdown.find_links(text)] == [
        ("a.md", 3, False, ""),
        ("b.md", 5, False, ""),
        ("c.jpg", 6, True, "words"),
    ]


def test_raw_html_is_found_with_its_line() -> None:
    assert list(markdown.find_raw_html("one\ntwo <i>x\n\n<div>\n\n`<b>` is code\n")) == [2, 4]


def test_local_path_follows_the_file_it_is_written_in() -> None:
    assert markdown.local_path("10-a/10-b.md", "../20-c/x%20y.pdf?v=1#p") == "20-c/x y.pdf"
    assert markdown.local_path("10-a/10-b.md", "../../secret") == "../secret"
    assert markdown.local_path("10-a/10-b.md", "#part") == ""


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.sampled_from("<>[]()!`*_#\"'&:/ \n\\abjavscript-"), max_size=80))
def test_no_text_makes_a_tag_or_a_script_address(text: str) -> None:
    html = markdown.render(text, _nowhere).lower()

    assert "<script" not in html
    assert 'href="javascript' not in html
    assert 'src="javascript' not in html


def test_aligned_table_cells_carry_a_class_and_no_inline_style() -> None:
    html = markdown.render("| a | b |\n|:-:|--:|\n| 1 | 2 |\n", lambda _target: None)
    assert "style=" not in html
    assert '<td class="align-right">2</td>' in html
