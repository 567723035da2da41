"""Documents in a real browser: asked for together, watched in two tabs, cancelled, downloaded, and checked by a stranger."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from studium.testing.stack import Stack
from tests.e2e.students import COURSE, Student, until

pytestmark = pytest.mark.e2e
NewStudent = Callable[..., Student]
Query = Callable[..., list[Any]]
OFFERS = ("certificate", "learning_report", "account_export")


@pytest.fixture
def graduate(new_student: NewStudent, query: Query) -> Student:
    """Анна, who has just completed the last lesson of the course through a real beat, the others before."""
    anna = new_student("Анна")
    last = complete_all_but_the_last(anna, query)
    ticket = call(anna, f"/api/v1/lessons/{COURSE}/{last}/sessions", {})
    time.sleep(0.4 * (ticket["duration"] / 1000 - 10) + 1)  # the pace that the credit rule allows
    beat = {"sid": ticket["sid"], "seq": 1, "segments": [[0, ticket["duration"]]], "position": ticket["duration"], "state": "ended",
            "rate": 2.0, "age": 0, "played": ticket["duration"] // 2, "hidden": 0}
    call(anna, "/api/v1/beats", {"beats": [beat]})
    until(lambda: anna.progress(last)["completed"], "the course is completed")
    return anna


@pytest.fixture
def stopped_worker(stack: Stack) -> Iterator[None]:
    """The worker of documents stands still until it is started."""
    stack.control("stop", "worker")
    yield
    stack.control("start", "worker")
    stack.wait_until_up()


def complete_all_but_the_last(anna: Student, query: Query) -> str:
    """Rows of completed lessons, as beats of the last weeks would have left them; the slug of the lesson that is missing."""
    lessons = query("SELECT lesson.id, lesson.slug, lesson.course, lesson.duration_ms FROM lesson JOIN course ON course.id = lesson.course"
                    " WHERE course.slug = ? AND lesson.required AND lesson.type = 'video' ORDER BY lesson.duration_ms", COURSE)
    others = query("SELECT lesson.id, lesson.course FROM lesson JOIN course ON course.id = lesson.course"
                   " WHERE course.slug = ? AND lesson.id <> ?", COURSE, lessons[0][0])
    for lesson_id, course_id in others:
        query("INSERT INTO lesson_progress (user_id, lesson_id, course_id, watch_time_seconds, total_duration_seconds, position, covered,"
              " segments, completed, completed_at, last_watched_at)"
              " VALUES (?, ?, ?, 0, 0, 0, 0, '[]', 1, '2026-01-01 10:00:00', '2026-01-01 10:00:00')", anna.id, lesson_id, course_id)
    return str(lessons[0][1])


def call(student: Student, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """POST to the API as the student's page does; the data of the answer."""
    session = student.context.request.get(f"{student.stack.url}/api/v1/session").json()["data"]
    answer = student.context.request.post(student.stack.url + path, data=body, headers={"X-CSRF-Token": session["csrf_token"]})
    assert answer.ok, answer.text()
    data: Any = answer.json()["data"]
    return data if isinstance(data, dict) else {}


def jobs(student: Student) -> dict[str, dict[str, Any]]:
    """The student's newest job of each kind."""
    found = student.context.request.get(f"{student.stack.url}/api/v1/jobs").json()["data"]
    return {job["kind"]: job for job in reversed(found)}


def press(page: Page, kind: str) -> None:
    page.locator(f"form[data-job-form='start']:has(input[value='{kind}'])").first.get_by_role("button").click()


def card(page: Page, job: dict[str, Any]) -> Any:
    return page.locator(f"#job-{job['id']}")


def download(page: Page, job: dict[str, Any]) -> bytes:
    with page.expect_download() as waiting:
        card(page, job).locator("[data-job-action='download']").first.click()
    path = waiting.value.path()
    return path.read_bytes()


