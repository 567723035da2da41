"""The message file and the process may fail, stop and come back; browsers go on where they were."""

from __future__ import annotations

import signal
import sqlite3
import threading
from contextlib import closing

import pytest
from websockets.exceptions import ConnectionClosed

from studium.services.cable import publish
from studium.services.cable.sqlite_store import FILE
from tests.cable_process import running_cable

pytestmark = pytest.mark.slow


def tell(app, stream, *numbers):
    with app.app_context():
        for number in numbers:
            publish(stream, {"data": {"n": number}})


def test_the_message_file_may_be_deleted_while_all_runs(app, cable, anna, settings):
    browser = cable.open(anna.token)
    before = browser.subscribe(anna.stream)
    tell(app, anna.stream_name, 1)
    assert browser.receive()["data"]["n"] == 1
    for path in settings.core.data_dir.glob(f"{FILE}*"):
        path.unlink()
    tell(app, anna.stream_name, 2)
    message = browser.receive()
    assert message["data"]["n"] == 2
    assert message["id"] > before
    again = cable.open(anna.token)
    again.subscribe(anna.stream, after=before)
    assert again.receive() == message


def test_a_locked_message_file_delays_messages_and_loses_none(app, cable, anna, settings):
    browser = cable.open(anna.token)
    seen = browser.subscribe(anna.stream)
    tell(app, anna.stream_name, 1)
    with closing(sqlite3.connect(settings.core.data_dir / FILE, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert browser.receive()["data"]["n"] == 1
        late = cable.open(anna.token)
        late.subscribe(anna.stream, after=seen)
        assert late.receive()["data"]["n"] == 1
        release = threading.Timer(1.0, lambda: other.execute("COMMIT"))
        release.start()
        tell(app, anna.stream_name, 2)
        release.join()
    assert (browser.receive()["data"]["n"], late.receive()["data"]["n"]) == (2, 2)


def test_publishing_into_a_broken_file_is_logged_and_fails_nothing(app, anna, settings, csrf):
    for path in settings.core.data_dir.glob(f"{FILE}*"):
        path.unlink()
    (settings.core.data_dir / FILE).write_bytes(b"garbage" * 1_000)
    try:
        tell(app, anna.stream_name, 1)
        answer = anna.client.get("/api/v1/session")
        assert (answer.status_code, answer.get_json()["data"]["last"]) == (200, 0)
        assert anna.client.post("/logout", headers=csrf(anna.client)).status_code == 302
    finally:
        (settings.core.data_dir / FILE).unlink()
    tell(app, anna.stream_name, 2)


def test_a_stop_tells_browsers_to_come_back_and_ends_in_time(environ, app, anna):
    with running_cable(environ) as cable:
        browsers = [cable.open(anna.token) for _ in range(5)]
        browsers[0].subscribe(anna.stream)
        cable.signal(signal.SIGTERM)
        assert [browser.closing() for browser in browsers] == [(1012, "the server restarts")] * 5
        assert cable.wait() == 0
        cable.start()
        cable.open(anna.token).subscribe(anna.stream)


def test_a_killed_cable_leaves_browsers_that_can_come_back(environ, app, anna):
    with running_cable(environ) as cable:
        browser = cable.open(anna.token)
        seen = browser.subscribe(anna.stream)
        cable.kill()
        with pytest.raises(ConnectionClosed):
            browser.receive()
        tell(app, anna.stream_name, 1)
        cable.start()
        browser = cable.open(anna.token)
        browser.subscribe(anna.stream, after=seen)
        assert browser.receive()["data"]["n"] == 1
