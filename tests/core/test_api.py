"""Bodies are checked field by field; answers have one envelope."""

from __future__ import annotations

import json

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from studium.core.api import data, parse_json
from studium.core.errors import BadRequest, Unprocessable
from tests.core.conftest import Order


def post(small, body, **options):
    return small.post("/api/echo", data=body if isinstance(body, bytes) else json.dumps(body).encode(), **options)


def test_a_good_body_comes_back_in_the_envelope(small):
    answer = post(small, {"title": "tea"})
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "application/json", "no-store")
    assert answer.get_json() == {"data": {"title": "tea", "count": 1, "tags": []}, "meta": {}}


@pytest.mark.parametrize("kind", ["application/json", "text/plain;charset=UTF-8", "application/octet-stream", ""])
def test_the_content_type_does_not_matter(small, kind):
    """navigator.sendBeacon sends strings as text/plain."""
    assert post(small, {"title": "tea"}, content_type=kind).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"tea",
        b"{",
        b'{"title": "tea"',
        b'{"title": "tea"}x',
        b"{'title': 'tea'}",
        b"[" * 1_500,
        b'{"title": "\\ud800"}',
        b'{"title": "t\x00a"}',
    ],
)
def test_what_is_not_json_is_400(small, body):
    answer = post(small, body)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
    assert "not JSON" in answer.get_json()["detail"]


@pytest.mark.parametrize("body", [b"\xff\xfe", b'{"title": "\xe4"}', b'{"title": "\xed\xa0\x80"}'])
def test_what_is_not_utf8_is_400_and_says_where(small, body):
    answer = post(small, body)
    assert answer.status_code == 400
    assert "UTF-8" in answer.get_json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": 1}, "title"),
        ({"title": None}, "title"),
        ({"title": "x" * 21}, "title"),
        ({"title": "a", "count": 0}, "count"),
        ({"title": "a", "count": "1e3"}, "count"),
        ({"title": "a", "count": 1.5}, "count"),
        ({"title": "a", "tags": "b"}, "tags"),
        ({"title": "a", "tags": ["b", 1]}, "tags.1"),
        ({"title": "a", "colour": "red"}, "colour"),
        ({"title": "a", "Count": 1}, "Count"),
    ],
)
def test_a_wrong_or_unknown_field_is_422_and_named(small, body, field):
    answer = post(small, body)
    problem = answer.get_json()
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert field in [error["field"] for error in problem["errors"]]
    assert all(error["message"] for error in problem["errors"])
    assert problem["detail"].startswith(problem["errors"][0]["field"])


@pytest.mark.parametrize("body", [[], "tea", 1, None, True, [{"title": "tea"}]])
def test_a_body_that_is_no_object_is_422(small, body):
    assert post(small, body).status_code == 422


def test_all_wrong_fields_are_told_at_once_but_not_without_end(small):
    problem = post(small, {"count": "x"} | {f"field-{number}": 1 for number in range(40)}).get_json()
    assert {"title", "count"} <= {error["field"] for error in problem["errors"]}
    assert len(problem["errors"]) == 20


def test_the_answer_does_not_repeat_what_was_sent(small):
    assert "swordfish" not in post(small, {"title": ["swordfish"]}).text


@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(lambda v: json.dumps(v).encode())
)
@pytest.mark.slow
def test_any_body_is_an_order_or_a_named_mistake(body):
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return
    try:
        parse_json(Order, text)
    except (BadRequest, Unprocessable) as problem:
        assert problem.detail


def test_a_list_has_the_same_envelope():
    app = Flask("small")
    with app.app_context():
        answer = data([Order(title="a"), Order(title="b")], {"next": "b"}, 201)
    assert answer.status_code == 201
    assert answer.get_json() == {
        "data": [{"title": "a", "count": 1, "tags": []}, {"title": "b", "count": 1, "tags": []}],
        "meta": {"next": "b"},
    }
