"""Jobs over the API: who may start what, the limit, cancelling, retrying, and what a student is told."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import reading, transaction
from studium.plugins.auth.deletion import delete_account
from studium.queue import lifecycle
from studium.queue.entities import Job
from studium.web import job_requests
from tests.web.conftest import Csrf
from tests.web.jobs import JOBS, claim, fill, id_of, post, start, started

RunJobs = Callable[[], int]
SHAPE = {
    "id", "kind", "title", "state", "progress", "message", "params", "result", "error", "attempts", "cancel_requested", "can_cancel",
    "can_retry", "run_at", "created_at", "started_at", "finished_at",
}
UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def problem(answer: Any) -> tuple[int, str, list[str]]:
    """Status, code and the fields of a problem document."""
    assert answer.mimetype == "application/problem+json", answer.text
    body = answer.get_json()
    return answer.status_code, body["code"], [error["field"] for error in body.get("errors", [])]


def test_started_job_is_answered_with_its_whole_shape_and_its_address(anna: FlaskClient, csrf: Csrf) -> None:
    answer = start(anna, csrf, word="milk")
    body = answer.get_json()
    job = body["data"]
    assert (answer.status_code, set(body), set(job)) == (202, {"data", "meta"}, SHAPE)
    assert (job["state"], job["kind"], job["title"], job["params"]) == ("queued", "errand", "An errand", {"word": "milk", "end": "done"})
    assert (job["can_cancel"], job["can_retry"], job["error"], job["finished_at"]) == (True, False, None, None)
    assert UTC.fullmatch(job["created_at"])
    assert anna.get(answer.headers["Location"]).get_json()["data"] == job


def test_hello_goes_the_whole_way(anna: FlaskClient, csrf: Csrf, run_jobs: RunJobs) -> None:
    job = started(anna, csrf, "hello", name="Anna", seconds=0)
    run_jobs()
    done = anna.get(f"{JOBS}/{job['id']}").get_json()["data"]
    assert (done["state"], done["progress"], done["result"], done["attempts"]) == ("succeeded", 100, {"greeting": "Hello, Anna!"}, 1)
    assert all(UTC.fullmatch(done[name]) for name in ("run_at", "created_at", "started_at", "finished_at"))
    assert (done["can_cancel"], done["can_retry"]) == (False, False)


@pytest.mark.parametrize("kind", ["nonsense", "chore", "deliver_fact"])
def test_unknown_kinds_and_those_that_are_not_for_students_look_the_same(anna: FlaskClient, csrf: Csrf, kind: str) -> None:
    answer = start(anna, csrf, kind)
    assert problem(answer) == (422, "unprocessable", ["kind"])
    assert "errand" in answer.get_json()["detail"]
    assert "chore" not in answer.get_json()["detail"]


@pytest.mark.parametrize(("body", "expected"), [
    ({"kind": "errand", "params": {"word": 7, "end": "never"}}, (422, "unprocessable", ["params.word", "params.end"])),
    ({"kind": "errand", "params": {"wort": "x"}}, (422, "unprocessable", ["params.wort"])),
    ({"kind": "errand", "params": [1]}, (422, "unprocessable", ["params"])),
    ({"kind": "errand", "params": None}, (422, "unprocessable", ["params"])),
    ({"kind": "errand", "user_id": 1}, (422, "unprocessable", ["user_id"])),
    ({"params": {}}, (422, "unprocessable", ["kind"])),
    ({"kind": ""}, (422, "unprocessable", ["kind"])),
    ([], (422, "unprocessable", [""])),
    ("{nonsense", (400, "bad-request", [])),
    (b"\xff\xfe", (400, "bad-request", [])),
    ("", (400, "bad-request", [])),
    ("[" * 3000, (400, "bad-request", [])),
    ({"kind": "errand", "params": {"word": "x" * 16_000}}, (413, "request-too-large", [])),
], ids=lambda value: "")
def test_bad_input_is_named_and_starts_nothing(anna: FlaskClient, csrf: Csrf, body: Any, expected: Any) -> None:
    sent = {"data": body, "content_type": "application/json"} if isinstance(body, str | bytes) else {"json": body}
    assert problem(anna.post(JOBS, headers=csrf(anna), **sent)) == expected
    assert anna.get(JOBS).get_json()["data"] == []


def test_refusal_of_the_kind_is_passed_on(anna: FlaskClient, csrf: Csrf) -> None:
    assert problem(start(anna, csrf, "letter", word="unknown")) == (404, "not-found", [])
    angry = start(anna, csrf, "letter", word="angry")
    assert (problem(angry), angry.get_json()["detail"]) == ((409, "conflict", []), "Your friend does not want a letter now.")


def test_eleventh_active_job_is_refused_in_words_and_ended_ones_make_room(
    anna: FlaskClient, boris: FlaskClient, csrf: Csrf, run_jobs: RunJobs
) -> None:
    jobs = [started(anna, csrf) for _ in range(10)]
    refused = start(anna, csrf)
    assert problem(refused) == (429, "too-many-jobs", [])
    assert refused.get_json()["limit"] == 10
    assert "10 tasks of yours" in refused.get_json()["detail"]
    assert int(refused.headers["Retry-After"]) > 0
    russian = anna.post(JOBS, json={"kind": "errand"}, headers=csrf(anna) | {"Accept-Language": "ru"}).get_json()["detail"]
    assert "10" in russian
    assert start(boris, csrf).status_code == 202
    assert post(anna, csrf, f"{JOBS}/{jobs[0]['id']}/cancel").status_code == 200
    assert start(anna, csrf).status_code == 202
    assert start(anna, csrf).status_code == 429
    run_jobs()
    assert start(anna, csrf).status_code == 202


@pytest.mark.parametrize(("kind", "params", "key"), [("letter", {"word": "Mia"}, None), ("errand", {"word": "milk"}, "press-1")])
def test_two_equal_presses_at_once_make_one_job(
    app: Flask, anna: FlaskClient, csrf: Csrf, kind: str, params: dict[str, Any], key: str | None
) -> None:
    headers = csrf(anna) | ({"Idempotency-Key": key} if key else {})
    cookies = {name: anna.get_cookie(name) for name in ("studium_session", "studium_browser")}
    ready, ids = threading.Barrier(4), []

    def press() -> None:
        tab = app.test_client()
        for name, cookie in cookies.items():
            assert cookie is not None
            tab.set_cookie(name, cookie.value)
        ready.wait()
        answer = tab.post(JOBS, json={"kind": kind, "params": params}, headers=headers)
        ids.append((answer.status_code, answer.get_json()["data"]["id"]))

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids) == 4
    assert set(ids) == {(202, ids[0][1])}
    assert len(anna.get(JOBS).get_json()["data"]) == 1


def test_key_of_a_request_holds_for_its_own_user_while_the_job_is_active(
    anna: FlaskClient, boris: FlaskClient, csrf: Csrf, run_jobs: RunJobs
) -> None:
    first = start(anna, csrf, key="a", word="milk").get_json()["data"]["id"]
    assert start(anna, csrf, key="a", word="milk").get_json()["data"]["id"] == first
    assert problem(start(anna, csrf, key="a", word="bread")) == (422, "unprocessable", ["Idempotency-Key"])
    assert start(anna, csrf, key="b", word="milk").get_json()["data"]["id"] != first
    assert start(boris, csrf, key="a", word="milk").get_json()["data"]["id"] != first
    run_jobs()
    assert start(anna, csrf, key="a", word="milk").get_json()["data"]["id"] != first


@pytest.mark.parametrize("key", ["", " ", "x" * 101, "ключ".encode().decode("latin-1")])
def test_unusable_request_key_is_refused(anna: FlaskClient, csrf: Csrf, key: str) -> None:
    answer = anna.post(JOBS, json={"kind": "errand"}, headers=csrf(anna) | {"Idempotency-Key": key})
    assert problem(answer) == (422, "unprocessable", ["Idempotency-Key"])


def test_job_that_is_being_made_for_somebody_else_is_not_shown(anna: FlaskClient, boris: FlaskClient, csrf: Csrf) -> None:
    assert start(anna, csrf, "letter", word="shared").status_code == 202
    assert problem(start(boris, csrf, "letter", word="shared"))[0] == 409
    assert boris.get(JOBS).get_json()["data"] == []


def test_another_users_job_is_not_there(anna: FlaskClient, boris: FlaskClient, csrf: Csrf) -> None:
    job = started(anna, csrf)
    for path in (f"{JOBS}/{job['id']}", f"/jobs/{job['id']}/card"):
        assert boris.get(path, headers={"Accept": "application/json"}).status_code == 404
        assert boris.get(path.replace(job["id"], "no-such-id")).status_code == 404
    for verb in ("cancel", "retry"):
        for path in (f"{JOBS}/{job['id']}/{verb}", f"/jobs/{job['id']}/{verb}", f"{JOBS}/nonsense/{verb}"):
            assert post(boris, csrf, path).status_code == 404
    assert boris.get(JOBS).get_json() == {"data": [], "meta": {"next": None}}
    assert anna.get(f"{JOBS}/{job['id']}").get_json()["data"]["state"] == "queued"


@pytest.mark.parametrize(("method", "path"), [
    ("GET", JOBS), ("POST", JOBS), ("GET", f"{JOBS}/x"), ("POST", f"{JOBS}/x/cancel"), ("POST", f"{JOBS}/x/retry"), ("POST", "/jobs"),
    ("POST", "/jobs/x/cancel"), ("POST", "/jobs/x/retry"), ("GET", "/jobs/x/card"),
])
def test_visitors_are_asked_to_sign_in(client: FlaskClient, csrf: Csrf, method: str, path: str) -> None:
    answer = client.open(path, method=method, headers=csrf(client) | {"Accept": "application/json"})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", [JOBS, f"{JOBS}/x/cancel", f"{JOBS}/x/retry", "/jobs", "/jobs/x/cancel", "/jobs/x/retry"])
def test_without_the_token_nothing_is_done(anna: FlaskClient, path: str) -> None:
    answer = anna.post(path, json={"kind": "errand"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "csrf-token")
    assert anna.get(JOBS).get_json()["data"] == []


def test_jobs_are_listed_newest_first_and_paged_by_key(anna: FlaskClient, csrf: Csrf) -> None:
    made = [started(anna, csrf, word=str(number))["id"] for number in range(5)]
    first = anna.get(f"{JOBS}?limit=2").get_json()
    assert [job["id"] for job in first["data"]] == [made[4], made[3]]
    started(anna, csrf)
    second = anna.get(f"{JOBS}?limit=2&before={first['meta']['next']}").get_json()
    assert [job["id"] for job in second["data"]] == [made[2], made[1]]
    last = anna.get(f"{JOBS}?limit=2&before={second['meta']['next']}").get_json()
    assert ([job["id"] for job in last["data"]], last["meta"]["next"]) == ([made[0]], None)


def test_only_active_jobs_on_request(anna: FlaskClient, csrf: Csrf, run_jobs: RunJobs) -> None:
    started(anna, csrf)
    run_jobs()
    active = started(anna, csrf)["id"]
    assert [job["id"] for job in anna.get(f"{JOBS}?active=true").get_json()["data"]] == [active]
    assert len(anna.get(f"{JOBS}?active=false").get_json()["data"]) == 2


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", f"limit={'9' * 5000}", "limit=-1", "limit=²", "active=maybe"])
def test_wrong_questions_are_refused(anna: FlaskClient, query: str) -> None:
    assert problem(anna.get(f"{JOBS}?{query}")) == (422, "unprocessable", [query.split("=")[0]])


def test_cancelled_job_never_runs_and_cancelling_again_changes_nothing(anna: FlaskClient, csrf: Csrf, run_jobs: RunJobs) -> None:
    job = started(anna, csrf)
    first = post(anna, csrf, f"{JOBS}/{job['id']}/cancel")
    again = post(anna, csrf, f"{JOBS}/{job['id']}/cancel")
    assert (first.status_code, first.get_json()["data"]["state"]) == (200, "cancelled")
    assert again.get_json() == first.get_json()
    assert run_jobs() == 0
    assert problem(post(anna, csrf, f"{JOBS}/{job['id']}/retry")) == (409, "conflict", [])


def test_running_job_is_asked_to_stop(anna: FlaskClient, csrf: Csrf) -> None:
    job = started(anna, csrf)
    claim(anna, job["id"])
    asked = post(anna, csrf, f"{JOBS}/{job['id']}/cancel").get_json()["data"]
    assert (asked["state"], asked["cancel_requested"], asked["can_cancel"]) == ("running", True, False)


def test_succeeded_job_stays_so_when_it_is_cancelled(anna: FlaskClient, csrf: Csrf, run_jobs: RunJobs) -> None:
    job = started(anna, csrf)
    run_jobs()
    assert post(anna, csrf, f"{JOBS}/{job['id']}/cancel").get_json()["data"]["state"] == "succeeded"


def test_failed_job_is_tried_again_under_the_same_id(anna: FlaskClient, csrf: Csrf, run_jobs: RunJobs) -> None:
    job = started(anna, csrf, end="error")
    run_jobs()
    assert anna.get(f"{JOBS}/{job['id']}").get_json()["data"]["can_retry"] is True
    again = post(anna, csrf, f"{JOBS}/{job['id']}/retry")
    assert (again.status_code, again.get_json()["data"]["state"], again.get_json()["data"]["id"]) == (202, "queued", job["id"])
    assert problem(post(anna, csrf, f"{JOBS}/{job['id']}/retry"))[0] == 409
    assert run_jobs() == 1


def test_retry_counts_in_the_limit(anna: FlaskClient, csrf: Csrf, run_jobs: RunJobs) -> None:
    job = started(anna, csrf, end="error")
    run_jobs()
    fill(anna, 10)
    assert problem(post(anna, csrf, f"{JOBS}/{job['id']}/retry")) == (429, "too-many-jobs", [])


def test_retry_asks_again_whether_the_student_may(app: Flask, anna: FlaskClient, csrf: Csrf) -> None:
    [job_id] = fill(anna, 1, "letter", word="angry")
    with app.app_context():
        lifecycle.fail(claim(anna, job_id), "no")
    assert problem(post(anna, csrf, f"{JOBS}/{job_id}/retry"))[0] == 409


def test_text_of_a_discard_is_for_the_student(anna: FlaskClient, csrf: Csrf, run_jobs: RunJobs) -> None:
    job = started(anna, csrf, end="discard")
    run_jobs()
    failed = anna.get(f"{JOBS}/{job['id']}").get_json()["data"]
    assert (failed["state"], failed["error"]) == ("failed", "The shop is closed today.")


@pytest.mark.parametrize("end", ["error", "odd"])
def test_internals_of_a_failure_are_not_told(anna: FlaskClient, csrf: Csrf, run_jobs: RunJobs, end: str) -> None:
    job = started(anna, csrf, end=end)
    run_jobs()
    assert_friendly(anna, job["id"])


def test_waiting_for_a_retry_is_told_in_words(anna: FlaskClient, csrf: Csrf, run_jobs: RunJobs) -> None:
    job = started(anna, csrf, "slow_errand")
    run_jobs()
    waiting = anna.get(f"{JOBS}/{job['id']}")
    assert waiting.get_json()["data"]["state"] == "retrying"
    assert waiting.get_json()["data"]["error"].startswith("Something went wrong. It is tried again")
    assert "hunter2" not in waiting.text


def test_lost_workers_old_params_and_missing_plugins_are_not_told(
    app: Flask, anna: FlaskClient, csrf: Csrf, run_jobs: RunJobs
) -> None:
    poison, gone, old = (started(anna, csrf, word=word)["id"] for word in ("poison", "gone", "old"))
    with transaction():
        Job[poison].set(state="running", lease="x", leased_until=Job[poison].created_at, crashes=2)
        Job[gone].kind = "uninstalled"
        Job[old].params = '{"wort": "x"}'
    with app.app_context():
        lifecycle.crash(poison, max_crashes=3)
    run_jobs()
    for job_id in (poison, gone, old):
        assert_friendly(anna, job_id)
    assert anna.get(f"{JOBS}/{gone}").get_json()["data"]["title"] == "Task"
    assert problem(post(anna, csrf, f"{JOBS}/{gone}/retry"))[0] == 409


def assert_friendly(client: FlaskClient, job_id: str) -> None:
    """The job has failed, and neither API nor card says more than that."""
    told = client.get(f"{JOBS}/{job_id}").get_json()["data"]
    assert (told["state"], told["error"]) == (
        "failed", "Something went wrong on our side, and the error was recorded. Please try again.",
    )
    card = client.get(f"/jobs/{job_id}/card").text
    for word in ("hunter2", "Error", "JSON", "worker", "plugin", "wort"):
        assert word not in card


@pytest.mark.parametrize(("query", "field"), [("before=zzz", "before"), ("before=", "before"), ("colour=red", "colour")])
def test_a_list_asked_for_wrongly_names_what_is_wrong(anna, query, field):
    answer = anna.get(f"{JOBS}?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.get_json()["errors"]] == [field]


class LateBody:
    """A body that comes after something else has happened; a stream of WSGI, which has `read`."""

    def __init__(self, body: bytes, before: Callable[[], object]) -> None:
        self._body = BytesIO(body)
        self._before: list[Callable[[], object]] = [before]

    def read(self, size: int = -1) -> bytes:
        while self._before:
            self._before.pop()()
        return self._body.read(size)


@pytest.mark.parametrize(("path", "form"), [("/logout", {}), ("/account/delete", {"word": "delete"})])
def test_a_request_begun_before_the_end_of_the_session_does_nothing_after_it(
    app: Flask, anna: FlaskClient, csrf: Csrf, path: str, form: dict[str, str],
) -> None:
    headers, body = csrf(anna), b'{"kind": "errand", "params": {}}'
    cookies = "; ".join(f"{name}={anna.get_cookie(name).value}" for name in ("studium_session", "studium_browser"))  # type: ignore[union-attr]

    ended: list[int] = []

    def end() -> None:  # in a thread, or it would share the context of the request that waits
        other = threading.Thread(target=lambda: ended.append(anna.post(path, data=form, headers=headers).status_code))
        other.start()
        other.join()

    answer = app.test_client(use_cookies=False).post(
        JOBS, headers={**headers, "Cookie": cookies}, content_type="application/json",
        environ_overrides={"wsgi.input": LateBody(body, end), "CONTENT_LENGTH": str(len(body))})
    assert (ended, answer.status_code) in (([302], 401), ([303], 401))
    with app.app_context(), reading():
        assert Job.select(lambda job: job.kind == "errand").count() == 0


def test_an_account_that_ended_while_its_request_was_answered_gets_no_job(
    app: Flask, anna: FlaskClient, csrf: Csrf, monkeypatch: pytest.MonkeyPatch,
) -> None:
    user_id = id_of(anna)
    parse = job_requests.parse_params

    def end_first(*arguments: Any) -> Any:
        delete_account(user_id)
        return parse(*arguments)

    monkeypatch.setattr(job_requests, "parse_params", end_first)
    assert start(anna, csrf).status_code == 401
    with app.app_context(), reading():
        assert Job.select(lambda job: job.user_id == user_id).count() == 0
