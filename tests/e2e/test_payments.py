"""Buying in a real browser with the sandbox: on a phone, without scripts, twice, with a provider that is down; and access that ends."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from studium.testing.stack import Stack
from tests.e2e.students import COURSE, Student, until, wait_for

pytestmark = pytest.mark.e2e
ROOT = Path(__file__).resolve().parents[2]
PHONE = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
COURSE_PAGE = f"/courses/{COURSE}"
CHECKOUT = f"/checkout/{COURSE}/basic"
WCAG = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}}
PAID = re.compile("It is paid")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A site that sells: enrolments decide who may watch."""
    running = Stack(tmp_path_factory.mktemp("shop"), {"STUDIUM_WEB_RANGE_BYTES": "100000"})
    running.run("studium", "migrate")
    running.run("studium", "course", "import", str(ROOT / "examples" / COURSE))
    running.start()
    yield running
    running.stop()


@pytest.fixture
def phone(new_student: Callable[..., Student]) -> Student:
    """A new student with a phone."""
    return new_student("Mia", **PHONE)


def test_a_student_buys_on_a_phone_watches_upgrades_and_gets_the_money_back(phone: Student, query: Callable[..., list[Any]]) -> None:
    page = phone.open(COURSE_PAGE)
    page.get_by_role("link", name="Choose a tier").click()
    page.get_by_role("link", name="Buy: On my own").click()
    fill_email(page)
    is_fit_for_everybody(page)
    page.get_by_role("button", name="Pay $29").click()
    basic = page.url
    press(page, "Pay $29")
    expect(page.get_by_role("heading", level=1)).to_have_text(PAID)
    is_fit_for_everybody(page)
    page.get_by_role("link", name="To the course").click()
    page.get_by_role("link", name="Upgrade for $40").click()
    fill_email(page)
    page.get_by_role("button", name="Pay $40").click()
    upgrade = page.url
    press(page, "Pay $40")
    expect(page.get_by_role("heading", level=1)).to_have_text(PAID)
    assert [row[0] for row in query("SELECT tier_key FROM enrolment WHERE user_id = ? ORDER BY id", phone.id)] == ["basic", "accelerator"]

    lesson = phone.lesson("forgetting")
    wait_for(lesson, "() => document.querySelector('studium-player').session?.sid")
    lesson.evaluate("() => document.querySelector('studium-player').play()")
    wait_for(lesson, "() => document.querySelector('video').currentTime > 3")
    till = phone.open(upgrade.removeprefix(phone.stack.url))
    press(till, "Refund")
    until(lambda: query("SELECT 1 FROM payment WHERE user_id = ? AND status = 'refunded'", phone.id), "the upgrade is refunded")
    time.sleep(1)
    assert not lesson.evaluate("() => document.querySelector('video').paused"), "the lower tier still has the lesson"

    till.goto(basic)
    press(till, "Refund")
    until(lambda: query("SELECT 1 FROM enrolment WHERE user_id = ? AND tier_key = 'basic' AND revoked_at IS NOT NULL", phone.id), "revoked")
    expect(lesson.locator("[data-lesson-closed]")).to_be_visible(timeout=1_500)
    expect(lesson.locator("[data-lesson-closed]")).to_be_focused()
    assert "Your access to this lesson has ended" in str(lesson.locator("#announcements").text_content())
    assert lesson.evaluate("() => document.querySelector('video').currentSrc && document.querySelector('video').networkState") in (0, "")
    assert lesson.locator("source").count() == 0
    is_fit_for_everybody(lesson)
    until(lambda: phone.progress("forgetting")["covered"] > 0.05, "what was watched is saved, to the last second")
    lesson.reload()
    expect(lesson.get_by_text("This lesson is for those who have the course.")).to_be_visible()


def test_media_and_watch_sessions_are_closed_with_the_access(phone: Student, query: Callable[..., list[Any]]) -> None:
    bought(phone)
    page = phone.lesson("forgetting")
    source = page.locator("video source").first.get_attribute("src")
    assert phone.context.request.get(phone.stack.url + str(source)).ok
    revoke(phone, query)
    expect(page.locator("[data-lesson-closed]")).to_be_visible()
    assert phone.context.request.get(phone.stack.url + str(source)).status == 404
    token = phone.context.request.get(f"{phone.stack.url}/api/v1/session").json()["data"]["csrf_token"]
    sessions = f"{phone.stack.url}/api/v1/lessons/{COURSE}/forgetting/sessions"
    assert phone.context.request.post(sessions, headers={"X-CSRF-Token": token}, data={}).status == 404


def test_without_scripts_one_can_buy_as_well(new_student: Callable[..., Student], query: Callable[..., list[Any]]) -> None:
    student = new_student("Nora", java_script_enabled=False, **PHONE)
    page = student.open(CHECKOUT)
    fill_email(page)
    page.get_by_role("button", name="Pay $29").click()
    press(page, "Pay $29")
    until(lambda: query("SELECT 1 FROM payment WHERE user_id = ? AND status = 'completed'", student.id), "paid")
    page.goto(page.url)
    expect(page.get_by_role("heading", level=1)).to_have_text(PAID)
    page.get_by_role("link", name="Receipt").click()
    page.get_by_role("button", name="Make a PDF").click()
    expect(page.get_by_role("link", name="Download the PDF")).to_be_visible(timeout=30_000)


