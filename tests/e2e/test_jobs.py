"""Jobs in a real browser: started with a press, live in every tab, cancelled, restored, brought back after a kill, sound in every state."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from studium.queue.job_ids import new_job_id
from studium.testing.stack import Stack
from tests.e2e.students import Student, until
from tests.e2e.test_pages import WCAG, keep_picture

pytestmark = pytest.mark.e2e
NewStudent = Callable[..., Student]
GREETING = "[data-job-form=start]:has([value=hello]) button"
LOOKS = {
    "desk": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", "locale": "en-US"},
    "phone": {"viewport": {"width": 360, "height": 780}, "color_scheme": "dark", "locale": "ru-RU", "has_touch": True},
}


def dashboard(student: Student) -> Page:
    """A tab with the dashboard, live."""
    page = student.open("/dashboard")
    until(lambda: not page.evaluate("document.documentElement.hasAttribute('data-offline')"), "the cable is open")
    return page


def start_hello(student: Student, seconds: float) -> str:
    """Start a greeting over the API; its id."""
    answer = student.context.request.get(f"{student.stack.url}/api/v1/session").json()["data"]
    made = student.context.request.post(f"{student.stack.url}/api/v1/jobs", data={"kind": "hello", "params": {"seconds": seconds}},
                                        headers={"X-CSRF-Token": answer["csrf_token"]})
    assert made.status == 202, made.text()
    job_id: str = made.json()["data"]["id"]
    return job_id


def card(page: Page, job_id: str) -> Locator:
    return page.locator(f"#job-{job_id}")


def state(page: Page, job_id: str) -> str | None:
    return card(page, job_id).get_attribute("data-state") if card(page, job_id).count() else None


def button(page: Page) -> Locator:
    return page.locator(GREETING)


def notice_of(page: Page) -> Locator:
    """The line beside the button."""
    return page.locator(".offer", has=button(page)).locator("[data-job-notice]")


def only_card(page: Page) -> str:
    """The id of the one card of the page."""
    found = until(lambda: page.locator("[data-job]").count() == 1 and page.locator("[data-job]").get_attribute("data-job"), "one card")
    return str(found)


def test_greeting_is_live_in_two_tabs_from_the_press_to_the_end(new_student: NewStudent) -> None:
    anna = new_student()
    one, two, elsewhere = dashboard(anna), dashboard(anna), anna.open("/")
    expect(elsewhere.locator(".tasks")).to_be_hidden()
    button(one).click()
    job_id = only_card(one)
    expect(elsewhere.locator("[data-active-count]")).to_have_text("1")
    for tab in (one, two):
        until(lambda tab=tab: int(card(tab, job_id).get_attribute("data-progress") or 0) > 0, "the bar moves in each tab")
        assert card(tab, job_id).locator("progress").get_attribute("value") != "0"
    for tab in (one, two):
        until(lambda tab=tab: state(tab, job_id) == "succeeded", "ready in each tab")
        expect(card(tab, job_id)).to_contain_text("Hello, Anna!")
    expect(elsewhere.locator(".tasks")).to_be_hidden()
    expect(one.locator("#announcements")).to_contain_text("Greeting: Ready")


def test_cancel_in_one_tab_shows_in_the_other_within_two_seconds(new_student: NewStudent) -> None:
    anna = new_student()
    one, two = dashboard(anna), dashboard(anna)
    ids = [start_hello(anna, 30) for _ in range(2)]
    for job_id in ids:
        until(lambda job_id=job_id: state(two, job_id) == "running", "both run at once")
    began = time.monotonic()
    card(one, ids[0]).locator("[data-job-action=cancel]").click()
    until(lambda: state(two, ids[0]) == "cancelled", "cancelled in the other tab", 5)
    assert time.monotonic() - began < 2
    assert state(two, ids[1]) == "running"
    card(two, ids[1]).locator("[data-job-action=cancel]").click()
    until(lambda: state(one, ids[1]) == "cancelled", "and the other way round")


def test_reload_shows_the_active_job_again_and_it_goes_on(new_student: NewStudent) -> None:
    anna = new_student()
    page = dashboard(anna)
    job_id = start_hello(anna, 6)
    until(lambda: int(card(page, job_id).get_attribute("data-progress") or 0) > 10 if card(page, job_id).count() else False, "it runs")
    page.reload()
    assert int(card(page, job_id).get_attribute("data-progress") or 0) > 10
    until(lambda: state(page, job_id) == "succeeded", "it ends on the new page")


def test_job_comes_back_after_its_worker_is_killed_and_web_and_cable_too(new_student: NewStudent, stack: Stack) -> None:
    anna = new_student()
    page = dashboard(anna)
    job_id = start_hello(anna, 4)
    until(lambda: state(page, job_id) == "running", "it runs")
    first = card(page, job_id).get_attribute("data-phase")
    for words in ("studium worker default", "studium.web.cable", "studium.web.wsgi"):
        for pid in stack.pids(words):
            os.kill(pid, signal.SIGKILL)
    until(lambda: state(page, job_id) == "running" and card(page, job_id).get_attribute("data-phase") != first, "another run", 40)
    until(lambda: state(page, job_id) == "succeeded", "it ends", 30)
    stack.wait_until_up()


def test_without_the_cable_the_cards_still_move(new_student: NewStudent, stack: Stack) -> None:
    anna = new_student()
    page = dashboard(anna)
    stack.control("stop", "cable:*")
    try:
        button(page).click()
        job_id = only_card(page)
        until(lambda: state(page, job_id) == "succeeded", "asked for every few seconds", 30)
    finally:
        stack.control("start", "cable:*")
    stack.wait_until_up()


def test_two_clicks_make_one_job(new_student: NewStudent) -> None:
    anna = new_student()
    page = dashboard(anna)
    button(page).dblclick()
    only_card(page)
    page.wait_for_timeout(500)
    assert page.locator("[data-job]").count() == 1


def test_start_while_offline_says_so_and_the_next_press_starts_it_once(new_student: NewStudent) -> None:
    anna = new_student()
    page = dashboard(anna)
    anna.context.set_offline(True)
    button(page).click()
    notice = notice_of(page)
    expect(notice).to_contain_text("No connection")
    expect(button(page)).to_be_enabled()
    anna.context.set_offline(False)
    until(lambda: not page.evaluate("document.documentElement.hasAttribute('data-offline')"), "online again")
    button(page).click()
    only_card(page)
    expect(notice).to_be_hidden()


def test_eleventh_start_is_refused_in_words_beside_the_button(new_student: NewStudent) -> None:
    anna = new_student()
    page = dashboard(anna)
    for _ in range(10):
        start_hello(anna, 60)
    until(lambda: page.locator("[data-job]").count() == 10, "ten cards")
    until(lambda: page.locator("[data-job][data-state=running]").count() == 2, "both threads are busy")
    expect(page.locator("[data-active-count]")).to_have_text("10")
    button(page).click()
    words = re.compile("10 tasks of yours")
    expect(notice_of(page)).to_have_text(words)
    expect(page.locator("#announcements")).to_have_text(words)
    for job_id in page.locator("[data-job]").evaluate_all("cards => cards.map((one) => one.dataset.job)"):
        card(page, job_id).locator("[data-job-action=cancel]").click()
    until(lambda: page.locator("[data-job][data-state=cancelled]").count() == 10, "all cancelled")
    expect(page.locator(".tasks")).to_be_hidden()


def test_a_phone_and_a_keyboard_are_enough(new_student: NewStudent) -> None:
    anna = new_student(**LOOKS["phone"] | {"locale": "en-US"})
    page = dashboard(anna)
    tab_to(page, GREETING)
    page.keyboard.press("Enter")
    job_id = only_card(page)
    until(lambda: state(page, job_id) == "running", "it runs")
    until(lambda: page.evaluate("selector => document.activeElement.matches(selector)", GREETING), "the keyboard stays on the button", 2)
    tab_to(page, f"#job-{job_id} [data-job-action=cancel]")
    page.keyboard.press("Space")
    until(lambda: state(page, job_id) == "cancelled", "cancelled")
    until(lambda: page.evaluate("document.activeElement.closest('[data-job]')?.dataset.job") == job_id, "the keyboard stays on the card", 2)


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until an element of the selector has the focus."""
    for _ in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_without_javascript_jobs_are_started_and_cancelled(browser: Browser, stack: Stack) -> None:
    context = browser.new_context(locale="en-US", java_script_enabled=False)
    anna = Student(context, stack, "Anna", int(time.time()) + 5_000_000)
    page = anna.open("/dashboard")
    button(page).click()
    expect(page.locator(".jobs .flash")).to_contain_text("Started: Greeting")
    assert page.url.endswith("/dashboard#jobs")
    page.locator("[data-job-action=cancel]").click()
    expect(page.locator(".jobs .flash")).to_contain_text(re.compile("(Stopping|Cancelled): Greeting"))
    context.close()


