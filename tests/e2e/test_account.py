"""Leaving: signing out, deleting the account, and becoming somebody else, while the cable tells the page that its session is over."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.students import Student, wait_for

pytestmark = pytest.mark.e2e
SLOW_ANSWER = 700  # ms, in which the cable is closed before the answer is there


def listening(student: Student, path: str) -> Page:
    """The page, once its cable is open, with slow answers from now on."""
    page = student.context.new_page()
    opened: list[bool] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda _frame: opened.append(True)))
    page.goto(student.stack.url + path)
    for _time in range(100):
        if opened:
            break
        page.wait_for_timeout(50)
    assert opened
    return page


def answer_slowly(page: Page, path: str) -> None:
    """The server has done it, and told the cable, well before the browser has the answer."""

    def late(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        page.wait_for_timeout(SLOW_ANSWER)
        route.fulfill(response=answer)

    page.route(f"**{path}", late)


@pytest.mark.parametrize("slow", [False, True])
def test_signing_out_ends_where_it_leads_and_says_so(new_student: Callable[..., Student], slow: bool) -> None:
    page = listening(new_student(), "/account")
    if slow:
        answer_slowly(page, "/logout")
    page.locator("summary").first.click()
    page.locator("header").get_by_role("button", name="Sign out").click()
    expect(page.locator(".flash")).to_have_text("You are signed out.")
    expect(page.locator("#announcements")).to_have_text("You are signed out.")
    assert urlsplit(page.url).path == "/"


@pytest.mark.parametrize("slow", [False, True])
def test_deleting_the_account_ends_where_it_leads_and_says_so(new_student: Callable[..., Student], slow: bool) -> None:
    page = listening(new_student(), "/account/delete")
    if slow:
        answer_slowly(page, "/account/delete")
    page.get_by_label("Type").fill("DELETE")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.locator(".flash")).to_contain_text("Your account is deleted.")


def test_a_page_whose_session_is_ended_elsewhere_asks_for_a_sign_in(new_student: Callable[..., Student]) -> None:
    anna = new_student()
    page = listening(anna, "/account#devices")
    other = new_student(telegram_id=anna.telegram_id).open("/account")
    other.get_by_role("button", name="Sign out all other devices").click()
    page.wait_for_url(re.compile("/login"))


def test_the_page_with_a_new_token_may_be_loaded_anew(new_student: Callable[..., Student]) -> None:
    page = new_student(viewport={"width": 360, "height": 740}).open("/account")
    page.get_by_text("New token").click()
    page.get_by_role("textbox", name="Name").fill("My script")
    page.get_by_role("button", name="Make the token").click()
    expect(page.locator("#new-token")).to_have_text(re.compile("^st_"))
    expect(page).to_have_url(re.compile("/account#tokens$"))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.reload()
    expect(page.get_by_role("button", name="Revoke: My script")).to_have_count(1)


def test_a_token_that_the_browser_does_not_copy_is_marked_instead(new_student: Callable[..., Student]) -> None:
    page = new_student().open("/account")
    page.get_by_text("New token").click()
    page.get_by_role("textbox", name="Name").fill("My script")
    page.get_by_role("button", name="Make the token").click()
    expect(page).to_have_url(re.compile("/account#tokens$"))
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("The browser did not copy it.")
    assert page.evaluate("getSelection().toString()").strip() == page.locator("#new-token").inner_text()


def test_the_account_menu_closes_when_the_focus_leaves_it(new_student: Callable[..., Student]) -> None:
    page = new_student().open("/account")
    menu = page.locator("details[data-menu]")
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(menu).to_have_attribute("open", "")
    menu.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Tab")
    expect(menu).not_to_have_attribute("open", "")


def test_the_account_page_fits_a_phone_with_letters_of_double_size(new_student: Callable[..., Student]) -> None:
    page = new_student(viewport={"width": 360, "height": 740}).open("/account")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    wait_for(page, "() => document.documentElement.scrollWidth <= 360", seconds=2)
