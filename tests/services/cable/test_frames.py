"""Whatever a browser sends, it gets an answer or a closed socket with a reason, and the process lives."""

from __future__ import annotations

import json
import socket
import struct

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed

from tests.cable_process import running_cable

pytestmark = pytest.mark.slow

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
FRAMES = st.dictionaries(st.sampled_from(["subscribe", "unsubscribe", "after", "id", "beat", "x"]), JSON, min_size=1)


@pytest.fixture
def page(browser, anna, cable):
    """Anna's page; at the end it must still be served, by the same process."""
    worker = cable.worker_pid()
    yield browser
    browser.subscribe(anna.stream)
    assert cable.worker_pid() == worker


@pytest.mark.parametrize(
    "text", ["", "x", "{", "[1", "nul", '{"a": NaN}', '{"a": Infinity}', "'a'", '{"a": 1}{', '"\\ud800"', "[" * 60_000, '{"a":' * 10_000]
)
def test_what_is_not_json_gets_an_error_frame(page, text):
    page.send_raw(text)
    assert page.receive()["error"]["code"] == "malformed"


@pytest.mark.parametrize("text", ["[]", "1", "null", "true", '"text"', "[[[]]]", "1e400"])
def test_what_is_no_object_gets_an_error_frame(page, text):
    page.send_raw(text)
    assert page.receive()["error"]["code"] == "malformed"


def test_an_unknown_kind_is_told_with_the_known_ones_and_its_id(page):
    answer = page.ask({"dance": 1, "id": "q1"})
    assert (answer["error"]["code"], answer["id"]) == ("unknown", "q1")
    for kind in ("subscribe", "unsubscribe", "beat"):
        assert kind in answer["error"]["message"]


@pytest.mark.parametrize(
    "frame",
    [
        {"subscribe": 1},
        {"subscribe": None},
        {"subscribe": ["a"]},
        {"subscribe": {"a": 1}},
        {"subscribe": "a", "before": 1},
        {"subscribe": "a", "after": -1},
        {"subscribe": "a", "after": 1.5},
        {"subscribe": "a", "after": "1"},
        {"subscribe": "a", "after": True},
        {"subscribe": "a", "after": 2**63},
        {"subscribe": "a", "after": 10**300},
    ],
)
def test_a_malformed_subscription_gets_an_error_frame(page, frame):
    answer = page.ask(frame | {"id": 4})
    assert (answer["error"]["code"], answer["id"]) == ("malformed", 4)


@pytest.mark.parametrize("identifier", [[], {}, 1.5, None])
def test_an_id_of_another_type_is_not_repeated(page, identifier):
    answer = page.ask({"dance": 1, "id": identifier})
    assert answer["error"]["code"] == "unknown"
    assert "id" not in answer


@pytest.mark.parametrize("identifier", [0, -1, 10**30, "Ё" * 100, ""])
def test_any_number_or_text_is_a_fine_id(page, identifier):
    assert page.ask({"dance": 1, "id": identifier})["id"] == identifier


def test_binary_messages_are_refused_but_harmless(page):
    for message in (b"", b"\x00\xff", b'{"subscribe": "x"}', bytes(60_000)):
        page.send_raw(message)
        assert page.receive()["error"]["code"] == "binary"


def test_a_message_in_fragments_is_one_message(page, anna):
    text = json.dumps({"subscribe": anna.stream})
    page.socket.send(iter([text[:3], text[3:10], "", text[10:]]))
    assert page.receive()["subscribed"] == anna.stream


def test_a_binary_message_in_fragments_is_refused_once(page):
    page.socket.send(iter([b"a", b"b", b"c"]))
    assert page.receive()["error"]["code"] == "binary"


def test_ping_is_answered(page):
    assert page.socket.ping().wait(20)


def raw(page):
    """The bytes' way into the open socket, around the client's own checks."""
    return page.socket.socket


def masked(opcode, body=b"", final=True):
    head = struct.pack("!B", (0x80 if final else 0) | opcode)
    size = struct.pack("!B", 0x80 | len(body)) if len(body) < 126 else struct.pack("!BH", 0xFE, len(body))
    return head + size + b"\0\0\0\0" + body


