"""Logs are JSON lines with the request's id and without secrets."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from studium.core.logs import get_logger, init_logs

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    """Logs of a process that was just started, as written to standard error; each must be one line of JSON."""
    root, written = logging.getLogger(), io.StringIO()
    handlers, level, config = root.handlers, root.level, structlog.get_config()
    monkeypatch.setattr(sys, "stderr", written)
    init_logs("info", "web")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers, root.level = handlers, level
    structlog.configure(**config)


def test_a_line_is_json_with_time_level_event_and_program(lines):
    get_logger("shop").info("order_taken", order=7)
    (line,) = lines()
    assert {"event": "order_taken", "order": 7, "level": "info", "program": "web", "logger": "shop"}.items() <= line.items()
    assert line["at"].endswith("Z")


def test_lines_below_the_level_are_left_out(lines):
    get_logger("shop").debug("chatter")
    assert lines() == []


def test_lines_of_other_libraries_are_json_too(lines):
    logging.getLogger("some.library").warning("disk %s is full", "sda")
    (line,) = lines()
    assert (line["event"], line["level"], line["program"]) == ("disk sda is full", "warning", "web")


def test_an_exception_is_one_line_with_its_traceback(lines):
    try:
        raise ValueError("no\nluck")
    except ValueError:
        get_logger("shop").exception("order_failed")
    (line,) = lines()
    assert "ValueError: no" in line["exception"]
    assert line["level"] == "error"


def test_text_of_others_cannot_forge_a_line(lines):
    get_logger("shop").info("named", name='x"}\n{"event": "forged')
    (line,) = lines()
    assert line["event"] == "named"


def test_lines_of_a_request_carry_its_id(lines, small):
    sent = small.get("/api/missing").headers["X-Request-ID"]
    small.get("/api/missing", headers={"X-Request-ID": "proxy-1234"})
    assert [line["request_id"] for line in lines() if line["event"] == "about_to_raise"] == [sent, "proxy-1234"]


def test_sign_in_and_watching_write_no_secret_to_the_log(lines, app, settings, sign_in, csrf):
    logging.getLogger().setLevel("DEBUG")
    client = app.test_client()
    sign_in(client)
    token = client.get_cookie("studium_session").value
    answer = client.post("/api/v1/beats", json={"beats": [{"sid": "not-a-sid"}]}, headers=csrf(client))
    assert answer.status_code == 422
    written = json.dumps(lines())
    for secret in (token, settings.secret, csrf(client)["X-CSRF-Token"]):
        assert secret not in written
