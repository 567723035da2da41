"""Jobs on the pages: cards in every state, offers, forms without JavaScript, the sign in the header, and the live messages."""

from __future__ import annotations

import html
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.settings import Settings
from studium.queue import jobs, lifecycle
from studium.queue.entities import Job
from studium.queue.kinds import load_kinds
from studium.queue.lifecycle import Claim
from studium.services.cable import user_stream
from studium.services.offers import JobOffer
from tests.web.conftest import Csrf
from tests.web.jobs import claim, fill, id_of, post, started
from tests.web.test_queries import count_queries
from tests.web.test_translation import texts_in_use

RunJobs = Callable[[], int]
CARD = re.compile(r'<li class="card job" id="job-([^"]+)".*? data-state="(\w+)" data-phase="([^"]+)"', re.DOTALL)


def end(client: FlaskClient, job_id: str, **values: Any) -> None:
    """Put the row of a job into a state."""
    with client.application.app_context(), transaction():
        Job[job_id].set(**{"active_key": None, "finished_at": now()} | values)


def messages(settings: Settings, user_id: int) -> list[dict[str, Any]]:
    """What was published to a user's pages."""
    with closing(sqlite3.connect(settings.core.data_dir / "cable.sqlite3")) as connection:
        rows = connection.execute("SELECT payload FROM message WHERE stream = ? ORDER BY id", (user_stream(user_id),)).fetchall()
    return [json.loads(payload)["data"] for (payload,) in rows]


def cards(page: TestResponse) -> list[tuple[str, str]]:
    """Id and state of each card, in the order of the page."""
    return [(job_id, state) for job_id, state, _phase in CARD.findall(page.text)]


def press(client: FlaskClient, csrf: Csrf, path: str, **fields: str) -> TestResponse:
    """Send a form as a browser without JavaScript does."""
    return client.post(path, data=fields | {"csrf_token": csrf(client)["X-CSRF-Token"]}, headers={"Accept": "text/html"})


