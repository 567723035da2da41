"""The bell in a real browser: it counts in every tab, is said once, is read here and there; and what people choose to be told of."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from studium.testing.stack import Stack
from tests.e2e.students import COURSE, Student, until
from tests.e2e.test_pages import LOOKS, WCAG, keep_picture

pytestmark = pytest.mark.e2e
NewStudent = Callable[..., Student]
Query = Callable[..., list[Any]]
GIVE = """
import sys, json
from studium.core.app import create_app
from studium.core.database import transaction
from studium.services.notifications import NewNotice, give_notice
from studium.services.notifications.values import Title
with create_app(program="cli").app_context(), transaction():
    for user_id, key in json.loads(sys.argv[1]):
        give_notice(NewNotice(user_id, "announcement", key, {"title": Title({"en": f"News {key}", "ru": f"Новость {key}"}),
                                                             "text": Title({"en": "Read it.", "ru": "Прочтите."})}, "/courses"))
"""


def give(stack: Stack, student: Student, *keys: str) -> None:
    """Tell the student "News <key>", from another process."""
    asked = json.dumps([[student.id, key] for key in keys])
    subprocess.run([sys.executable, "-c", GIVE, asked], env=stack.environ, check=True, timeout=60)


def tab(student: Student, path: str = "/dashboard") -> Page:
    """A tab whose cable is open."""
    page = student.context.new_page()
    opened: list[bool] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda _frame: opened.append(True)))
    page.goto(student.stack.url + path)
    until(lambda: page.wait_for_timeout(20) or opened, "the cable is open")
    return page


def bell(page: Page) -> Locator:
    return page.locator("[data-bell-count]")


def notice(page: Page, words: str) -> Locator:
    return page.locator("[data-notice]", has_text=words)


def test_a_lesson_finished_in_one_tab_counts_on_the_bell_of_the_other(new_student: NewStudent) -> None:
    anna = new_student()
    other, listing = tab(anna), tab(anna, "/notifications")
    expect(bell(other)).to_be_hidden()
    lesson = tab(anna, f"/courses/{COURSE}/your-plan")
    lesson.locator("#reading button").click()
    expect(bell(other)).to_have_text("1")
    expect(bell(lesson)).to_have_text("1")
    expect(notice(listing, "Lesson completed")).to_be_visible()
    other.bring_to_front()
    expect(other.locator("#announcements")).to_have_text(re.compile("New notification: Lesson completed"))
    expect(other.get_by_role("link", name="Notifications, unread: 1", exact=True)).to_be_visible()
    assert re.search("your plan.*: lesson completed$", lesson.locator("#announcements").text_content() or ""), "it told of it itself, once"
    other.locator(".bell-link").click()
    expect(notice(other, "Lesson completed")).to_be_visible()
    notice(other, "Lesson completed").locator("[data-notice-link]").click()
    other.wait_for_url(re.compile(f"/courses/{COURSE}"))
    for page in (other, lesson, listing):
        expect(bell(page)).to_be_hidden()
    expect(notice(listing, "Lesson completed")).not_to_have_attribute("data-unread", "")


def test_the_panel_opens_and_closes_like_one_and_keeps_the_keyboards_place(new_student: NewStudent, stack: Stack) -> None:
    anna = new_student()
    give(stack, anna, "one", "two")
    page = tab(anna)
    link, panel = page.locator(".bell-link"), page.locator(".bell-panel")
    link.focus()
    page.keyboard.press("Enter")
    expect(notice(page, "News two")).to_be_visible()
    expect(link).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(link).to_be_focused()
    link.click()
    notice(page, "News one").get_by_role("button").focus()
    give(stack, anna, "three")
    expect(notice(page, "News three")).to_be_visible()
    page.keyboard.press("Enter")
    until(lambda: bell(page).text_content() == "2", "one is read")
    assert page.evaluate("document.activeElement.closest('[data-notice]')?.textContent.includes('News one')"), "the keyboard stays there"
    page.get_by_role("button", name="Mark all as read").click()
    expect(bell(page)).to_be_hidden()
    expect(page.locator("#announcements")).to_have_text("Everything is read.")
    page.mouse.click(5, 400)
    expect(panel).to_be_hidden()


def test_what_comes_while_the_connection_is_gone_is_there_afterwards(new_student: NewStudent, stack: Stack) -> None:
    anna = new_student()
    page = tab(anna)
    anna.context.set_offline(True)
    give(stack, anna, "late")
    anna.context.set_offline(False)
    expect(bell(page)).to_have_text("1")


def test_without_the_cable_what_is_read_still_counts_down(new_student: NewStudent, stack: Stack) -> None:
    anna = new_student()
    give(stack, anna, "one", "two")
    page = tab(anna)
    stack.control("stop", "cable:*")
    try:
        until(lambda: page.evaluate("document.documentElement.hasAttribute('data-offline')"), "the cable is gone")
        page.locator(".bell-link").click()
        notice(page, "News one").get_by_role("button").click()
        expect(bell(page)).to_have_text("1")
    finally:
        stack.control("start", "cable:*")
    stack.wait_until_up()


def test_without_scripts_the_bell_is_a_link_and_the_buttons_are_forms(new_student: NewStudent, stack: Stack) -> None:
    anna = new_student(java_script_enabled=False)
    give(stack, anna, "one", "two")
    page = anna.open("/dashboard")
    page.locator(".bell-link").click()
    page.wait_for_url(re.compile("/notifications$"))
    notice(page, "News one").get_by_role("button").click()
    expect(page.locator(".flash")).to_have_text("Marked as read.")
    expect(bell(page)).to_have_text("1")
    page.get_by_role("button", name="Mark all as read").click()
    expect(bell(page)).to_be_hidden()


def test_the_choices_are_kept_and_an_unsubscribe_address_works_for_a_visitor(new_student: NewStudent, stack: Stack, query: Query) -> None:
    anna = new_student(viewport={"width": 360, "height": 780})
    page = anna.open("/account#notifications")
    group = page.locator(".prefs-group", has_text="Learning")
    group.locator("summary").click()
    group.get_by_role("group", name="A lesson is completed").get_by_label("Bell").select_option("off")
    page.locator("#notifications").get_by_role("button", name="Save").click()
    expect(page.locator("#notifications .flash")).to_have_text("Saved. It counts from now on.")
    asked = "SELECT event, channel, mode FROM notification_preference WHERE user_id = ?"
    assert query(asked, anna.id) == [("lesson_completed", "site", "off")]
    code = ("from studium.core.app import create_app\nfrom studium.plugins.notifications.unsubscribing import unsubscribe_path\n"
            f"with create_app(program='cli').app_context(): print(unsubscribe_path({anna.id}, 'telegram', 'announcement'))")
    found = subprocess.run([sys.executable, "-c", code], env=stack.environ, check=True, timeout=60, capture_output=True, text=True)
    anna.context.clear_cookies()
    way_out = anna.open(found.stdout.strip().splitlines()[-1])
    assert way_out.evaluate("document.documentElement.scrollWidth") <= 360
    way_out.get_by_role("button", name="Stop them").click()
    expect(way_out.get_by_role("heading", name="Done")).to_be_visible()
    assert ("announcement", "telegram", "off") in query(asked, anna.id)


def test_an_address_that_is_none_has_the_keyboard(new_student: NewStudent) -> None:
    page = new_student().open("/account#email")
    page.get_by_label("Your e-mail address", exact=True).fill("anna@@example")
    page.get_by_role("button", name="Send the link").click()
    expect(page.locator("#email-problem")).to_be_visible()
    expect(page.get_by_label("Your e-mail address", exact=True)).to_be_focused()


@pytest.mark.parametrize("look", LOOKS)
def test_bell_list_and_choices_are_sound(new_student: NewStudent, stack: Stack, look: str) -> None:
    anna = new_student(**LOOKS[look] | ({"viewport": {"width": 360, "height": 780}} if look == "phone" else {}))
    give(stack, anna, "one", "two")
    page = anna.open("/notifications")
    check(page, f"notifications-{look}")
    page = anna.open("/account#notifications")
    for group in page.locator(".prefs-group summary").all():
        group.click()
    check(page, f"preferences-{look}")
    page = anna.open("/dashboard")
    link = page.locator(".bell-link")
    assert link.get_attribute("aria-expanded") == ("false" if look == "desk" else None), "a phone has the page instead of a panel"
    link.click()
    expect(page.locator("[data-notice]")).to_have_count(2)
    check(page, f"bell-{look}")


def check(page: Page, name: str) -> None:
    """Nothing is wider than the screen, and nobody is left out."""
    keep_picture(page, name)
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
