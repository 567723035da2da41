"""Headers, and the promise behind the content security policy: no inline code anywhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.conftest import SignIn

ROOT = Path(__file__).parents[2]
OF_MAIL = ROOT / "plugins" / "email" / "templates" / "email" / "letter.html"  # never a page: mail programs read inline styles only
TEMPLATES = sorted({*ROOT.glob("web/templates/**/*.html"), *ROOT.glob("plugins/*/templates/**/*.html")} - {OF_MAIL})


def policy(client: FlaskClient, path: str = "/") -> dict[str, list[str]]:
    header = client.get(path).headers["Content-Security-Policy"]
    return {part.split()[0]: part.split()[1:] for part in header.split(";")}


def test_policy_allows_no_inline_code(client: FlaskClient) -> None:
    found = policy(client)
    assert "unsafe" not in str(found)
    assert found["default-src"] == found["script-src"] == found["style-src"] == ["'self'"]
    assert found["object-src"] == found["base-uri"] == found["frame-ancestors"] == ["'none'"]


def test_policy_names_the_cable(client: FlaskClient) -> None:
    cable = client.get("/api/v1/session").get_json()["data"]["cable_url"]
    sources = policy(client)["connect-src"]
    assert sources[0] == "'self'"
    assert not cable.startswith("ws") or any(cable.startswith(source) for source in sources[1:])


@pytest.mark.parametrize("path", ["/", "/courses/rivers", "/courses/rivers/part-1", "/login", "/nothing"])
def test_pages_carry_the_headers_and_no_inline_code(client: FlaskClient, course: str, path: str) -> None:
    page = client.get(path)
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "private" in page.headers["Cache-Control"]
    assert inline_code(page.text) == []


def test_lesson_of_a_student_has_no_inline_code(client: FlaskClient, course: str, sign_in: SignIn) -> None:
    sign_in(client)
    assert inline_code(client.get("/courses/rivers/part-2").text) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_template_has_no_inline_code(template: Path) -> None:
    assert inline_code(template.read_text(encoding="utf-8")) == []


def test_inline_code_is_noticed() -> None:
    assert (
        len(inline_code('<script>x</script><p style="a"><a onclick="b"><style>c</style><a href="javascript:d">')) == 5
    )


def test_scripts_and_sheets_are_kept_for_a_year_under_their_version(client: FlaskClient) -> None:
    page = client.get("/").text
    found = re.findall(r'(?:src|href)="(/static/[^"#]+)"', page)
    assert len(found) >= 6
    for address in found:
        answer = client.get(address, buffered=True)
        assert answer.status_code == 200, address
        assert "immutable" in answer.headers["Cache-Control"]
    other = re.sub(r"/static/\w+/", "/static/another/", found[0])
    assert client.get(other, buffered=True).headers["Cache-Control"] == "no-cache"


def test_static_files_do_not_leave_their_folder(client: FlaskClient) -> None:
    assert client.get("/static/x/..%2f..%2fpyproject.toml").status_code == 404


def inline_code(html: str) -> list[str]:
    """Inline scripts, styles and handlers in a page or template."""
    scripts = [tag for tag in re.findall(r"<script[^>]*>", html) if " src=" not in tag]
    styles = re.findall(r"<style[\s>]", html)
    attributes = re.findall(r"<[a-z][^>]*\s(?:style|on[a-z]+)\s*=", html)
    return [*scripts, *styles, *attributes, *re.findall(r"javascript:", html)]


def test_every_answer_forbids_guessing_framing_and_devices(client: FlaskClient, course: str) -> None:
    for path in ("/", "/up", "/api/v1/courses", "/api/openapi.json", "/favicon.ico", "/nothing"):
        headers = client.get(path, buffered=True).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin", path
        assert "camera=()" in headers["Permissions-Policy"], path
        if headers["Content-Type"].startswith("text/html"):
            assert headers["X-Frame-Options"] == "DENY", path


def test_outside_production_no_browser_is_told_to_come_by_https_alone(client: FlaskClient) -> None:
    assert "Strict-Transport-Security" not in client.get("/", base_url="https://localhost").headers