@pytest.mark.parametrize("look", LOOKS)
def test_dashboard_with_cards_in_every_state_is_sound(new_student: NewStudent, stack: Stack, look: str) -> None:
    anna = new_student(first_name="Anna-Maria", **LOOKS[look])
    put_jobs(stack, anna.id)
    page = anna.context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None)
    page.goto(f"{stack.url}/dashboard")
    page.locator(".job-older summary").click()
    keep_picture(page, f"jobs-{look}")
    assert {one.get_attribute("data-state") for one in page.locator("[data-job]").all()} == {
        "queued", "running", "retrying", "succeeded", "failed", "cancelled",
    }
    wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"the page is {wide} px wider than the screen"
    found = Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
    assert complaints == []


def put_jobs(stack: Stack, user_id: int) -> None:
    """Rows in every state that the running workers leave alone: those to come are far in the future, those that run have a long lease."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    later, long = str(moment + timedelta(hours=5)), "Рентгеноэлектрокардиографического".lower() * 2
    file = {"download": "/documents/1", "filename": f"certificate-{long}.pdf", "bytes": 81_234, "page": "/certificates/x",
            "expires_at": f"{(moment + timedelta(days=7)).isoformat()}Z",
            "also": [{"download": "/documents/3", "filename": "days.csv", "bytes": 900}]}
    running = {"state": "running", "lease": "x", "leased_until": later, "started_at": str(moment), "attempts": 1}
    ended = {"attempts": 1, "started_at": str(moment), "finished_at": str(moment)}
    rows: list[dict[str, Any]] = [
        ended | {"state": "cancelled"},
        ended | {"state": "succeeded", "result": json.dumps({"download": "/documents/2", "expires_at": "2020-01-01T00:00:00Z"})},
        ended | {"state": "failed", "error": f"RuntimeError: {long}"},
        ended | {"state": "succeeded", "result": json.dumps({"greeting": "Hello, Anna!"})},
        ended | {"state": "succeeded", "result": json.dumps(file)},
        ended | {"state": "failed", "error": "The course was removed, so there is nothing to make a report of."},
        {"state": "queued", "run_at": later},
        {"state": "retrying", "run_at": later, "error": "E: x", "attempts": 1},
        running | {"lease": "y", "cancel_requested_at": str(moment), "progress": 64},
        running | {"progress": 37, "message": "Drawing the charts"},
    ]
    common = {"kind": "hello", "user_id": user_id, "params": "{}", "queue": "default", "priority": 0, "attempts": 0, "crashes": 0,
              "progress": 0, "message": "", "run_at": str(moment), "created_at": str(moment)}
    ids = sorted(new_job_id() for _ in rows)
    with closing(sqlite3.connect(stack.data_dir / "studium.sqlite3", timeout=10)) as connection, connection:
        for job_id, row in zip(ids, rows, strict=True):
            values = common | {"id": job_id} | row
            connection.execute(f"INSERT INTO job ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})", tuple(values.values()))
