"""The cable dies between the commit of a beat and its acknowledgement: the browser sends it again, which changes nothing."""

from __future__ import annotations

import pytest
from websockets.exceptions import ConnectionClosed

from tests.cable_process import running_cable
from tests.plugins.progress.conftest import beat, completions, lesson_row, send_beats

pytestmark = pytest.mark.slow


def test_a_beat_that_was_stored_but_not_acknowledged_is_sent_again_without_effect(environ, app, anna, lessons, ticket, settings):
    sid = ticket(anna, lessons["water"])
    last = beat(sid, 2, (60_000, 600_000), played=300_000)
    with running_cable(environ, STUDIUM_EXTRA_PLUGINS="chores,mortal") as cable:
        browser = cable.open(anna.token)
        send_beats(browser, [beat(sid, 1, (0, 60_000))])
        (settings.core.data_dir / "die").touch()
        killed = cable.worker_pid()
        browser.send({"beat": last, "id": 2})
        with pytest.raises(ConnectionClosed):
            browser.receive()
        row = lesson_row(app, anna, lessons["water"])
        assert (row["covered"], row["completed"]) == (600_000, True)
        browser = cable.open(anna.token)  # gunicorn has made a new worker
        (answer,) = send_beats(browser, [last])
        assert answer["progress"]["completed"]
        assert cable.worker_pid() != killed
    assert lesson_row(app, anna, lessons["water"]) == row
    assert completions(app) == [(anna.id, lessons["water"])]
