"""Whatever somebody sends, no secret of theirs or ours is written to the log, not even at its lowest level or in a traceback."""

from __future__ import annotations

import io
import logging
import re
import sys
from collections.abc import Callable, Iterator

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import UNAVAILABLE
from studium.core.logs import init_logs
from studium.core.settings import Settings
from studium.core.too_slow import TooSlow
from studium.plugins.auth import tokens
from studium.services.telegram import SECRET_HEADER, webhook_secret
from tests.conftest import SignIn
from tests.web.attacked_site import routes
from tests.web.conftest import Csrf

Written = Callable[[], str]
PLANTED = "PLANTED-SECRET-9f8e7d6c5b4a"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[Written]:
    """`written()` is all that was logged, by all loggers at the lowest level, as a process writes it to standard error."""
    root, lines, config = logging.getLogger(), io.StringIO(), structlog.get_config()
    before = root.level, root.handlers
    monkeypatch.setattr(sys, "stderr", lines)
    init_logs("debug", "web")
    yield lines.getvalue
    root.level, root.handlers = before
    structlog.configure(**config)


def test_no_secret_of_a_visit_is_logged(
    app: Flask, client: FlaskClient, course: str, settings: Settings, sign_in: SignIn, csrf: Csrf, written: Written,
) -> None:
    user = sign_in(client)
    headers = csrf(client)
    with app.app_context():
        token = tokens.create(user["id"], "program", ["read", "jobs", "progress"], None)
        hook = webhook_secret()
    opened = client.post(f"/api/v1/lessons/{course}/part-2/sessions", headers=headers).get_json()["data"]
    beat = {"sid": opened["sid"], "seq": 1, "segments": [[0, 1000]], "position": 1000, "state": "playing"}
    program = app.test_client()
    bearer = {"Authorization": f"Bearer {token}"}
    answers = [
        client.post("/api/v1/beats", json={"beats": [beat]}), client.post("/api/v1/beats", json={"beats": [beat | {"seq": -1}]}),
        program.get("/api/v1/jobs", headers=bearer), program.post("/api/v1/jobs", headers=bearer, json={"kind": 3, "params": PLANTED}),
        program.get("/dashboard", headers=bearer), program.get("/api/v1/jobs", headers={"Authorization": f"Bearer st_{PLANTED}"}),
        program.post("/webhooks/telegram", headers={SECRET_HEADER: hook}, json={"update_id": "x"}),
        program.post("/webhooks/telegram", headers={SECRET_HEADER: PLANTED}, json={}),
        program.get(f"/auth/telegram/callback?code={PLANTED}&state={PLANTED}"), program.get(f"/auth/telegram/widget?id=1&hash={PLANTED}"),
        client.get("/account"), client.post("/logout", headers=headers),
    ]
    assert max(answer.status_code for answer in answers) < 600
    cookies = [client.get_cookie("studium_browser")]
    secrets = [settings.secret, token, hook, headers["X-CSRF-Token"], opened["sid"], PLANTED, *(c.value for c in cookies if c)]
    assert [secret for secret in secrets if secret in written()] == []
    assert "sign_in_failed" in written(), "nothing was logged at all"


def test_no_route_writes_what_it_is_sent_in_its_address_cookie_header_or_form(app: Flask, written: Written) -> None:
    client = app.test_client(use_cookies=False)
    for method, rule in routes(app):
        path = re.sub(r"<[^>]+>", "1", rule)
        client.open(f"{path}?hash={PLANTED}&code={PLANTED}&next=/{PLANTED}", method=method, buffered=True,
                    headers={"Cookie": f"studium_session={PLANTED}; studium_browser={PLANTED}", "X-CSRF-Token": PLANTED},
                    data=None if method == "GET" else {"token": PLANTED, "csrf_token": PLANTED})
    assert PLANTED not in written()


@pytest.mark.parametrize("error", [OSError("broken"), UNAVAILABLE[0]("busy"), TooSlow("slow")])
@pytest.mark.parametrize("rule", ["/email/confirm/", "/notifications/unsubscribe/"])
def test_an_address_that_is_a_permission_is_not_written_when_its_page_fails(
    app: Flask, written: Written, monkeypatch: pytest.MonkeyPatch, rule: str, error: Exception
) -> None:
    def fail(**values: str) -> None:
        raise error

    endpoint = app.url_map.bind("").match(f"{rule}x")[0]
    monkeypatch.setitem(app.view_functions, endpoint, fail)
    assert app.test_client().get(f"{rule}{PLANTED}").status_code >= 400
    assert f'"path": "{rule}<token>"' in written()
    assert PLANTED not in written()


def test_a_careless_line_would_be_seen(app: Flask, written: Written) -> None:
    logging.getLogger("some.library").debug("careless %s", PLANTED)
    assert PLANTED in written()
