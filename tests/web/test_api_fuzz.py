"""Schemathesis sends the API what its document allows and forbids; a 5xx, or an answer that the document does not know, fails."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.plugins.auth import tokens
from studium.services.limits import LimitSettings
from studium.services.token_scopes import SCOPES
from tests.conftest import SignIn

EXAMPLES = 8  # of each operation, once right and once wrong
REAL = {"course": "rivers", "lesson": "part-2"}
pytestmark = pytest.mark.fuzz


@dataclass(frozen=True)
class Caller:
    """What tells who calls."""

    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def unlimited(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """No rate is in the way."""
    rates = LimitSettings(**dict.fromkeys(LimitSettings.model_fields, "off"))
    monkeypatch.setitem(app.extensions["studium"].settings._sections, LimitSettings, rates)


@pytest.fixture
def caller(app: Flask, client: FlaskClient, sign_in: SignIn, request: pytest.FixtureRequest) -> Caller:
    """Somebody with the cookies of a browser, with a token, or with nothing."""
    if request.param == "nobody":
        return Caller()
    user = sign_in(client)
    if request.param == "token":
        with app.app_context():
            return Caller({"Authorization": f"Bearer {tokens.create(user['id'], 'fuzz', SCOPES, None)}"})
    token = client.get("/api/v1/session").get_json()["data"]["csrf_token"]
    cookies = {name: client.get_cookie(name) for name in ("studium_session", "studium_browser")}
    return Caller({"X-CSRF-Token": token}, {name: cookie.value for name, cookie in cookies.items() if cookie})


@pytest.mark.parametrize("caller", ["cookie", "token", "nobody"], indirect=True)
def test_whatever_is_sent_the_api_keeps_to_its_document(app: Flask, course: str, unlimited: None, caller: Caller) -> None:
    import schemathesis  # heavy, so only when it runs
    from schemathesis import GenerationMode

    reached: set[int] = set()
    operations = [result.ok() for result in schemathesis.openapi.from_wsgi("/api/openapi.json", app).get_all_operations()]
    for operation in operations:
        for mode in GenerationMode:
            reached |= statuses_of(operation, mode, caller)
    assert len(operations) >= 12
    assert reached >= ({200, 404, 422} if caller.headers else {200, 401, 404, 422})


def statuses_of(operation: Any, mode: Any, caller: Caller) -> set[int]:
    """Try one operation; the statuses of its answers, each of which the document allows."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis.errors import Unsatisfiable
    from hypothesis.strategies import booleans
    from schemathesis import checks
    from schemathesis.specs.openapi import checks as openapi_checks

    kept = [checks.not_a_server_error, openapi_checks.status_code_conformance, openapi_checks.content_type_conformance,
            openapi_checks.response_schema_conformance]
    found: set[int] = set()

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
              suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode), real=booleans())
    def try_it(case: Any, real: bool) -> None:
        if real:  # random words find no course and start no job
            case.path_parameters = {name: REAL.get(name, value) for name, value in (case.path_parameters or {}).items()}
            if operation.label == "POST /api/v1/jobs" and isinstance(case.body, dict):
                case.body |= {"kind": "errand", "params": {}}
        answer = case.call(headers=caller.headers, cookies=caller.cookies)
        found.add(answer.status_code)
        case.validate_response(answer, checks=kept)

    with contextlib.suppress(Unsatisfiable):  # what takes nothing cannot be given anything wrong
        try_it()
    return found
