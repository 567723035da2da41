"""/up tells the truth: 200 when every part lives, else 503 with the reasons, and no secret either way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core import health
from studium.core.database import reading, transaction
from studium.core.entities import Heartbeat
from studium.core.health import HealthCheck, beat_heart, heartbeat_check, still_heart

PROGRAMS = ("cable", "worker:default", "worker:realtime", "dispatcher")


@pytest.fixture
def alive(app: Flask) -> Callable[[], None]:
    """Every program gives a sign of life."""

    def do() -> None:
        with app.app_context():
            for program in PROGRAMS:
                beat_heart(program)

    return do


def test_all_well_is_200(client, alive):
    alive()
    answer = client.get("/up")
    assert (answer.status_code, answer.mimetype, answer.headers["Cache-Control"]) == (200, "application/json", "no-store")
    body = answer.get_json()
    assert body["status"] == "ok"
    assert set(body["checks"]) >= {"database", "disk", "queue", *PROGRAMS}
    assert set(body["checks"].values()) == {"ok"}


def test_programs_that_never_started_are_named(client):
    answer = client.get("/up")
    assert (answer.status_code, answer.get_json()["status"]) == (503, "unavailable")
    for program in PROGRAMS:
        assert answer.get_json()["checks"][program] == "is not running"


@pytest.mark.parametrize("silent", PROGRAMS)
def test_a_silent_program_is_named_with_how_long(client, app, alive, frozen_clock, silent):
    alive()
    frozen_clock.advance(12)
    with app.app_context():
        for program in PROGRAMS:
            if program != silent:
                beat_heart(program)
    answer = client.get("/up")
    assert answer.status_code == 503
    assert {name: said for name, said in answer.get_json()["checks"].items() if said != "ok"} == {silent: "no sign of life for 12 s"}


def test_a_program_that_lives_again_is_well_again(client, alive, frozen_clock):
    alive()
    frozen_clock.advance(60)
    assert client.get("/up").status_code == 503
    alive()
    assert client.get("/up").status_code == 200


def test_a_full_disk_is_told_before_writes_fail(client, alive, monkeypatch):
    alive()
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 10**18)
    answer = client.get("/up")
    assert answer.status_code == 503
    assert "MB free" in answer.get_json()["checks"]["disk"]


def test_a_check_that_breaks_is_a_reason_and_tells_no_details(client, app, alive, monkeypatch):
    alive()

    def broken() -> str | None:
        raise OSError("cannot read /srv/secret-place")

    monkeypatch.setattr(health, "CORE_CHECKS", (HealthCheck("memory", broken),))
    answer = client.get("/up")
    assert answer.status_code == 503
    assert answer.get_json()["checks"]["memory"] == "the check failed: OSError"
    assert "secret-place" not in answer.text


def test_it_tells_no_secret_and_no_path(client, settings):
    text = client.get("/up").text
    assert settings.secret not in text
    assert str(settings.core.data_dir) not in text


def test_a_sign_of_life_is_one_row_a_program_with_its_start(app, frozen_clock):
    with app.app_context():
        beat_heart("baker")
        frozen_clock.advance(5)
        beat_heart("baker")
        with reading():
            (row,) = Heartbeat.select()[:]
            assert (row.seen_at - row.started_at).total_seconds() == 5
        with transaction():
            Heartbeat["baker"].delete()
        assert heartbeat_check("baker").check() == "is not running"


def test_people_without_a_session_may_ask(client: FlaskClient, alive):
    alive()
    assert client.get("/up", headers={"Accept": "text/html"}).mimetype == "application/json"


def test_a_process_that_stops_on_purpose_withdraws_its_sign_of_life(app):
    with app.app_context():
        beat_heart("smith")
        assert heartbeat_check("smith").check() is None
        still_heart("smith")
        assert heartbeat_check("smith").check() == "is not running"


def test_a_process_that_has_taken_over_keeps_its_sign_of_life(app):
    with app.app_context():
        beat_heart("smith")
        with transaction():
            Heartbeat["smith"].pid = 1
        still_heart("smith")
        assert heartbeat_check("smith").check() is None
