"""Dead browsers are dropped, slow ones too, browsers are told of a restart, and /up knows whether the tail follows."""

from __future__ import annotations

import socket
import sqlite3
import time
from contextlib import closing

import pytest

from studium.core.database import reading
from studium.core.entities import Heartbeat
from studium.services.cable import publish, sign_stream
from studium.services.cable.sqlite_store import FILE
from tests.cable_process import CableProcess, running_cable, wait_until

pytestmark = pytest.mark.slow

IMPATIENT = {"STUDIUM_EXTRA_PLUGINS": "chores,impatient"}


def tell(app, stream, *numbers):
    with app.app_context():
        for number in numbers:
            publish(stream, {"data": {"n": number}})


@pytest.fixture(scope="module")
def impatient(environ, request):
    """A cable that pings after a second of silence, keeps little, and notices a stall within half a second."""
    settings = {
        "STUDIUM_CABLE_PING_SECONDS": "1",
        "STUDIUM_CABLE_SEND_BUFFER_BYTES": "200000",
        "STUDIUM_CABLE_RETENTION_HOURS": "0.0001",
        "STUDIUM_LOG_LEVEL": "info",
    }
    with running_cable(environ, **IMPATIENT, **settings) as cable:
        yield cable


@pytest.fixture
def patient(impatient: CableProcess, app):
    yield impatient
    impatient.close_browsers()


def deaf(cable, token):
    """A browser that never answers and never reads: only the handshake is done by hand."""
    connection = socket.create_connection(("127.0.0.1", cable.port), timeout=20)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.sendall(
        (
            f"GET /cable HTTP/1.1\r\nHost: 127.0.0.1:{cable.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: {cable.origin}\r\n"
            f"Cookie: studium_session={token}\r\n\r\n"
        ).encode()
    )
    assert b" 101 " in connection.recv(4096)
    return connection


def text_frame(text):
    body = text.encode()
    return (
        bytes([0x81, 0x80 | len(body)]) + b"\0\0\0\0" + body
        if len(body) < 126
        else (b"\x81\xfe" + len(body).to_bytes(2, "big") + b"\0\0\0\0" + body)
    )


def read_to_the_end(connection):
    """All bytes until the server lets go."""
    found = b""
    try:
        while chunk := connection.recv(65_536):
            found += chunk
    except ConnectionResetError:
        pass
    return found


def test_a_dead_browser_is_pinged_twice_and_dropped_and_one_that_answers_stays(patient, anna):
    browser = patient.open(anna.token)
    with closing(deaf(patient, anna.token)) as dead:
        assert read_to_the_end(dead) == b"\x89\x00" * 2
    browser.subscribe(anna.stream)


def test_a_browser_that_does_not_read_is_dropped_and_slows_nobody(app, patient, anna, boris):
    quick = patient.open(boris.token)
    with app.app_context():
        news = sign_stream("news")
    quick.subscribe(news)
    with closing(deaf(patient, anna.token)) as slow:
        slow.sendall(text_frame(f'{{"subscribe": "{news}"}}'))
        assert b"subscribed" in slow.recv(300)
        for number in range(60):  # more than the kernel's buffers take
            with app.app_context():
                publish("news", {"data": {"n": number, "filling": "x" * 100_000}})
            assert quick.receive()["data"]["n"] == number
        wait_until(lambda: "cable_slow_browser_dropped" in patient.log(), "the slow browser is dropped")
    quick.subscribe(news)


def test_old_messages_go_although_nobody_publishes(app, patient, settings):
    tell(app, "old news", 1, 2, 3)
    with closing(sqlite3.connect(settings.core.data_dir / FILE)) as connection:
        old = "SELECT 1 FROM message WHERE stream = 'old news'"
        wait_until(lambda: connection.execute(old).fetchall() == [], "the old messages are trimmed")


def test_up_of_the_cable_says_that_the_tail_follows(patient):
    status, body, _headers = patient.get("/up")
    assert body["checks"]["cable-tail"] == "ok"
    assert body["checks"]["database"] == "ok"
    assert status in (200, 503)  # the workers do not run in this test


def test_its_heart_beats_in_the_database(app, patient):
    def beats():
        with app.app_context(), reading():
            row = Heartbeat.get(program="cable")
            return row is not None and row.pid == patient.worker_pid()

    wait_until(beats, "the cable gives a sign of life")


def own_data(environ, tmp_path_factory):
    """The environment with a migrated data folder of its own, to be spoilt."""
    from studium.core.app import load
    from studium.core.migrator import Migrator
    from studium.core.runtime import collect

    found = dict(environ) | {"STUDIUM_DATA_DIR": str(tmp_path_factory.mktemp("own"))}
    settings, plugins = load(found)
    Migrator(settings.core.data_dir, collect(plugins.hook.register_migrations)).migrate()
    return found


def last_heartbeat(cable):
    with closing(sqlite3.connect(cable.data_dir / "studium.sqlite3")) as connection:
        row = connection.execute("SELECT seen_at FROM heartbeat WHERE program = 'cable'").fetchone()
    return row[0] if row else None


def test_a_tail_that_cannot_read_says_so_in_health_and_stops_the_heartbeat_and_recovers(environ, tmp_path_factory):
    own = own_data(environ, tmp_path_factory)
    with running_cable(own, **IMPATIENT) as first:
        wait_until(lambda: last_heartbeat(first), "the heart beats")
        first.kill()
        for path in first.data_dir.glob(f"{FILE}*"):
            path.unlink()
        (first.data_dir / FILE).write_bytes(b"garbage, not a database " * 1_000)
        first.start()
        wait_until(lambda: "has not looked for" in first.get("/up")[1]["checks"]["cable-tail"], "health tells of the stalled tail")
        assert first.get("/up")[0] == 503
        stopped = last_heartbeat(first)
        assert "cable_tail_failed" in first.log()
        time.sleep(0.3)
        assert last_heartbeat(first) == stopped
        (first.data_dir / FILE).unlink()
        wait_until(lambda: first.get("/up")[1]["checks"]["cable-tail"] == "ok", "the tail follows again")
        wait_until(lambda: last_heartbeat(first) != stopped, "the heart beats again")
