"""The main job in a real browser: watch, see it live everywhere, lose nothing, complete once."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from studium.testing.stack import Stack
from tests.e2e.students import COURSE, Student, until, wait_for, watched

pytestmark = pytest.mark.e2e
WELCOME_MS = 24_008
FORGETTING_MS = 44_008
NewStudent = Callable[..., Student]
Query = Callable[..., list[Any]]


def play(page: Page, rate: float = 1) -> None:
    page.evaluate("rate => { const v = document.querySelector('video'); v.muted = true; v.playbackRate = rate; return v.play() }", rate)


def pause(page: Page) -> float:
    """Pause; the position in seconds."""
    return float(page.evaluate("() => { const v = document.querySelector('video'); v.pause(); return v.currentTime }"))


def seek(page: Page, seconds: float) -> None:
    page.evaluate("at => { document.querySelector('video').currentTime = at }", seconds)


def wait_for_position(page: Page, seconds: float) -> None:
    wait_for(page, "at => document.querySelector('video').currentTime >= at", seconds, 60)


def test_watching_in_one_tab_moves_the_bar_in_the_other(new_student: NewStudent) -> None:
    anna = new_student()
    lesson, course = anna.lesson("forgetting"), anna.open(f"/courses/{COURSE}")
    lesson_id = anna.progress("forgetting")["lesson_id"]
    arc = course.locator(f"[data-progress-lesson='{lesson_id}'] [data-arc]").first
    own = lesson.locator(f"[data-progress-lesson='{lesson_id}'] [data-state-text]").first
    expect(arc).to_have_attribute("stroke-dasharray", "0 100")
    lesson.bring_to_front()
    play(lesson, 2)
    wait_for_position(lesson, 12)
    until(lambda: arc.get_attribute("stroke-dasharray") not in ("0 100", None), "the bar of the other tab moves")
    until(lambda: "%" in own.inner_text(), "the state beside the lesson's title moves")
    pause(lesson)
    until(lambda: anna.progress("forgetting")["covered"] > 0.25, "stored")


def test_a_video_is_played_in_pieces(new_student: NewStudent) -> None:
    """The stack of these tests answers at most 100,000 bytes a request, see conftest.py; the video has four times that."""
    page, pieces = new_student().open("/"), []
    page.on("response", lambda answer: pieces.append((answer.status, answer.headers.get("content-range", "")))
            if answer.url.endswith(".webm") else None)
    page.goto(page.url + f"courses/{COURSE}/forgetting")
    play(page, 2)
    seek(page, 41)
    wait_for(page, "() => document.querySelector('video').ended")
    sizes = [int(last) - int(first) + 1 for _status, content in pieces for first, last in re.findall(r"bytes (\d+)-(\d+)/", content)]
    assert {status for status, _range in pieces} == {206}
    assert len(sizes) >= 2
    assert max(sizes) == 100_000


def test_another_student_sees_nothing_of_it(new_student: NewStudent) -> None:
    anna, boris = new_student(), new_student("Boris")
    heard: list[str] = []
    page = boris.context.new_page()
    page.on("websocket", lambda socket: socket.on("framereceived", lambda payload: heard.append(str(payload))))
    page.goto(f"{boris.stack.url}/courses/{COURSE}")
    lesson = anna.lesson("welcome")
    play(lesson, 2)
    wait_for_position(lesson, 8)
    pause(lesson)
    until(lambda: anna.progress("welcome")["covered"] > 0.2, "stored")
    assert boris.progress("welcome")["covered"] == 0
    assert not [frame for frame in heard if "progress" in frame]


def test_reload_resumes_where_watching_stopped(new_student: NewStudent) -> None:
    anna = new_student()
    page = anna.lesson("forgetting")
    play(page, 2)
    wait_for_position(page, 11)
    stopped = pause(page)
    until(lambda: abs(anna.progress("forgetting")["position"] - stopped * 1000) < 500, "the position is stored")
    page.reload()
    wait_for(page, "at => Math.abs(document.querySelector('video').currentTime - at) < 0.6", stopped)


def test_a_closed_tab_loses_no_second(new_student: NewStudent) -> None:
    anna = new_student()
    page = anna.lesson("forgetting")
    play(page, 1)
    wait_for_position(page, 7.5)
    position = page.evaluate("document.querySelector('video').currentTime")
    page.close(run_before_unload=False)
    stored = until(lambda: (found := anna.progress("forgetting"))["covered"] * FORGETTING_MS >= position * 1000 - 300 and found,
                   "the last beat, sent as the page hides, is stored", 10)
    assert len(watched(stored, FORGETTING_MS)) == 1


def test_ninety_percent_completes_once_and_shows_in_both_tabs(new_student: NewStudent, query: Query) -> None:
    anna = new_student()
    page, other = anna.lesson("welcome"), anna.lesson("welcome")
    page.bring_to_front()
    play(page, 2)
    wait_for(page, "() => document.querySelector('video').ended", seconds=60)
    lesson_id = until(lambda: (found := anna.progress("welcome"))["completed"] and found, "completed")["lesson_id"]
    for tab in (page, other):
        until(lambda tab=tab: tab.locator(f"[data-progress-lesson='{lesson_id}'][data-state='completed']").count(), "shown in each tab")
    seek(page, 0)
    play(page, 2)
    wait_for_position(page, 6)
    pause(page)
    facts = query("SELECT count(*) FROM fact WHERE name = 'lesson_completed' AND payload LIKE ?", f'%"user_id":{anna.id},%')
    assert facts == [(1,)]
    rows = query("SELECT completed, watch_time_seconds, total_duration_seconds FROM lesson_progress WHERE user_id = ?", anna.id)
    assert rows[0][0] == 1
    assert rows[0][2] == 24
    assert anna.progress("welcome")["percent"] == 11


def test_twice_the_speed_counts_media_time_not_wall_time(new_student: NewStudent) -> None:
    anna = new_student()
    page = anna.lesson("forgetting")
    play(page, 2)
    wait_for_position(page, 20)
    stopped = pause(page) * 1000
    stored = until(lambda: (found := anna.progress("forgetting"))["covered"] * FORGETTING_MS >= stopped - 300 and found, "all of it counts")
    assert stored["covered"] * FORGETTING_MS <= stopped + 300
    assert len(watched(stored, FORGETTING_MS)) == 1


def test_seeking_to_the_end_does_not_complete(new_student: NewStudent) -> None:
    anna = new_student()
    page = anna.lesson("forgetting")
    play(page, 2)
    wait_for_position(page, 4)
    seek(page, 40)
    wait_for(page, "() => document.querySelector('video').ended", seconds=30)
    until(lambda: len(watched(anna.progress("forgetting"), FORGETTING_MS)) == 2, "two parts are stored")
    stored = anna.progress("forgetting")
    assert not stored["completed"]
    part = page.locator("[data-missing-list] [data-seek]").first
    page.locator("#missing-parts summary").click()
    part.click()
    wait_for(page, "() => document.querySelector('video').currentTime < 39")


def test_twenty_seconds_offline_lose_no_second(new_student: NewStudent) -> None:
    anna = new_student()
    page = anna.lesson("forgetting")
    page.evaluate("fetch(document.querySelector('video').currentSrc).then(r => r.arrayBuffer())")
    play(page, 1)
    wait_for_position(page, 6)
    anna.context.set_offline(True)
    page.wait_for_timeout(20_000)
    at = page.evaluate("document.querySelector('video').currentTime")
    anna.context.set_offline(False)
    assert at > 20, "the video went on while offline"
    stopped = pause(page) * 1000
    stored = until(lambda: (found := anna.progress("forgetting"))["covered"] * FORGETTING_MS >= stopped - 300 and found,
                   "what was watched offline arrives", 30)
    assert len(watched(stored, FORGETTING_MS)) == 1


def test_killing_cable_and_web_while_watching_loses_no_second(new_student: NewStudent, stack: Stack) -> None:
    anna = new_student()
    page = anna.lesson("forgetting")
    play(page, 1)
    for at, words in ((4, "studium.web.cable"), (9, "studium.web.wsgi"), (14, "studium.web.cable")):
        wait_for_position(page, at)
        for pid in stack.pids(words):
            os.kill(pid, signal.SIGKILL)
    wait_for_position(page, 22)
    stopped = pause(page) * 1000
    stack.wait_until_up()
    stored = until(lambda: (found := anna.progress("forgetting"))["covered"] * FORGETTING_MS >= stopped - 300 and found,
                   "every second arrives after the crash", 40)
    assert len(watched(stored, FORGETTING_MS)) == 1


def test_with_the_cable_down_beats_go_over_http(new_student: NewStudent, stack: Stack) -> None:
    anna = new_student()
    stack.control("stop", "cable:*")
    try:
        page = anna.lesson("welcome")
        play(page, 1)
        wait_for_position(page, 8)
        until(lambda: anna.progress("welcome")["covered"] > 0.15, "stored without a cable", 20)
    finally:
        stack.control("start", "cable:*")
    stack.wait_until_up()


def test_the_other_device_is_offered_to_go_on_and_never_moved(new_student: NewStudent) -> None:
    phone_agent = "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Mobile Safari/537.36"
    computer = new_student()
    phone = new_student(telegram_id=computer.telegram_id, user_agent=phone_agent, viewport={"width": 390, "height": 844})
    desk = computer.lesson("forgetting")
    page = phone.lesson("forgetting")
    play(page, 2)
    wait_for_position(page, 12)
    pause(page)
    notice = desk.locator("[data-notice]")
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("phone")
    assert desk.evaluate("document.querySelector('video').currentTime") < 1
    notice.locator("[data-action]").click()
    wait_for(desk, "() => document.querySelector('video').currentTime > 8")


def test_the_lesson_can_be_taken_by_keyboard_alone(new_student: NewStudent, stack: Stack, browser: Any) -> None:
    context = browser.new_context(locale="en-US")
    page = context.new_page()
    page.goto(f"{stack.url}/login?next=/courses/{COURSE}/forgetting")
    for _ in range(20):
        page.keyboard.press("Tab")
        if "Anna" in page.evaluate("document.activeElement.innerText || ''"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/login" not in url)
    wait_for(page, "() => document.querySelector('video')?.readyState >= 2")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('studium-player')"):
            break
    page.keyboard.press("k")
    wait_for(page, "() => !document.querySelector('video').paused")
    page.keyboard.press("l")
    wait_for(page, "() => document.querySelector('video').currentTime > 9")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press(">")
    wait_for(page, "() => document.querySelector('video').playbackRate > 1")
    page.keyboard.press("m")
    wait_for(page, "() => document.querySelector('video').muted")
    page.keyboard.press("c")
    wait_for(page, "() => [...document.querySelector('video').textTracks].some(t => t.kind === 'captions' && t.mode !== 'disabled')")
    page.keyboard.press("k")
    wait_for(page, "() => document.querySelector('video').paused")
    context.close()


def test_a_text_lesson_is_completed_by_its_own_rule(new_student: NewStudent) -> None:
    anna = new_student()
    page = anna.open(f"/courses/{COURSE}")
    lessons = anna.context.request.get(f"{anna.stack.url}/api/v1/courses/{COURSE}").json()["data"]["modules"]
    button = next(lesson for module in lessons for lesson in module["lessons"] if lesson["rule"] == "button")
    page.goto(anna.stack.url + button["url"])
    page.locator("#reading button").click()
    until(lambda: anna.progress(button["slug"])["completed"], "completed by the button")


def test_signing_out_in_one_tab_leads_the_others_to_the_sign_in_page(new_student: NewStudent) -> None:
    anna = new_student()
    lesson, course = anna.lesson("forgetting"), anna.open(f"/courses/{COURSE}")
    wait_for(lesson, "() => !document.documentElement.hasAttribute('data-offline')")
    course.evaluate("document.querySelector('form[action=\"/logout\"]').submit()")
    lesson.wait_for_url(lambda url: "/login" in url)
    assert "forgetting" in lesson.url, "the page knows the way back"