def test_dashboard_without_offers_and_jobs_hides_the_section(anna: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studium.web.pages.dashboard.find_offers", lambda *_arguments: [])
    assert re.search(r'<section class="jobs"[^>]* hidden>', anna.get("/dashboard").text)


def test_hook_job_offers(otto: FlaskClient, anna: FlaskClient) -> None:
    page = otto.get("/dashboard").text
    assert "Documents and tasks" in page
    assert "A letter" in page
    assert "With a stamp." in page
    params = [json.loads(html.unescape(text)) for text in re.findall(r'name="params" value="([^"]*)"', page)]
    assert {"word": 'to "Anna" & <co>'} in params
    assert "Письмо" in otto.get("/dashboard", headers={"Accept-Language": "ru"}).text
    assert "A letter" not in anna.get("/dashboard").text


def test_form_starts_a_job_and_says_so_beside_the_jobs(otto: FlaskClient, csrf: Csrf) -> None:
    answer = press(otto, csrf, "/jobs", kind="letter", params='{"word": "Anna"}', key="k")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard#jobs")
    page = otto.get("/dashboard")
    assert cards(page)[0][1] == "queued"
    section = page.text[page.text.index('id="jobs"'):]
    assert "Started: A letter" in section
    assert page.text.count("Started: A letter") == 1


def test_form_that_is_sent_twice_starts_one_job(otto: FlaskClient, csrf: Csrf) -> None:
    for _ in range(2):
        press(otto, csrf, "/jobs", kind="errand", params="{}", key="same")
    assert len(cards(otto.get("/dashboard"))) == 1


@pytest.mark.parametrize(("fields", "words"), [
    ({"kind": "chore", "params": "{}"}, "This did not work. Please try again in a moment."),
    ({"kind": "letter", "params": '{"word": "angry"}'}, "Your friend does not want a letter now."),
    ({"kind": "letter", "params": '{"word": "unknown"}'}, "There is no such friend."),
])
def test_refused_form_comes_back_with_the_reason(otto: FlaskClient, csrf: Csrf, fields: dict[str, str], words: str) -> None:
    assert press(otto, csrf, "/jobs", **fields).status_code == 303
    page = otto.get("/dashboard")
    assert words in page.text
    assert "flash-error" in page.text
    assert cards(page) == []


@pytest.mark.parametrize("params", ["{", "[]", "7", "[" * 50_000])
def test_form_with_broken_params_is_a_bad_request(otto: FlaskClient, csrf: Csrf, params: str) -> None:
    assert press(otto, csrf, "/jobs", kind="letter", params=params).status_code == 400


def test_eleventh_start_shows_the_limit_in_words(otto: FlaskClient, csrf: Csrf) -> None:
    fill(otto, 10)
    assert press(otto, csrf, "/jobs", kind="errand", params="{}").status_code == 303
    assert "10 tasks of yours are waiting or in progress" in otto.get("/dashboard").text


def test_forms_cancel_and_retry(anna: FlaskClient, csrf: Csrf) -> None:
    [waiting, failed] = fill(anna, 2)
    end(anna, failed, state="failed", error="RuntimeError: x")
    assert press(anna, csrf, f"/jobs/{waiting}/cancel").headers["Location"] == "/dashboard#jobs"
    assert "Cancelled: An errand" in anna.get("/dashboard").text
    press(anna, csrf, f"/jobs/{failed}/retry")
    page = anna.get("/dashboard")
    assert "Trying again: An errand" in page.text
    assert dict(cards(page)) == {waiting: "cancelled", failed: "queued"}
    press(anna, csrf, f"/jobs/{waiting}/retry")
    assert "Only a task that did not work can be tried again." in anna.get("/dashboard").text


@pytest.mark.parametrize(("word", "words"), [("unknown", "There is no such friend."), ("angry", "Your friend does not want a letter now.")])
def test_refusal_of_the_kind_to_try_again_comes_back_to_the_dashboard(anna: FlaskClient, csrf: Csrf, word: str, words: str) -> None:
    [failed] = fill(anna, 1, "letter", word=word)
    end(anna, failed, state="failed", error="The post is closed.")
    assert press(anna, csrf, f"/jobs/{failed}/retry").headers["Location"] == "/dashboard#jobs"
    assert words in anna.get("/dashboard").text
    assert press(anna, csrf, "/jobs/nothing/retry").status_code == 404


def test_cards_are_active_first_and_old_ones_are_folded(anna: FlaskClient) -> None:
    ids = sorted(fill(anna, 8))
    for job_id in ids[:6]:
        end(anna, job_id, state="succeeded", progress=100)
    page = anna.get("/dashboard")
    newest_first = [ids[7], ids[6], *reversed(ids[:6])]
    assert [job_id for job_id, _state in cards(page)] == newest_first
    fold = page.text.index("<details class=\"job-older\"")
    assert page.text.index(f"job-{ids[3]}") < fold < page.text.index(f"job-{ids[2]}")
    assert "Older ones (3)" in page.text


def test_a_file_that_can_be_fetched_is_not_folded_away_by_what_ended_without_one(anna: FlaskClient) -> None:
    ids = sorted(fill(anna, 6))
    end(anna, ids[0], state="succeeded", progress=100, result='{"download": "/documents/1", "filename": "report.pdf"}')
    end(anna, ids[1], state="succeeded", progress=100,
        result='{"download": "/documents/2", "filename": "old.pdf", "expires_at": "2020-01-01T00:00:00Z"}')
    for job_id in ids[2:]:
        end(anna, job_id, state="cancelled")
    page = anna.get("/dashboard").text
    fold = page.index("<details class=\"job-older\"")
    assert page.index(f"job-{ids[0]}") < fold < page.index(f"job-{ids[1]}")


def test_the_course_goes_first_for_who_has_not_begun_anything(anna: FlaskClient, course: str) -> None:
    page = anna.get("/dashboard").text
    assert page.index("Start here") < page.index("Documents and tasks")
    fill(anna, 1)
    page = anna.get("/dashboard").text
    assert page.index("Documents and tasks") < page.index("Start here")


def test_without_scripts_a_page_with_an_active_job_says_how_to_go_on(anna: FlaskClient) -> None:
    assert "Reload the page" not in anna.get("/dashboard").text
    fill(anna, 1)
    assert "<noscript><p class=\"quiet\">Reload the page to see how far it is." in anna.get("/dashboard").text


@pytest.mark.parametrize(("values", "words", "buttons"), [
    ({"state": "queued", "finished_at": None}, ["Waiting", "as soon as it is its turn"], ["cancel"]),
    ({"state": "queued", "finished_at": None, "run_at": now() + timedelta(hours=2)}, ["Starts in 2 hours"], ["cancel"]),
    ({"state": "running", "finished_at": None, "progress": 40, "message": "page <2>"},
     ["In progress", 'value="40"', "page &lt;2&gt;", "40%", 'class="spinner"'], ["cancel"]),
    ({"state": "running", "finished_at": None, "cancel_requested_at": now()}, ["Stopping"], []),
    ({"state": "retrying", "finished_at": None, "error": "E: x"}, ["Trying again soon", "without you"], ["cancel"]),
    ({"state": "failed", "error": "The course has no lessons."}, ["Did not work", "The course has no lessons."], ["retry"]),
    ({"state": "cancelled"}, ["Cancelled"], []),
    ({"state": "succeeded", "result": '{"greeting": "Hello, Anna!"}'}, ["Ready", "Hello, Anna!"], []),
    ({"state": "succeeded", "result": json.dumps({
        "download": "/documents/7", "filename": "report.pdf", "bytes": 1_234_000, "page": "/certificates/x",
        "expires_at": (now() + timedelta(days=7)).isoformat() + "Z", "also": [{"download": "/documents/8", "filename": "report.csv"}],
     })}, ['href="/documents/7"', "report.pdf", "1.2 MB", "Kept for another 7 days", 'href="/certificates/x"', 'href="/documents/8"'],
     ["download", "download", "open"]),
    ({"state": "succeeded", "result": '{"download": "/documents/7", "expires_at": "2020-01-01T00:00:00Z"}'}, ["no longer kept"], []),
    ({"state": "succeeded", "result": '{"download": "https://evil.example/x", "page": "//evil", "expires_at": "soon", "also": 7}'},
     ["Ready"], []),
])
def test_card_shows_its_state_in_words_with_what_can_be_done(
    anna: FlaskClient, values: dict[str, Any], words: list[str], buttons: list[str]
) -> None:
    [job_id] = fill(anna, 1)
    end(anna, job_id, **values)
    card = anna.get(f"/jobs/{job_id}/card")
    assert (card.status_code, card.mimetype, card.headers["Cache-Control"]) == (200, "text/html", "no-store")
    assert [word for word in words if word not in card.text.replace("\xa0", " ")] == []
    assert re.findall(r'data-job-action="(\w+)"', card.text) == buttons
    assert "evil" not in card.text
    assert "<html" not in card.text
    assert CARD.findall(card.text) == CARD.findall(anna.get("/dashboard").text)


def test_card_is_in_the_readers_language(anna: FlaskClient) -> None:
    [job_id] = fill(anna, 1)
    russian = anna.get(f"/jobs/{job_id}/card", headers={"Accept-Language": "ru"}).text
    assert "Ожидает" in russian
    assert "Waiting" not in russian


def test_every_page_shows_how_many_tasks_are_in_progress(anna: FlaskClient, csrf: Csrf, course: str) -> None:
    def sign(path: str) -> tuple[str, bool]:
        found = re.search(r'<a class="tasks" href="/dashboard#jobs" data-active-jobs="([^"]*)"( hidden)?>', anna.get(path).text)
        assert found is not None
        return found[1], found[2] is not None

    assert sign("/") == ("", True)
    ids = [started(anna, csrf)["id"] for _ in range(2)]
    for path in ("/", "/courses/rivers", "/courses/rivers/part-1", "/dashboard", "/nothing"):
        shown, hidden = sign(path)
        assert (sorted(shown.split()), hidden) == (sorted(ids), False)
    for job_id in ids:
        post(anna, csrf, f"/api/v1/jobs/{job_id}/cancel")
    assert sign("/") == ("", True)


def test_queries_of_the_pages_do_not_grow_with_the_jobs(anna: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = fill(anna, 2)
    for job_id in ended:
        end(anna, job_id, state="failed", error="x")
    fill(anna, 1)
    few = [count_queries(anna, path, monkeypatch) for path in ("/dashboard", "/", "/api/v1/jobs")]
    for job_id in fill(anna, 9):
        end(anna, job_id, state="succeeded", result='{"download": "/x"}')
    for job_id in fill(anna, 9):
        end(anna, job_id, state="cancelled")
    fill(anna, 9)
    many = [count_queries(anna, path, monkeypatch) for path in ("/dashboard", "/", "/api/v1/jobs")]
    assert all(after <= before for before, after in zip(few, many, strict=True)), (few, many)


def test_each_change_is_told_to_the_owners_pages_alone(
    app: Flask, anna: FlaskClient, otto: FlaskClient, csrf: Csrf, settings: Settings
) -> None:
    before = len(messages(settings, id_of(anna))), len(messages(settings, id_of(otto)))
    job = started(anna, csrf)
    run = claim(anna, job["id"])
    with app.app_context():
        lifecycle.record(run, (40, "half way"))
        lifecycle.succeed(run, None)
    told = messages(settings, id_of(anna))[before[0]:]
    assert [(one["type"], one["id"], one["state"], one["progress"], one["message"]) for one in told] == [
        ("job", job["id"], "queued", 0, ""),
        ("job", job["id"], "running", 0, ""),
        ("job", job["id"], "running", 40, "half way"),
        ("job", job["id"], "succeeded", 100, "half way"),
    ]
    assert len(messages(settings, id_of(otto))) == before[1]


def test_message_and_card_agree_on_the_phase(app: Flask, anna: FlaskClient, csrf: Csrf, settings: Settings) -> None:
    """Else a page would ask for a card again at each tick, or take the ticks of another run."""
    job = started(anna, csrf)
    phases = []

    def look() -> None:
        [(_id, _state, phase)] = CARD.findall(anna.get(f"/jobs/{job['id']}/card").text)
        assert messages(settings, id_of(anna))[-1]["phase"] == phase
        phases.append(phase)

    def do(change: Callable[[Claim], object], run: Claim) -> None:
        with app.app_context():
            change(run)
        look()

    look()
    first = claim(anna, job["id"])
    look()
    do(lambda run: lifecycle.record(run, (90, "")), first)
    do(lifecycle.give_back, first)
    second = claim(anna, job["id"])
    look()
    post(anna, csrf, f"/api/v1/jobs/{job['id']}/cancel")
    look()
    do(lifecycle.cancel_run, second)
    assert phases[1] == phases[2], "progress is no new phase"
    assert len(set(phases)) == 6
    assert phases[1] != phases[4], "another run is another phase, so its lower progress is taken"


def test_rolled_back_change_and_jobs_of_nobody_are_not_told(app: Flask, anna: FlaskClient, settings: Settings) -> None:
    user_id = id_of(anna)
    with closing(sqlite3.connect(settings.core.data_dir / "cable.sqlite3")) as connection, app.app_context():
        count = "SELECT count(*) FROM message"
        before = connection.execute(count).fetchone()
        with pytest.raises(ZeroDivisionError), transaction():
            jobs.enqueue("errand", {}, user_id=user_id)
            raise ZeroDivisionError
        with transaction():
            jobs.enqueue("errand", {})
        assert connection.execute(count).fetchone() == before


def test_dashboard_listens_from_before_its_jobs_were_read(anna: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change between the reading and the rendering must be heard by the page: the id it subscribes after is the older one."""
    user_id = id_of(anna)

    def meanwhile(*_arguments: object) -> list[JobOffer]:
        with transaction():
            jobs.enqueue("errand", {}, user_id=user_id)
        return []

    def last_of(page: TestResponse) -> int:
        found = re.search(r'name="studium-stream-last" content="(\d+)"', page.text)
        assert found is not None
        return int(found[1])

    before = last_of(anna.get("/dashboard"))
    monkeypatch.setattr("studium.web.pages.dashboard.find_offers", meanwhile)
    assert last_of(anna.get("/dashboard")) == before


def test_titles_of_first_party_kinds_are_among_the_texts_to_translate(app: Flask) -> None:
    with app.app_context():
        kinds = [kind for kind in load_kinds().values() if kind.self_service and kind.run.__module__.startswith("studium.")]
    assert "hello" in {kind.name for kind in kinds}
    assert {kind.title for kind in kinds} - texts_in_use() == set()
