"""One handler answers every error: a page to people, problem+json to programs, and never a traceback."""

from __future__ import annotations

import pytest
import structlog

from studium.core.errors import Problem, StudiumError

PAGE = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
JSON = {"Accept": "application/json"}


@pytest.mark.parametrize(
    ("name", "status", "code", "title"),
    [
        ("missing", 404, "not-found", "There is nothing here"),
        ("taken", 409, "conflict", "This cannot be done now"),
        ("visitor", 401, "sign-in-required", "Please sign in"),
        ("wrong", 422, "unprocessable", "Some of the data is wrong"),
        ("own", 418, "teapot", "I am a teapot"),
        ("odd", 500, "internal-error", "Something went wrong"),
    ],
)
def test_a_program_gets_a_problem_document(small, name, status, code, title):
    answer = small.get(f"/api/{name}", headers=PAGE)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.headers["Cache-Control"] == "no-store"
    problem = answer.get_json()
    assert {"type": f"urn:studium:problem:{code}", "title": title, "status": status, "code": code}.items() <= problem.items()
    assert isinstance(problem["detail"], str)


def test_a_person_gets_a_page(small):
    answer = small.get("/page/missing", headers=PAGE)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "There is no such thing." in answer.text


def test_a_client_that_reads_only_json_gets_it_on_any_path(small):
    assert small.get("/page/missing", headers=JSON).mimetype == "application/problem+json"
    assert small.get("/page/missing", headers={"Accept": "*/*"}).mimetype == "text/html"


def test_further_members_stand_in_the_document(small):
    assert small.get("/api/own").get_json()["tea"] == "green"
    assert small.get("/api/wrong").get_json()["errors"] == [{"field": "title", "message": "too long"}]


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/none/such", 404, "not-found"),
        ("POST", "/api/missing", 405, "method-not-allowed"),
        ("GET", "/api/teapot", 409, "conflict"),
    ],
)
def test_errors_of_the_framework_look_like_ours(small, method, path, status, code):
    answer = small.open(path, method=method)
    assert (answer.status_code, answer.mimetype, answer.get_json()["code"]) == (status, "application/problem+json", code)


def test_a_wrong_method_names_the_right_ones(small):
    answer = small.put("/api/echo")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_headers_of_a_problem_are_kept(small):
    for path in ("/api/taken", "/page/taken"):
        assert small.get(path, headers=PAGE).headers["Retry-After"] == "3"


def test_redirects_and_whole_responses_stay_what_they_are(small):
    assert small.get("/page/elsewhere").headers["Location"] == "/other"
    assert (small.get("/api/made").status_code, small.get("/api/made").text) == (402, "as it is")


@pytest.mark.parametrize("path", ["/api/odd", "/page/odd"])
def test_the_unforeseen_is_recorded_but_not_told(small, path):
    with structlog.testing.capture_logs() as lines:  # whatever another test has made of the log before
        answer = small.get(path, headers=PAGE)
    assert answer.status_code == 500
    assert "swordfish" not in answer.text
    assert "Traceback" not in answer.text
    assert [(line["log_level"], line["path"]) for line in lines if line["event"] == "request_failed"] == [("error", path)]


def test_a_page_escapes_what_it_quotes(small_app):
    small_app.add_url_rule("/page/quote", "quote", quote)
    assert "<script>" not in small_app.test_client().get("/page/quote", headers=PAGE).text


def quote() -> str:
    raise Problem("<script>alert(1)</script>", title="<script>")


def test_a_body_that_is_too_large_is_413(small):
    answer = small.post("/api/echo", data=b"x" * 3_000)
    assert (answer.status_code, answer.get_json()["code"]) == (413, "request-entity-too-large")


def test_an_unsafe_call_without_the_token_is_refused_with_a_reason(small):
    answer = small.post("/api/guarded", json={})
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert "CSRF" in answer.get_json()["detail"]


@pytest.mark.parametrize("path", ["/api/fine", "/api/missing", "/api/odd", "/api/none/such", "/page/odd"])
def test_every_answer_carries_the_request_id(small, path):
    assert len(small.get(path).headers["X-Request-ID"]) == 16
    assert small.get(path, headers={"X-Request-ID": "proxy-1234"}).headers["X-Request-ID"] == "proxy-1234"


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space 1", "semi;colon;", "-------- ", "\xb2\xb3\xb9" * 4, "\xe4nderung-1234"])
def test_a_request_id_that_does_not_look_like_one_is_replaced(small, given):
    assert small.get("/api/fine", headers={"X-Request-ID": given}).headers["X-Request-ID"] != given


def test_two_requests_have_two_ids(small):
    assert small.get("/api/fine").headers["X-Request-ID"] != small.get("/api/fine").headers["X-Request-ID"]


def test_a_problem_without_a_detail_still_says_something():
    assert str(Problem()) == "Something went wrong"
    assert isinstance(Problem(), StudiumError)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("POST", "/api/v1/session", 405),
        ("PUT", "/up", 405),
        ("DELETE", "/api/v1/beats", 405),
    ],
)
def test_the_whole_site_answers_programs_with_problem_documents(client, method, path, status):
    answer = client.open(path, method=method, headers=PAGE)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")


def test_a_huge_body_is_refused_by_the_whole_site(client, settings):
    answer = client.post("/api/v1/beats", data=b"[" * (settings.core.max_request_bytes + 1))
    assert (answer.status_code, answer.mimetype) == (413, "application/problem+json")
