"""The owner's pages in a real browser, over the sandbox: money goes back, access is given by hand, news are announced. A site of its
own, where enrolments decide who may watch.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from studium.testing.stack import Stack
from tests.e2e.students import COURSE, Student, until
from tests.e2e.test_pages import LOOKS, WCAG, keep_picture

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]
_numbers = itertools.count(int(time.time()) + 500_000)


@pytest.fixture(scope="module")
def shop_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A site that sells."""
    running = Stack(tmp_path_factory.mktemp("owner"))
    running.run("studium", "migrate")
    running.run("studium", "course", "import", str(ROOT / "examples" / COURSE))
    running.start()
    yield running
    running.stop()


class People:
    """Students and owners, each in a browser of their own."""

    def __init__(self, browser: Browser, stack: Stack) -> None:
        self.browser, self.stack = browser, stack
        self.contexts: list[BrowserContext] = []

    def new(self, first_name: str, look: str = "desk", *, role: str = "") -> Student:
        context = self.browser.new_context(**(LOOKS[look] | {"locale": "en-US"}))
        context.set_default_timeout(20_000)
        self.contexts.append(context)
        person = Student(context, self.stack, first_name, next(_numbers))
        if role:
            self.stack.run("studium", "users", "grant", str(person.telegram_id), role)
        return person


@pytest.fixture
def people(browser: Browser, shop_site: Stack) -> Iterator[People]:
    made = People(browser, shop_site)
    yield made
    for context in made.contexts:
        context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_an_owner_gives_money_back_and_access_by_hand(people: People, look: str) -> None:
    mia, vera = people.new("Mia"), people.new("Vera", look, role="owner")
    buy(mia)
    page = vera.open("/")
    page.locator("details.account summary").click()
    page.get_by_role("link", name="School", exact=True).click()
    keep(page, f"owner-front-{look}")
    page.get_by_role("link", name="Payments", exact=True).click()
    page.locator("#field-q").fill(str(mia.id))
    page.locator("form.filter button").click()
    keep(page, f"owner-list-{look}")
    page.locator(".job-table a").first.click()
    keep(page, f"owner-payment-{look}")
    payment = page.url
    page.get_by_role("link", name="Refund…").click()
    press(page, reason="She changed her mind")
    keep(page, f"owner-refund-{look}")
    assert "Mia loses access to Learn how to learn, tier On my own." in page.locator("main").inner_text()
    page.get_by_role("button", name="Refund", exact=True).click()
    until(lambda: "Given back" in text_of(page, payment), "the refund is done")
    assert not can_watch(mia)
    page.get_by_role("link", name="Enrolments").click()
    page.get_by_role("link", name="Give access…").click()
    page.locator("#field-person").fill(str(mia.id))
    page.locator("#field-tier").select_option(index=1)
    press(page, reason="As a present", days="30")
    keep(page, f"owner-grant-{look}")
    page.get_by_role("button", name="Give access").click()
    page.locator(".flash-done").wait_for()
    assert "As a present" in page.locator(".job-table").inner_text()
    assert can_watch(mia)


@pytest.mark.parametrize("look", LOOKS)
def test_an_owner_announces_something_and_everybody_reads_it(people: People, look: str) -> None:
    mia, vera = people.new("Mia"), people.new("Vera", look, role="owner")
    page, news = vera.open("/owner/broadcasts"), f"A course about rivers, {look}"
    keep(page, f"owner-announcements-none-{look}")
    page.get_by_role("link", name="New announcement…").click()
    page.locator("#field-title_ru").fill("Курс о реках")
    page.get_by_role("button", name="Go on").click()
    page.locator("#error-text_ru").wait_for()
    keep(page, f"owner-announcement-wrong-{look}")
    press(page, title_en=news, text_en="It begins on Monday.\nCome along!", text_ru="Начало в понедельник.")
    keep(page, f"owner-announcement-{look}")
    page.get_by_role("button", name="Send", exact=True).click()
    page.locator(".flash-done").wait_for()
    until(lambda: "Being sent" not in text_of(page, f"{vera.stack.url}/owner/broadcasts", "main"), "it is sent")
    keep(page, f"owner-announcements-{look}")
    until(lambda: news in text_of(mia.open("/"), f"{mia.stack.url}/notifications", "main"), "she reads it")


def buy(student: Student) -> None:
    """The lowest tier in the sandbox, by the buttons that a buyer presses."""
    page = student.open(f"/checkout/{COURSE}/basic?provider=sandbox")
    page.locator("input[name=provider][value=sandbox]").check()
    page.locator("input[name=email]").first.fill("mia@example.org")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_url("**/sandbox/**")
    page.locator("button[formaction$='/pay'], form[action$='/pay'] button").first.click()
    page.wait_for_url("**/payments/**")
    until(lambda: can_watch(student), "access is given")


def can_watch(student: Student) -> bool:
    """Whether a lesson that is no preview is open to them."""
    answer = student.context.request.get(f"{student.stack.url}/api/v1/lessons/{COURSE}/notes/access")
    return bool(answer.json()["data"]["open"])


def press(page: Page, **fields: str) -> None:
    """Fill the form in and go on to the page that says what will happen."""
    for name, value in fields.items():
        page.locator(f"#field-{name}").fill(value)
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("heading", name="This will happen").wait_for()


def text_of(page: Page, url: str, part: str = ".ops-head") -> str:
    """What a part of the page says, loaded anew."""
    page.goto(url)
    return page.locator(part).inner_text()


def keep(page: Page, name: str) -> None:
    """A picture, nothing wider than the screen, and nothing that axe finds."""
    page.wait_for_load_state()
    keep_picture(page, name)
    wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{name} is {wide} px wider than the screen"
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, f"{name}: {found.generate_report()}"
