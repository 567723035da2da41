"""Every page on a desk and on a phone, light and dark, English and Russian: no script errors, nothing wider than the screen, accessible."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.students import COURSE, Student, wait_for

pytestmark = pytest.mark.e2e
NewStudent = Callable[..., Student]
LOOKS = {
    "desk": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", "locale": "en-US"},
    "phone": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "locale": "ru-RU", "has_touch": True},
}
PATHS = {
    "catalogue": "/", "course": f"/courses/{COURSE}", "lesson": f"/courses/{COURSE}/welcome", "text": f"/courses/{COURSE}/notes",
    "dashboard": "/dashboard", "missing": "/nowhere", "login": "/login",
    "account": "/account", "delete-account": "/account/delete",
}
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("name", PATHS)
def test_the_page_is_sound(new_student: NewStudent, name: str, look: str) -> None:
    anna = new_student(**LOOKS[look])
    if name == "login":
        anna.context.clear_cookies(name="studium_session")
    page = anna.context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.goto(anna.stack.url + PATHS[name])
    wait_for(page, "() => document.readyState === 'complete'")
    keep_picture(page, f"{name}-{look}")
    wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"the page is {wide} px wider than the screen"
    assert [text for text in complaints if name != "missing" or "404" not in text] == []
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()


def keep_picture(page: Page, name: str) -> None:
    """Keep a screenshot when SCREENSHOTS names a folder, to be looked at."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
