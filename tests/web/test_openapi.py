"""The OpenAPI document knows every route of /api/v1."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.errors import StudiumError
from studium.core.openapi import make_document


@pytest.fixture
def document(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/openapi.json").get_json()
    return found


def test_every_route_of_the_api_is_in_the_document(app: Flask, document: dict[str, Any]) -> None:
    routes = {(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower()) for rule in app.url_map.iter_rules()
              if rule.rule.startswith("/api/v1/") for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert {(path, method) for path, item in document["paths"].items() for method in item} == routes
    assert len(routes) >= 12


def test_every_operation_tells_what_it_does_takes_and_answers(document: dict[str, Any]) -> None:
    for path, item in document["paths"].items():
        for method, told in item.items():
            assert len(told["summary"]) > 10, (path, method)
            assert [status for status in told["responses"] if status.startswith("2")], (path, method)
            assert {one["name"] for one in told["parameters"] if one["in"] == "path"} == set(re.findall(r"{(\w+)}", path))


def test_every_reference_leads_to_a_schema(document: dict[str, Any]) -> None:
    found = set(re.findall(r"#/components/schemas/(\w+)", str(document)))
    assert found
    assert found <= set(document["components"]["schemas"])


def test_a_route_that_nobody_described_is_named(environ: dict[str, str]) -> None:
    bare = Flask("bare")
    bare.add_url_rule("/api/v1/new", "new", lambda: "")
    with pytest.raises(StudiumError, match=r"/api/v1/new .*@operation"):
        make_document(bare, "cookie")


def test_the_document_is_kept_for_a_moment_and_open_to_all(client: FlaskClient) -> None:
    answer = client.get("/api/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    assert answer.get_json()["openapi"].startswith("3.1")
