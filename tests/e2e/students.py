"""A student in a real browser, and waiting for what they see."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, Page

from studium.testing.stack import Stack

COURSE = "learn-how-to-learn"


class Student:
    """A signed-in person in one browser; further tabs share the sign-in."""

    def __init__(self, context: BrowserContext, stack: Stack, first_name: str, telegram_id: int) -> None:
        self.context, self.stack, self.telegram_id = context, stack, telegram_id
        answer = context.request.post(f"{stack.url}/auth/dev", data={"telegram_id": telegram_id, "first_name": first_name})
        assert answer.ok, answer.text()
        self.id = answer.json()["data"]["id"]

    def open(self, path: str) -> Page:
        """A new tab."""
        page = self.context.new_page()
        page.goto(self.stack.url + path)
        return page

    def lesson(self, slug: str) -> Page:
        """A new tab with a lesson whose player has opened its watch session."""
        page = self.open(f"/courses/{COURSE}/{slug}")
        wait_for(page, "() => document.querySelector('video')?.readyState >= 2")
        return page

    def progress(self, slug: str) -> dict[str, Any]:
        """What the server has stored of a lesson."""
        answer = self.context.request.get(f"{self.stack.url}/api/v1/progress/{COURSE}").json()["data"]
        found: dict[str, Any] = next(lesson for lesson in answer["lessons"] if lesson["lesson"] == slug)
        return found | {"percent": answer["percent"]}


def until(check: Callable[[], Any], what: str, seconds: float = 20) -> Any:
    """Wait until `check()` is true; its value."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {seconds} s: {what}")


def wait_for(page: Page, condition: str, argument: object = None, seconds: float = 30) -> None:
    """Wait until a JavaScript function is true in the page (the site's CSP forbids the eval that Playwright's own wait needs)."""
    until(lambda: page.evaluate(condition, argument), condition, seconds)


def watched(progress: dict[str, Any], duration: int) -> list[tuple[int, int]]:
    """The watched parts: what `missing` leaves."""
    parts, at = [], 0
    for start, end in progress["missing"]:
        if start > at:
            parts.append((at, start))
        at = end
    if at < duration:
        parts.append((at, duration))
    return parts