def test_a_completed_course_brings_its_certificate_by_itself(graduate: Student) -> None:
    page = graduate.open("/dashboard")
    job = until(lambda: jobs(graduate).get("certificate"), "the certificate is asked for")
    expect(card(page, job)).to_have_attribute("data-state", "succeeded")
    reader = PdfReader(io.BytesIO(download(page, job)))
    text = " ".join(sheet.extract_text() for sheet in reader.pages)
    assert "Анна" in text
    assert len(reader.pages) == 1


def test_three_documents_at_once_in_two_tabs(graduate: Student, stopped_worker: None, stack: Stack) -> None:
    one, two = graduate.open("/dashboard"), graduate.open("/dashboard")
    for kind in OFFERS:
        press(one, kind)
    found = until(lambda: jobs(graduate) if set(OFFERS) <= set(jobs(graduate)) else None, "three jobs")
    for kind in OFFERS:
        for page in (one, two):
            expect(card(page, found[kind])).to_have_attribute("data-state", "queued")
    card(two, found["account_export"]).locator("[data-job-action='cancel']").click()
    for page in (one, two):
        expect(card(page, found["account_export"])).to_have_attribute("data-state", "cancelled")
    one.reload()
    for kind, state in zip(OFFERS, ("queued", "queued", "cancelled"), strict=True):
        expect(card(one, found[kind])).to_have_attribute("data-state", state)
    stack.control("start", "worker")
    for kind in ("certificate", "learning_report"):
        for page in (one, two):
            expect(card(page, found[kind])).to_have_attribute("data-state", "succeeded")
        assert PdfReader(io.BytesIO(download(two, found[kind]))).pages
    assert jobs(graduate)["account_export"]["state"] == "cancelled"


def test_the_copy_of_everything_is_a_sound_archive(graduate: Student) -> None:
    page = graduate.open("/dashboard")
    press(page, "account_export")
    job = until(lambda: jobs(graduate).get("account_export"), "the export is asked for")
    expect(card(page, job)).to_have_attribute("data-state", "succeeded")
    archive = zipfile.ZipFile(io.BytesIO(download(page, job)))
    assert archive.testzip() is None
    assert {"auth.json", "progress.json"} <= {name.rsplit("/", 1)[-1] for name in archive.namelist()}


def test_a_stranger_checks_a_certificate_and_sees_that_it_is_revoked(graduate: Student, new_student: NewStudent, query: Query,
                                                                     stack: Stack) -> None:
    until(lambda: query("SELECT code FROM certificate WHERE user_id = ?", graduate.id), "the certificate is issued")
    ((code,),) = query("SELECT code FROM certificate WHERE user_id = ?", graduate.id)
    stranger = new_student("Stranger").context.browser.new_context(locale="en-US")  # type: ignore[union-attr]
    page = stranger.new_page()
    assert page.goto(f"{stack.url}/certificates/{code}").status == 200  # type: ignore[union-attr]
    expect(page.locator("main")).to_contain_text("Анна")
    stack.run("studium", "certificates", "revoke", code, "--reason", "Issued by mistake")
    page.reload()
    expect(page.locator("main")).to_contain_text("Issued by mistake")
    assert page.goto(f"{stack.url}/certificates/AAAA-AAAA-AAAA-AAAA").status == 404  # type: ignore[union-attr]
    stranger.close()


def test_a_document_belongs_to_its_owner(graduate: Student, new_student: NewStudent) -> None:
    job = until(lambda: (found := jobs(graduate).get("certificate")) and found["state"] == "succeeded" and found, "the certificate is made")
    address = graduate.stack.url + job["result"]["download"]
    assert graduate.context.request.get(address).status == 200
    other = new_student("Boris")
    assert other.context.request.get(address).status == 404
    assert other.context.request.get(f"{graduate.stack.url}/api/v1/jobs/{job['id']}").status == 404
    assert other.context.request.get(f"{graduate.stack.url}/documents/{'0' * 32}").status == 404