def test_invalid_utf8_gets_an_error_frame(page):
    raw(page).sendall(masked(1, b'{"subscribe": "\xff\xfe"}'))
    assert page.receive()["error"]["code"] == "malformed"


def test_a_character_split_over_two_fragments_is_whole_again(page):
    body = json.dumps({"dance": 1, "id": "Ё"}, ensure_ascii=False).encode()
    at = body.index("Ё".encode()) + 1
    raw(page).sendall(masked(1, body[:at], final=False) + masked(0, body[at:]))
    assert page.receive()["id"] == "Ё"


def test_many_frames_in_one_packet_are_all_answered(page):
    raw(page).sendall(b"".join(masked(1, json.dumps({"dance": 1, "id": number}).encode()) for number in range(50)))
    assert [page.receive()["id"] for _ in range(50)] == list(range(50))


def test_a_frame_that_comes_byte_by_byte_is_one_frame(page):
    for byte in masked(1, b'{"dance": 1, "id": 7}'):
        raw(page).sendall(bytes([byte]))
    assert page.receive()["id"] == 7


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x81\x05hello", 1002),
        (masked(3, b"?"), 1002),
        (masked(0, b"no beginning"), 1002),
        (masked(1, b"a", final=False) + masked(1, b"b"), 1002),
        (b"\xf1\x80\0\0\0\0", 1002),
        (masked(9, b"x" * 126), 1002),
        (masked(9, b"x", final=False), 1002),
        (b"\x81\xff" + struct.pack("!Q", 2**40) + b"\0\0\0\0", 1009),
        (b"\x81\xfe" + struct.pack("!H", 65_535)[:2] + b"\0\0\0\0", None),
    ],
)
def test_a_broken_protocol_closes_only_that_socket(cable, anna, sent, code):
    page = cable.open(anna.token)
    raw(page).sendall(sent)
    if code is not None:
        assert page.closing()[0] == code
    cable.open(anna.token).subscribe(anna.stream)


def test_a_message_that_is_too_big_closes_with_1009(cable, anna):
    page = cable.open(anna.token)
    page.send_raw("x" * 65_537)
    assert page.closing()[0] == 1009
    cable.open(anna.token).subscribe(anna.stream)


def test_a_message_that_is_too_big_in_fragments_closes_with_1009(cable, anna):
    page = cable.open(anna.token)
    with pytest.raises(ConnectionClosed):
        page.socket.send("x" * 10_000 for _ in range(1_000))
    assert page.closing()[0] == 1009


def test_the_biggest_allowed_message_is_read(page):
    page.send_raw(json.dumps({"dance": "x" * 65_000}))
    assert page.receive()["error"]["code"] == "unknown"


def test_too_many_messages_close_with_a_reason_and_others_are_served(environ, app, anna):
    with running_cable(environ, STUDIUM_CABLE_FRAMES_BURST="20", STUDIUM_CABLE_FRAMES_PER_SECOND="0.001") as cable:
        flood, calm = cable.open(anna.token), cable.open(anna.token)
        for number in range(20):
            assert flood.ask({"dance": 1, "id": number})["id"] == number
        flood.send({"dance": 1})
        code, reason = flood.closing()
        assert (code, "too many" in reason) == (1008, True)
        pings = cable.open(anna.token)
        for _ in range(21):
            pings.socket.ping()
        assert pings.closing()[0] == 1008
        calm.subscribe(anna.stream)


def test_a_peer_that_vanishes_mid_frame_is_forgotten(cable, anna):
    page = cable.open(anna.token)
    raw(page).sendall(masked(1, b"x" * 100)[:50])
    raw(page).shutdown(socket.SHUT_RDWR)
    cable.open(anna.token).subscribe(anna.stream)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FRAMES | JSON)
def test_any_json_gets_an_answer(page, frame):
    page.send_raw(json.dumps(frame))
    assert "error" in page.receive()


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_any_bytes_as_text_get_an_answer(page, body):
    raw(page).sendall(masked(1, body))
    assert "error" in page.receive()
