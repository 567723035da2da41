"""Who may open the cable: signed-in people, from pages of this site."""

from __future__ import annotations

import pytest
from websockets.exceptions import InvalidStatus

from tests.cable_process import running_cable


def refused(cable, token, origin="own", **options):
    with pytest.raises(InvalidStatus) as refusal:
        cable.open(token, origin, **options)
    return refusal.value.response


def test_a_signed_in_person_is_let_in(cable, anna):
    assert cable.open(anna.token).ask({"subscribe": anna.stream})["subscribed"] == anna.stream


@pytest.mark.parametrize("token", [None, "", "forged", "x" * 500])
def test_without_a_session_it_is_refused(cable, token):
    answer = refused(cable, token)
    assert answer.status_code == 401
    assert b"sign-in-required" in answer.body
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_a_closed_session_is_refused(cable, anna, csrf):
    assert anna.client.post("/logout", headers=csrf(anna.client)).status_code == 302
    assert refused(cable, anna.token).status_code == 401


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "http://evil.example",
        "http://127.0.0.1.evil.example:{port}",
        "http://evil.example/127.0.0.1:{port}",
        "https://localhost",
        "http://127.0.0.1:1",
        "http://127.0.0.1:99999",
        "ftp://127.0.0.1:{port}",
        "http://127.0.0.1@evil.example:{port}",
        "//127.0.0.1:{port}",
        "http://[::1",
        "http://127.0.0.1:port",
    ],
)
def test_a_missing_or_foreign_origin_is_refused(cable, anna, origin):
    answer = refused(cable, anna.token, origin and origin.format(port=cable.port))
    assert answer.status_code == 403
    assert b"STUDIUM_ALLOWED_ORIGINS" in answer.body


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "http://127.0.0.1:{port}"])
def test_pages_of_the_site_and_of_the_cables_own_port_are_let_in(cable, anna, origin):
    cable.open(anna.token, origin.format(port=cable.port)).close()


def test_a_request_that_is_no_upgrade_is_told_so(cable):
    status, problem, headers = cable.get("/cable")
    assert (status, problem["code"], headers["Upgrade"]) == (426, "upgrade-required", "websocket")


@pytest.mark.parametrize("path", ["/", "/cable/other", "/api/v1/session", "/login"])
def test_the_cable_serves_nothing_else(cable, path):
    assert cable.get(path + "?x=1" if path != "/" else path)[0] == 404


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Sec-WebSocket-Version", "12"),
        ("Sec-WebSocket-Version", ""),
        ("Sec-WebSocket-Key", "short"),
        ("Sec-WebSocket-Key", ""),
    ],
)
def test_a_wrong_handshake_is_a_4xx_and_the_process_lives(cable, anna, name, value):
    status = raw_handshake(cable, anna.token, {name: value})
    assert 400 <= status < 500
    assert raw_handshake(cable, anna.token, {}) == 101


def raw_handshake(cable, token, changed):
    """The status of a handshake written by hand."""
    import socket

    headers = {
        "Host": f"127.0.0.1:{cable.port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Origin": cable.origin,
        "Cookie": f"studium_session={token}",
    } | changed
    with socket.create_connection(("127.0.0.1", cable.port), timeout=20) as connection:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall(f"GET /cable HTTP/1.1\r\n{lines}\r\n".encode())
        return int(connection.recv(4096).split()[1])


@pytest.mark.slow
def test_a_configured_origin_and_limits_are_honoured(environ, app, anna, boris):
    settings = {
        "STUDIUM_ALLOWED_ORIGINS": "https://school.example",
        "STUDIUM_CABLE_MAX_CONNECTIONS_PER_USER": "2",
        "STUDIUM_CABLE_MAX_CONNECTIONS": "3",
    }
    with running_cable(environ, **settings) as cable:
        first = cable.open(anna.token, "https://school.example")
        cable.open(anna.token)
        assert refused(cable, anna.token, "https://school.example.evil").status_code == 403
        answer = refused(cable, anna.token)
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
        cable.open(boris.token)
        assert b"full" in refused(cable, boris.token).body
        first.close()
        cable.open(anna.token)


@pytest.mark.slow
def test_in_production_the_cookie_has_the_name_that_no_neighbour_can_set(environ, app, anna):
    with running_cable(environ, STUDIUM_ENV="production", STUDIUM_PUBLIC_URL="https://school.example") as cable:
        page = "https://school.example"
        assert cable.open(anna.token, page).ask({"subscribe": anna.stream})["subscribed"] == anna.stream
        assert refused(cable, None, page, additional_headers={"Cookie": f"studium_session={anna.token}"}).status_code == 401
        assert refused(cable, anna.token, "http://school.example").status_code == 403


def test_two_sessions_in_one_handshake_are_nobodys(cable, anna, boris):
    assert raw_handshake(cable, anna.token, {}) == 101
    assert raw_handshake(cable, f"{anna.token}; studium_session={boris.token}", {}) == 401


@pytest.mark.slow
def test_in_production_with_a_public_address_the_host_of_the_request_opens_nothing(environ, app, anna):
    settings = {"STUDIUM_PUBLIC_URL": "https://school.example", "STUDIUM_ALLOWED_ORIGINS": "https://other.example"}
    with running_cable(environ, STUDIUM_ENV="production", **settings) as cable:
        for host in (f"127.0.0.1:{cable.port}", "evil.example"):
            cookie = {"Host": host, "Cookie": f"__Host-studium_session={anna.token}"}
            assert raw_handshake(cable, None, cookie | {"Origin": f"https://{host}"}) == 403
            assert raw_handshake(cable, None, cookie | {"Origin": f"http://{host}"}) == 403
        cable.open(anna.token, "https://other.example")