def test_the_coupon_field_answers_without_scripts(new_student: Callable[..., Student]) -> None:
    page = new_student("Nora", java_script_enabled=False).open(CHECKOUT)
    page.locator("summary", has_text="I have a coupon").click()
    page.get_by_label("Coupon code").fill("nope")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("There is no such coupon.")).to_be_visible()
    expect(page.get_by_label("Coupon code")).to_have_value("nope")


def test_a_double_click_and_the_back_button_charge_once(phone: Student, query: Callable[..., list[Any]]) -> None:
    page = phone.open(CHECKOUT)
    fill_email(page)
    page.get_by_role("button", name="Pay $29").dblclick()
    page.wait_for_url(re.compile("/sandbox/"))
    page.go_back()
    expect(page.get_by_role("button", name="Pay $29")).to_be_enabled()
    page.get_by_role("button", name="Pay $29").click()
    page.wait_for_url(re.compile("/sandbox/"))
    press(page, "Pay $29")
    expect(page.get_by_role("heading", level=1)).to_have_text(PAID)
    page.goto(phone.stack.url + CHECKOUT)
    expect(page.get_by_text("You have this tier already.")).to_be_visible()
    assert query("SELECT count(*), sum(paid_minor) FROM payment WHERE user_id = ?", phone.id) == [(1, 2900)]


def test_a_provider_that_is_down_is_told_and_asked_again(phone: Student, query: Callable[..., list[Any]]) -> None:
    page = phone.open(CHECKOUT)
    fill_email(page)
    with_fault(phone, "unreachable")
    try:
        page.get_by_role("button", name="Pay $29").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("does not answer")
        expect(page.get_by_text("Nothing was charged.")).to_be_visible()
        is_fit_for_everybody(page)
    finally:
        with_fault(phone, "")
    page.get_by_role("button", name=re.compile("Ask again now|Go on to pay")).click()
    page.wait_for_url(re.compile("/sandbox/"))
    press(page, "Pay $29")
    expect(page.get_by_role("heading", level=1)).to_have_text(PAID)
    assert query("SELECT count(*) FROM payment WHERE user_id = ?", phone.id) == [(1,)]


def test_a_page_that_waits_shows_by_itself_that_the_money_came(phone: Student) -> None:
    page = phone.open(CHECKOUT)
    fill_email(page)
    page.get_by_role("button", name="Pay $29").click()
    page.wait_for_url(re.compile("/sandbox/"))
    sandbox = page.url
    waiting = phone.open("/payments")
    waiting.get_by_role("link", name="Learn how to learn").click()
    expect(waiting.get_by_role("heading", level=1)).to_have_text("Waiting for your payment")
    is_fit_for_everybody(waiting)
    locked = phone.open(f"{COURSE_PAGE}/forgetting")
    page.goto(sandbox)
    press(page, "Pay $29")
    expect(waiting.get_by_role("heading", level=1)).to_have_text(PAID)
    assert "It is paid" in str(waiting.locator("#announcements").text_content())
    locked.get_by_role("link", name="Open the lesson").click()
    wait_for(locked, "() => document.querySelector('video')?.readyState >= 2")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", [COURSE_PAGE, f"{COURSE_PAGE}/forgetting", CHECKOUT, "/payments"])
def test_the_pages_are_fit_for_everybody_in_both_languages(new_student: Callable[..., Student], path: str, scheme: str) -> None:
    for locale in ("en-US", "ru-RU"):
        page = new_student("Mia", locale=locale, color_scheme=scheme, **PHONE).open(path)
        is_fit_for_everybody(page)


def fill_email(page: Page) -> None:
    """Choose the sandbox, which wants an address for its receipt."""
    page.get_by_label("Sandbox").check()
    page.get_by_label("E-mail for the receipt").fill("mia@example.org")


def press(page: Page, name: str) -> None:
    """A button of the sandbox."""
    page.get_by_role("button", name=name, exact=True).click()


def bought(student: Student) -> None:
    """The lowest tier, paid."""
    page = student.open(CHECKOUT)
    fill_email(page)
    page.get_by_role("button", name="Pay $29").click()
    press(page, "Pay $29")
    expect(page.get_by_role("heading", level=1)).to_have_text(PAID)
    page.close()


def revoke(student: Student, query: Callable[..., list[Any]]) -> None:
    """By the command that an owner has."""
    (enrolment,) = query("SELECT id FROM enrolment WHERE user_id = ?", student.id)
    student.stack.run("studium", "enrolments", "revoke", str(enrolment[0]), "--reason", "a test")


def with_fault(student: Student, fault: str) -> None:
    """Have something wrong with the sandbox."""
    token = student.context.request.get(f"{student.stack.url}/api/v1/session").json()["data"]["csrf_token"]
    answer = student.context.request.post(f"{student.stack.url}/sandbox/fault", form={"fault": fault, "csrf_token": token})
    assert answer.ok, answer.text()


def is_fit_for_everybody(page: Page) -> None:
    """No finding of axe, and nothing that has to be scrolled sideways."""
    found = Axe().run(page, options=WCAG).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
