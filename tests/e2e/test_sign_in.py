"""Signing in with Telegram as a newcomer does on a development server: a browser, a phone beside it, and a simulated Telegram."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from studium.testing.stack import Stack
from tests.e2e.test_pages import LOOKS, WCAG

pytestmark = pytest.mark.e2e
PATIENCE = 20_000
Visitors = Callable[..., BrowserContext]


@pytest.fixture
def visitor(browser: Browser) -> Iterator[Visitors]:
    """`visitor(**context_options)`: a browser in which nobody is signed in; errors of its pages fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def make(**options: object) -> BrowserContext:
        context = browser.new_context(**({"locale": "en-US"} | options))  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.on("weberror", lambda error: errors.append(str(error.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert errors == []


@dataclass
class Waiting:
    """The page that waits for the bot."""

    page: Page

    @property
    def link(self) -> str:
        return self.page.locator('a[href*="?start="]').first.get_attribute("href") or ""

    @property
    def number(self) -> str:
        return self.page.locator("output").inner_text()


@pytest.fixture
def waiting(stack: Stack, visitor: Visitors) -> Callable[..., Waiting]:
    """`waiting()` goes from a page that wants a sign-in through the login page to the page that waits."""

    def make(**options: object) -> Waiting:
        page = visitor(**options).new_page()
        page.goto(f"{stack.url}/dashboard")
        page.locator('a[href^="/auth/telegram/bot"]').click()
        expect(page.locator("output")).to_be_visible()
        return Waiting(page)

    return make


@pytest.fixture
def phone(visitor: Visitors) -> Callable[[str, str], Page]:
    """`phone(link, "Anna")` opens the link in Anna's Telegram and presses START; the chat, once the bot has asked."""

    def make(link: str, name: str) -> Page:
        page = visitor(viewport={"width": 390, "height": 844}).new_page()
        page.goto(link)
        page.get_by_role("link", name=name, exact=True).click()
        page.get_by_role("button", name="START").click()
        return page

    return make


def choose(phone: Page, number: str) -> None:
    phone.get_by_role("button", name=number, exact=True).click()


def test_the_waiting_page_signs_in_by_itself_when_the_number_is_pressed_on_the_phone(waiting, phone, stack):
    page = waiting()
    anna = phone(page.link, "Anna")
    expect(anna.get_by_text("Which number does the page show?")).to_be_visible()
    expect(page.page.get_by_text(f"press {page.number} in Telegram")).to_be_visible()

    choose(anna, page.number)
    page.page.wait_for_url(f"{stack.url}/dashboard")
    expect(page.page.locator("header")).to_contain_text("Anna")
    expect(anna.get_by_text("Done. Go back to your browser")).to_be_visible()


def test_a_wrong_number_is_told_on_both_and_signs_nobody_in(waiting, phone):
    page = waiting()
    mia = phone(page.link, "Mia")
    expect(mia.get_by_text("Which number")).to_be_visible()
    wrong = next(text for text in mia.get_by_role("button", name=re.compile(r"^\d\d$")).all_inner_texts() if text != page.number)
    choose(mia, wrong)
    expect(page.page.get_by_text("Nobody is signed in.")).to_be_visible()
    first = page.number
    page.page.get_by_role("link", name="Begin anew").click()
    expect(page.page.locator("output")).to_be_visible()
    assert page.page.get_by_role("link", name="in Telegram").is_visible()
    assert first


def test_a_student_on_a_phone_comes_back_to_the_page_and_is_signed_in_at_once(waiting, phone, stack):
    page = waiting(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    expect(page.page.get_by_alt_text("QR code")).to_be_hidden()  # nobody can point a phone at its own screen
    assert page.page.evaluate("document.documentElement.scrollWidth") <= 360
    boris = phone(page.link, "Борис")
    choose(boris, page.number)
    page.page.wait_for_url(f"{stack.url}/dashboard")
    expect(page.page.locator("header")).to_contain_text("Борис")


def test_a_computer_with_a_narrow_window_or_large_letters_has_the_code(waiting):
    expect(waiting(viewport={"width": 360, "height": 740}).page.get_by_alt_text("QR code")).to_be_visible()


def test_a_second_tab_goes_on_too_when_the_first_is_signed_in(waiting, phone, stack):
    page = waiting()
    second = page.page.context.new_page()
    second.goto(f"{stack.url}/auth/telegram/bot?next=/account")
    choose(phone(page.link, "Anna"), page.number)
    page.page.wait_for_url(f"{stack.url}/dashboard")
    second.wait_for_url(f"{stack.url}/account")


def test_the_focus_goes_to_the_way_on_when_what_had_it_is_gone(waiting, phone):
    page = waiting()
    page.page.get_by_role("link", name="in Telegram").focus()
    phone(page.link, "Mia").get_by_role("button", name="It was not me").click()
    expect(page.page.get_by_role("link", name="Begin anew")).to_be_focused()


def test_without_scripts_one_looks_by_a_link_and_a_button_signs_in(waiting, phone, stack):
    page = waiting(java_script_enabled=False)
    anna = phone(page.link, "Anna")
    choose(anna, page.number)
    expect(anna.get_by_text("Done. Go back to your browser").first).to_be_visible()
    page.page.get_by_role("link", name="I have answered the bot").click()
    expect(page.page.get_by_text("Confirmed. Press “Sign in”.")).to_be_visible()
    page.page.get_by_role("button", name="Sign in", exact=True).click(timeout=PATIENCE)
    page.page.wait_for_url(f"{stack.url}/dashboard")


@pytest.mark.parametrize("look", LOOKS)
def test_the_waiting_page_is_accessible_in_each_state(waiting, phone, look):
    page = waiting(**LOOKS[look])
    for state in ("waiting", "asked", "cancelled"):
        if state == "asked":
            mia = phone(page.link, "Mia")
        if state == "cancelled":
            mia.locator("form button").filter(has_not_text=re.compile(r"\d|Send|Block")).click()
        expect(page.page.locator("[data-deep-link]")).to_have_attribute("data-state", state)
        found = Axe().run(page.page, options=WCAG)
        assert found.violations_count == 0, found.generate_report()


def test_another_browser_with_the_same_link_is_not_signed_in(waiting, phone, visitor, stack):
    page = waiting()
    other = visitor().new_page()
    other.goto(f"{stack.url}/auth/telegram/bot")
    anna = phone(page.link, "Anna")
    choose(anna, page.number)
    page.page.wait_for_url(f"{stack.url}/dashboard")
    assert other.request.get(f"{stack.url}/api/v1/session").json()["data"]["user"] is None
    expect(other.locator("output")).to_be_visible()


def test_log_in_with_telegram_goes_to_the_provider_and_back(visitor, stack):
    page = visitor().new_page()
    page.goto(f"{stack.url}/login?next=/dashboard")
    page.locator('a[href^="/auth/telegram?"]').click()
    page.get_by_role("link", name="Mia", exact=True).click()
    page.wait_for_url(f"{stack.url}/dashboard")
    expect(page.locator("header")).to_contain_text("Mia")
