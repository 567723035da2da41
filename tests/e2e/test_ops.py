"""The pages for operators in a real browser: sound on a desk and on a phone, fresh by themselves, and of use without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.e2e.students import Student, wait_for
from tests.e2e.test_pages import LOOKS, WCAG, keep_picture

pytestmark = pytest.mark.e2e
NewStudent = Callable[..., Student]
TASK = "/ops/jobs/periodic/trim_documents"


@pytest.fixture
def new_operator(new_student: NewStudent) -> NewStudent:
    """As `new_student`, with the role ops."""

    def make(**options: object) -> Student:
        olga = new_student("Olga", **options)
        olga.stack.run("studium", "users", "grant", str(olga.telegram_id), "ops")
        return olga

    return make


@pytest.mark.parametrize("look", LOOKS)
def test_the_pages_are_sound(new_operator: NewStudent, look: str) -> None:
    olga = new_operator(**LOOKS[look])
    page = olga.open(TASK)
    page.locator(f'form[action="{TASK}/run"] button').click()
    page.locator(".job-table a").first.click()
    job = re.sub(r".*(/ops/jobs/[0-9a-f-]{36}).*", r"\1", page.url)
    paths = {
        "overview": "/ops/jobs?range=24h", "list": "/ops/jobs/list?kind=trim_documents", "wrong": "/ops/jobs/list?user=x", "task": TASK,
        "job": job, "discard": f"{job}/discard", "edit": f"{job}/edit", "bulk": "/ops/jobs/bulk?verb=discard&kind=trim_documents",
    }  # fmt: skip
    for name, path in paths.items():
        page.goto(olga.stack.url + path)
        wait_for(page, "() => document.readyState === 'complete'")
        keep_picture(page, f"ops-{name}-{look}")
        wide = page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px wider than the screen"
        found = Axe().run(page, options=WCAG)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"


def test_the_overview_stays_fresh_and_keeps_focus_and_what_is_open(new_operator: NewStudent) -> None:
    olga = new_operator()
    page, other = olga.open("/ops/jobs"), olga.open("/ops/jobs")
    page.locator("#throughput-numbers summary").click()
    page.locator("#queue-realtime h3 a").focus()
    press(other, "/ops/jobs/queues/realtime/pause")
    wait_for(page, "() => document.querySelector('#queue-realtime [data-state=paused]') !== null")
    press(other, "/ops/jobs/queues/realtime/resume")
    wait_for(page, "() => document.querySelector('#queue-realtime [data-state=paused]') === null")
    assert page.evaluate("() => document.querySelector('#throughput-numbers').open")
    assert page.evaluate("() => document.activeElement === document.querySelector('#queue-realtime h3 a')")
    assert page.evaluate("() => document.getElementById('announcements').textContent") == ""


def test_live_can_be_switched_off_and_is_remembered(new_operator: NewStudent) -> None:
    page = new_operator().open("/ops/jobs")
    switch = page.locator("#live-switch")
    assert switch.inner_text() == "Live"
    switch.click()
    assert switch.inner_text() == "Not live"
    page.reload()
    assert switch.inner_text() == "Not live"
    with page.expect_response(lambda answer: answer.url.endswith("/ops/jobs/parts?range=1h")):
        switch.click()
    assert switch.inner_text() == "Live"


def test_a_page_of_a_job_that_is_discarded_says_that_it_is_gone(new_operator: NewStudent) -> None:
    olga = new_operator()
    page = olga.open(TASK)
    press(page, f"{TASK}/run")
    page.locator(".job-table a").first.click()
    wait_for(page, "() => document.querySelector('#job-state .state').dataset.state === 'succeeded'")
    other = olga.open(page.url.removeprefix(olga.stack.url) + "/discard")
    other.locator("main .button-danger").click()
    page.locator(".problem-page").wait_for()


def test_without_javascript_queues_are_paused_and_resumed(new_operator: NewStudent) -> None:
    page = new_operator(java_script_enabled=False).open("/ops/jobs")
    press(page, "/ops/jobs/queues/realtime/pause")
    assert page.locator("#queue-realtime [data-state=paused]").count() == 1
    press(page, "/ops/jobs/queues/realtime/resume")
    assert page.locator("#queue-realtime [data-state=paused]").count() == 0
    assert page.locator("#live-switch").is_hidden()


def press(page: Page, action: str) -> None:
    """Press the button of the form with this action and wait for the page that follows."""
    page.locator(f'form[action="{action}"] button').first.click()
    page.wait_for_load_state()
