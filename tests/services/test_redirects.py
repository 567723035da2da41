"""Only a path of this site is a place to go on to."""

from __future__ import annotations

import pytest

from studium.services.redirects import safe_path


@pytest.mark.parametrize("target", ["/", "/dashboard?tab=1", "/courses/tea?t=5#x", "/%5cevil.example", "/курс",
                                    "/login?next=//x", "/#//x", "/\uff0fevil.example"])
def test_a_path_of_this_site_is_kept(target: str) -> None:
    assert safe_path(target, "/else") == target


@pytest.mark.parametrize(
    "target",
    [
        None, "", "//evil.example", "///evil.example", "/\\evil.example", "/x\\..\\y", "\\\\evil.example", "https://evil.example",
        "http:evil.example", "javascript:alert(1)", "/a\nb", "/\t/evil.example", "\t//evil.example", " //evil.example", "/\u2028//evil",
        "/.//evil.example", "/x/..//evil.example", "/x//?y", "/\u00a0x", "/\u200bx", "/\u202ex", "/\x7f",
        "/\x00", "evil.example", "@evil.example", "?next=x",
    ],
)
def test_anything_else_is_not(target: str | None) -> None:
    assert safe_path(target, "/else") == "/else"
