"""Log in with Telegram by OpenID Connect, against the simulated provider of development and against a network that fails."""

from __future__ import annotations

import base64
import contextvars
import hashlib
import json
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from flask import Flask
from flask.testing import FlaskClient
from pydantic import SecretStr
from werkzeug.test import TestResponse

from studium.core.database import db, reading
from studium.core.runtime import runtime
from studium.plugins.auth.entities import Session, User
from studium.plugins.telegram.client import login_client
from studium.plugins.telegram.provider import Provider, ProviderDown
from studium.plugins.telegram.routes import PROVIDER
from studium.services.telegram import LoginClient, TelegramSettings
from studium.testing.simulators.openid_faults import CHANGES, FAULTS, SIGNATURES

PAGE = {"Accept": "text/html"}
ISSUER = "http://127.0.0.1:8000/simulators/openid"
DISCOVERY, TOKEN, KEYS = f"{ISSUER}/.well-known/openid-configuration", f"{ISSUER}/token", f"{ISSUER}/.well-known/jwks.json"
GOOD = {"", "new_key", "only_name"}
UNBELIEVABLE, DOWN = 400, 503
WORDS = {UNBELIEVABLE: "could not be verified", DOWN: "Telegram does not answer right now"}


Answer = tuple[int, dict[str, str], bytes] | Exception


@dataclass
class Network:
    """Calls of the site to the simulator's address reach the simulator, unless `wrong` has an answer for that address; others fail."""

    app: Flask
    wrong: dict[str, Answer] = field(default_factory=dict)
    asked: list[requests.PreparedRequest] = field(default_factory=list)

    def answer(self, request: requests.PreparedRequest) -> Answer:
        self.asked.append(request)
        url = str(request.url)
        if url in self.wrong:
            return self.wrong[url]
        other_side = contextvars.Context()  # without it Flask lets the inner request share `g` with the outer one
        found = other_side.run(self.app.test_client().open, urlsplit(url).path, method=request.method, data=request.body or b"",
                               headers=dict(request.headers))
        return found.status_code, {"Content-Type": str(found.content_type)}, found.data

    def calls(self, url: str) -> int:
        return sum(request.url == url for request in self.asked)


@pytest.fixture
def network(app: Flask) -> Iterator[Network]:
    """A network that has the simulator and nothing else; what the site knows of the provider is forgotten."""
    app.extensions.pop(PROVIDER, None)
    found = Network(app)
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        for method in ("GET", "POST"):
            mock.add_callback(method, re.compile(re.escape(ISSUER) + "/.*"), callback=found.answer)
        yield found
    app.extensions.pop(PROVIDER, None)


def begin(client: FlaskClient, next: str | None = None) -> str:
    """Press the button; where the browser is sent."""
    answer = client.get("/auth/telegram", query_string={"next": next} if next else None)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def agree(client: FlaskClient, location: str, person: int | str = 1001, fault: str = "") -> str:
    """Say yes at the provider; the address that it sends the browser back to."""
    answer = client.get(urlsplit(location).path + "?" + urlsplit(location).query, query_string=None)
    assert "simulator" in answer.text
    answer = client.get(f"{urlsplit(location).path}?{urlsplit(location).query}&answer={person}&fault={fault}")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def come_back(client: FlaskClient, back: str) -> TestResponse:
    return client.get(urlsplit(back).path + "?" + urlsplit(back).query, headers=PAGE)


def log_in(client: FlaskClient, person: int | str = 1001, fault: str = "", next: str | None = None) -> TestResponse:
    return come_back(client, agree(client, begin(client, next), person, fault))


def signed_in(client: FlaskClient) -> str | None:
    user = client.get("/api/v1/session").get_json()["data"]["user"]
    return user and str(user["display_name"])


def test_the_login_page_leads_to_telegram_and_on_to_the_page_one_came_from(app: Flask, client: FlaskClient, network: Network) -> None:
    page = client.get("/login?next=/courses/tea", headers=PAGE).text
    assert 'href="/auth/telegram?next=/courses/tea"' in page
    assert "Log in with Telegram" in page
    answer = log_in(client, next="/courses/tea?t=5")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/courses/tea?t=5")
    assert signed_in(client) == "Anna"


def test_the_account_is_the_claim_id_with_names_and_photo(app: Flask, client: FlaskClient, network: Network) -> None:
    log_in(client)
    with app.app_context(), reading():
        (user,) = User.select()[:]
        assert (user.telegram_id, user.first_name, user.last_name, user.username) == (1001, "Anna", "Petrova", "anna")
        assert (user.photo_url, user.authenticated) == ("https://t.me/i/userpic/320/anna.jpg", True)
        assert [row.method for row in Session.select()] == ["telegram"]


def test_telegram_and_the_development_sign_in_know_the_same_person(
    app: Flask, client: FlaskClient, network: Network, sign_in: Callable[..., dict[str, object]]
) -> None:
    before = sign_in(client, telegram_id=1001, first_name="Anya")
    log_in(client)
    after = client.get("/api/v1/session").get_json()["data"]["user"]
    assert (after["id"], after["display_name"]) == (before["id"], "Anna")


def test_the_request_has_pkce_state_and_nonce_and_each_begin_has_its_own(client: FlaskClient, network: Network) -> None:
    first, second = (parse_qs(urlsplit(begin(client)).query) for _ in range(2))
    assert {name: first[name] for name in ("response_type", "scope", "code_challenge_method", "client_id", "redirect_uri")} == {
        "response_type": ["code"], "scope": ["openid profile"], "code_challenge_method": ["S256"], "client_id": ["1000000001"],
        "redirect_uri": ["http://localhost/auth/telegram/callback"]}
    for name in ("state", "nonce", "code_challenge"):
        assert len(first[name][0]) >= 43
        assert first[name] != second[name]


def test_the_verifier_goes_to_the_token_endpoint_only_and_fits_the_challenge(client: FlaskClient, network: Network) -> None:
    location = begin(client)
    come_back(client, agree(client, location))
    (call,) = [request for request in network.asked if request.url == TOKEN]
    assert call.headers["Authorization"].startswith("Basic ")
    verifier = parse_qs(str(call.body))["code_verifier"][0]
    digest = hashlib.sha256(verifier.encode()).digest()
    assert parse_qs(urlsplit(location).query)["code_challenge"] == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]
    assert "client_secret" not in str(call.body)
    assert verifier not in location


def test_the_cookie_is_out_of_reach_of_scripts_lasts_ten_minutes_and_goes_at_the_end(client: FlaskClient, network: Network) -> None:
    answer = client.get("/auth/telegram")
    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if line.startswith("studium_telegram=")]
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=600"} <= set(cookie.split("; "))
    assert answer.headers["Cache-Control"] == "no-store"
    come_back(client, agree(client, str(answer.headers["Location"])))
    assert client.get_cookie("studium_telegram") is None


def test_signing_in_changes_the_session(client: FlaskClient, network: Network, sign_in: Callable[..., dict[str, object]]) -> None:
    sign_in(client)
    planted = client.get_cookie("studium_session")
    log_in(client)
    now = client.get_cookie("studium_session")
    assert planted is not None
    assert now is not None
    assert now.value != planted.value
    other = client.application.test_client()
    other.set_cookie("studium_session", planted.value)
    assert signed_in(other) is None


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "/" + "x" * 5_000, "/a\r\nSet-Cookie: b"])
def test_a_place_elsewhere_becomes_the_dashboard(client: FlaskClient, network: Network, target: str) -> None:
    assert log_in(client, next=target).headers["Location"] == "/dashboard"


def test_the_same_person_on_two_browsers_at_the_same_moment_is_one_user(app: Flask, network: Network) -> None:
    failed: list[BaseException] = []
    start = threading.Barrier(4)

    def sign_in() -> None:
        try:
            client = app.test_client()
            back = agree(client, begin(client))
            start.wait(30)
            assert come_back(client, back).status_code == 303
        except BaseException as error:  # noqa: BLE001  shown by the assertion
            failed.append(error)
        finally:
            db.disconnect()

    threads = [threading.Thread(target=sign_in) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    with app.app_context(), reading():
        assert (User.select().count(), Session.select().count()) == (1, 4)


# What goes wrong


WRONG = {**dict.fromkeys(sorted({*CHANGES, *SIGNATURES, "scope"} - GOOD), UNBELIEVABLE), "broken": DOWN, "overloaded": DOWN}


def test_every_fault_of_the_simulator_is_tried_here() -> None:
    assert set(FAULTS) == GOOD | set(WRONG)


@pytest.mark.parametrize(("fault", "status"), WRONG.items())
def test_a_wrong_answer_signs_nobody_in_and_shows_a_way_back(client: FlaskClient, network: Network, fault: str, status: int) -> None:
    answer = log_in(client, fault=fault, next="/courses/tea")
    assert answer.status_code == status
    assert WORDS[status] in answer.text
    assert 'href="/login?next=/courses/tea"' in answer.text
    assert signed_in(client) is None
    assert client.get_cookie("studium_session") is None
    assert log_in(client).status_code == 303, "the next try works"


def test_a_sign_in_that_went_wrong_cannot_be_ended_later(client: FlaskClient, network: Network) -> None:
    back = agree(client, begin(client))
    state = parse_qs(urlsplit(back).query)["state"][0]
    come_back(client, f"/auth/telegram/callback?error=access_denied&state={state}")
    assert "You did not allow Telegram" in come_back(client, back).text
    assert signed_in(client) is None
    assert network.calls(TOKEN) == 0


def test_saying_no_is_told_in_words(client: FlaskClient, network: Network) -> None:
    back = agree(client, begin(client, "/courses/tea"), "no")
    answer = come_back(client, back)
    assert answer.status_code == 403
    assert "You did not allow Telegram" in answer.text
    assert 'href="/login?next=/courses/tea"' in answer.text
    assert network.calls(TOKEN) == 0
    again = client.get(urlsplit(back).path + "?" + urlsplit(back).query, headers=PAGE | {"Accept-Language": "ru"})
    assert (again.status_code, 'href="/login?next=/courses/tea"' in again.text) == (403, True), "loaded anew, in another language"
    assert "другом браузере" not in again.text


def test_a_browser_that_keeps_no_cookies_is_told_so(app: Flask, network: Network) -> None:
    client = app.test_client(use_cookies=False)
    answer = come_back(client, agree(client, begin(client)))
    assert (answer.status_code, "keeps no cookies" in answer.text) == (400, True)


def test_a_name_alone_is_the_first_name(app: Flask, client: FlaskClient, network: Network) -> None:
    log_in(client, 1003, "only_name")
    assert signed_in(client) == "Мия Ли"


def test_the_end_of_somebody_elses_sign_in_is_refused(app: Flask, client: FlaskClient, network: Network) -> None:
    """Login CSRF: an attacker sends his own code and state to somebody, who would then learn in his account."""
    attacker = app.test_client()
    back = agree(attacker, begin(attacker))
    begin(client)
    answer = come_back(client, back)
    assert answer.status_code == 400
    assert "another browser" in answer.text
    assert signed_in(client) is None
    assert network.calls(TOKEN) == 0


@pytest.mark.parametrize("query", ["", "?code=x", "?state=&code=x", "?state=%00&code=x", "?state=Ё&code=x", "?error=access_denied"])
def test_an_end_without_a_begin_is_told_in_words(client: FlaskClient, network: Network, query: str) -> None:
    client.get("/login")  # leaves the cookie that shows that this browser keeps any
    answer = client.get("/auth/telegram/callback" + query, headers=PAGE)
    assert answer.status_code == 400
    assert "begin again" in answer.text


def test_a_sign_in_can_be_ended_within_ten_minutes(client: FlaskClient, network: Network, frozen_clock: Any) -> None:
    back = agree(client, begin(client))
    frozen_clock.advance(601)
    assert come_back(client, back).status_code == 400
    assert signed_in(client) is None


def test_going_back_to_the_end_of_a_sign_in_leads_on_and_signs_in_nobody_anew(client: FlaskClient, network: Network) -> None:
    back = agree(client, begin(client))
    come_back(client, back)
    session = client.get_cookie("studium_session")
    answer = come_back(client, back)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/dashboard")
    assert (client.get_cookie("studium_session"), network.calls(TOKEN)) == (session, 1)
    client.post("/logout")
    client.delete_cookie("studium_session")
    assert come_back(client, back).status_code == 400


def test_a_code_works_once_even_for_the_browser_it_was_made_for(client: FlaskClient, network: Network) -> None:
    back = agree(client, begin(client))
    cookie = client.get_cookie("studium_telegram")
    assert cookie is not None
    come_back(client, back)
    client.set_cookie("studium_telegram", cookie.value)
    assert come_back(client, back).status_code == UNBELIEVABLE


@pytest.mark.parametrize("change", [lambda text: text[:-5] + ("A" if text[-5] != "A" else "B") + text[-4:], lambda text: "x",
                                    lambda text: "", lambda text: "x" + text])
def test_a_tampered_cookie_is_no_cookie(client: FlaskClient, network: Network, change: Callable[[str], str]) -> None:
    back = agree(client, begin(client))
    cookie = client.get_cookie("studium_telegram")
    assert cookie is not None
    client.set_cookie("studium_telegram", change(cookie.value))
    assert come_back(client, back).status_code == 400


def test_three_tabs_at_once_each_go_on_to_their_own_page_and_a_fourth_replaces_the_first(client: FlaskClient, network: Network) -> None:
    backs = [agree(client, begin(client, f"/courses/{n}")) for n in range(4)]
    assert [come_back(client, back).headers.get("Location") for back in backs] == [None, "/courses/1", "/courses/2", "/courses/3"]


def test_another_issuer_in_the_answer_is_refused(client: FlaskClient, network: Network) -> None:
    """Mix-up of providers (RFC 9207)."""
    back = agree(client, begin(client)) + "&iss=https://evil.example"
    assert come_back(client, back).status_code == UNBELIEVABLE
    assert network.calls(TOKEN) == 0
    assert come_back(client, agree(client, begin(client)) + f"&iss={ISSUER}").status_code == 303


# The network

BODIES = {
    "no route": requests.ConnectionError("no route"), "too slow": requests.Timeout("slow"), "proxy": requests.exceptions.ProxyError("no"),
    "503": (503, {}, b"busy"), "html": (200, {}, b"<html>"), "list": (200, {}, b"[]"), "empty": (200, {}, b""),
    "no connection": requests.exceptions.ConnectTimeout("no answer"), "broken off": requests.exceptions.ChunkedEncodingError("cut"),
    "500": (500, {}, b"oops"), "redirect": (302, {"Location": "https://evil.example"}, b""), "too many": (429, {}, b"slow down"),
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("url", [DISCOVERY, TOKEN, KEYS], ids=["discovery", "token", "keys"])
def test_a_provider_that_gives_no_answer_is_told_in_words(client: FlaskClient, network: Network, url: str, body: Answer) -> None:
    back = agree(client, begin(client)) if url != DISCOVERY else "/auth/telegram"
    network.wrong[url] = body
    answer = come_back(client, back)
    assert answer.status_code == DOWN
    assert "Telegram does not answer right now" in answer.text
    assert "evil.example" not in answer.text
    assert signed_in(client) is None
    network.wrong.clear()
    assert log_in(client).status_code == 303


@pytest.mark.parametrize("change", [
    {"issuer": "https://evil.example"}, {"issuer": None}, {"token_endpoint": "http://evil.example/token"}, {"jwks_uri": "file:///etc/passwd"},
    {"authorization_endpoint": "javascript:alert(1)"}, {"token_endpoint": 7}, {"authorization_endpoint": ISSUER + ".evil.example/auth"},
])
def test_a_discovery_document_that_leads_elsewhere_is_not_followed(client: FlaskClient, network: Network, change: dict[str, Any]) -> None:
    document = client.get(urlsplit(DISCOVERY).path).get_json() | change
    network.wrong[DISCOVERY] = (200, {}, json.dumps(document).encode())
    answer = client.get("/auth/telegram", headers=PAGE)
    assert (answer.status_code, answer.headers.get("Location")) == (DOWN, None)


def test_a_redirected_discovery_document_is_not_followed(client: FlaskClient, network: Network) -> None:
    moved = f"{ISSUER}/moved"
    network.wrong[DISCOVERY] = (302, {"Location": moved}, b"")
    network.wrong[moved] = (200, {}, client.get(urlsplit(DISCOVERY).path).data)
    assert client.get("/auth/telegram", headers=PAGE).status_code == DOWN


@pytest.mark.parametrize("keys", [{}, {"keys": {}}, {"keys": []}, {"keys": [7, None]}, {"keys": [{"kty": "RSA"}]},
                                  {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "x"}]}, {"keys": [{"kty": "RSA", "n": 5, "e": "AQAB"}]}])
def test_keys_of_no_use_sign_nobody_in(client: FlaskClient, network: Network, keys: dict[str, Any]) -> None:
    back = agree(client, begin(client))
    network.wrong[KEYS] = (200, {}, json.dumps(keys).encode())
    assert come_back(client, back).status_code in (UNBELIEVABLE, DOWN)
    assert signed_in(client) is None


def test_keys_of_other_kinds_beside_the_right_one_do_not_disturb(client: FlaskClient, network: Network) -> None:
    found = client.get(urlsplit(KEYS).path).get_json()["keys"]
    others = [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": "ed"}, {"kty": "new", "kid": "n"},
              {"kty": "EC", "crv": "secp256k1", "x": "A", "y": "B", "kid": "k1"}]
    network.wrong[KEYS] = (200, {}, json.dumps({"keys": [*others, *found]}).encode())
    assert log_in(client).status_code == 303


def test_what_the_provider_says_of_itself_is_asked_once_an_hour(
    client: FlaskClient, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        log_in(client)
    assert (network.calls(DISCOVERY), network.calls(KEYS), network.calls(TOKEN)) == (1, 1, 3)
    later = time.monotonic() + 3601
    monkeypatch.setattr(time, "monotonic", lambda: later)
    log_in(client)
    assert (network.calls(DISCOVERY), network.calls(KEYS)) == (2, 2)


def test_a_new_key_is_asked_for_once_and_an_unknown_one_not_for_ever(client: FlaskClient, network: Network) -> None:
    log_in(client)
    assert log_in(client, fault="new_key").status_code == 303
    assert network.calls(KEYS) == 2
    assert log_in(client, fault="unknown_key").status_code == UNBELIEVABLE
    assert network.calls(KEYS) == 3


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_token_endpoint_that_refuses_signs_nobody_in(client: FlaskClient, network: Network, status: int) -> None:
    """RFC 6749 section 5.2; 401 is for a wrong client secret."""
    back = agree(client, begin(client))
    body = json.dumps({"error": "invalid_client" if status == 401 else "invalid_grant"}).encode()
    network.wrong[TOKEN] = (status, {"Content-Type": "application/json"}, body)
    answer = come_back(client, back)
    assert answer.status_code == UNBELIEVABLE
    assert WORDS[UNBELIEVABLE] in answer.text
    assert signed_in(client) is None


def test_a_program_reads_the_reason(client: FlaskClient, network: Network) -> None:
    network.wrong[DISCOVERY] = requests.ConnectionError("refused")
    answer = client.get("/auth/telegram", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.mimetype, answer.get_json()["code"]) == (DOWN, "application/problem+json", "sign-in-failed")
    assert "ConnectionError" in answer.get_json()["reason"]


@pytest.mark.parametrize("answer", [{}, {"id_token": 7}, {"id_token": None}, {"id_token": ""}, {"id_token": "a.b.c"}, {"id_token": "Ё.Ё.Ё"},
                                    {"id_token": "." * 10_000}, {"id_token": "W10.W10.W10"}, {"id_token": "bnVsbA.bnVsbA.bnVsbA"},
                                    {"error": "invalid_grant"}, {"error": 7}, {"error": {"a": 1}}])
def test_an_odd_answer_of_the_token_endpoint_signs_nobody_in(client: FlaskClient, network: Network, answer: dict[str, object]) -> None:
    back = agree(client, begin(client))
    network.wrong[TOKEN] = (200, {"Content-Type": "application/json"}, json.dumps(answer).encode())
    assert come_back(client, back).status_code == UNBELIEVABLE
    assert signed_in(client) is None


def test_calls_have_time_outs_and_go_through_the_proxy_of_the_settings(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, object]] = []

    def send(_session: requests.Session, _request: requests.PreparedRequest, **options: object) -> None:
        seen.append(options)
        raise requests.ConnectionError

    monkeypatch.setattr(requests.Session, "send", send)
    provider = Provider(LoginClient("https://oauth.telegram.org", "7", SecretStr("s"), SecretStr("http://proxy.example:3128")))
    with app.app_context(), pytest.raises(ProviderDown):
        provider.metadata()
    (options,) = seen
    assert options["timeout"] == (5.0, 10.0)
    assert options["proxies"]["https"] == "http://proxy.example:3128"


def test_the_log_holds_the_reason_but_no_code_and_no_token(client: FlaskClient, network: Network, log_lines: list[Any]) -> None:
    back = agree(client, begin(client), fault="wrong_nonce")
    come_back(client, back)
    told = str(log_lines)
    assert "sign_in_failed" in told
    assert "nonce" in told
    assert parse_qs(urlsplit(back).query)["code"][0] not in told
    assert "eyJ" not in told


# Settings


def test_hook_find_simulated_login_plays_telegram_outside_of_production(app: Flask) -> None:
    with app.app_context():
        found = runtime().hooks.find_simulated_login()
        assert (found.issuer, found) == (ISSUER, login_client())


@pytest.mark.parametrize(("settings", "issuer"), [
    ({}, ISSUER),
    ({"client_id": "7", "client_secret": "s"}, "https://oauth.telegram.org"),
    ({"client_id": "7", "client_secret": "s", "oidc_issuer": "https://own.example/"}, "https://own.example"),
    ({"client_id": "7"}, None), ({"client_secret": "s"}, None),
    ({"bot_token": "123456:" + "A" * 35, "bot_username": "school_bot"}, None),
])
def test_the_settings_come_first_and_half_of_them_is_no_simulator(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], issuer: str | None
) -> None:
    with app.app_context():
        monkeypatch.setitem(runtime().settings._sections, TelegramSettings, TelegramSettings(**settings))
        found = login_client()
        assert (found and found.issuer) == issuer
    assert ("Log in with Telegram" in client.get("/login").text) is (issuer is not None)
    if issuer is None:
        assert client.get("/auth/telegram", headers=PAGE).status_code == 404


@pytest.mark.slow
def test_production_has_neither_the_simulators_nor_the_button(tmp_path: Path) -> None:
    code = """
import os
from studium.core.app import create_app, load
from studium.core.migrator import Migrator
from studium.core.runtime import collect
settings, plugins = load(os.environ)
Migrator(settings.core.data_dir, collect(plugins.hook.register_migrations)).migrate()
client = create_app(os.environ).test_client()
paths = ("/simulators/openid/.well-known/openid-configuration", "/simulators/openid/auth", "/auth/telegram")
print([client.get(path).status_code for path in paths], "Telegram" in client.get("/login").text)
"""
    settings = {"STUDIUM_ENV": "production", "STUDIUM_DATA_DIR": str(tmp_path), "STUDIUM_SECRET_KEY": "k" * 40, "STUDIUM_PUBLIC_URL": "https://school.example",
                "STUDIUM_LOG_LEVEL": "error", "STUDIUM_ENTRY_POINTS": "false"}
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[404, 404, 404] False", done.stderr


def test_in_production_no_neighbour_can_plant_the_cookie(app: Flask, client: FlaskClient, network: Network,
                                                          monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        settings = runtime().settings
    own = TelegramSettings(client_id="7", client_secret="s", oidc_issuer=ISSUER)
    network.wrong[DISCOVERY] = (200, {}, client.get(urlsplit(DISCOVERY).path).data)
    monkeypatch.setitem(settings._sections, TelegramSettings, own)
    monkeypatch.setattr(settings, "core", settings.core.model_copy(update={"env": "production", "public_url": "https://school.example"}))
    answer = client.get("/auth/telegram", base_url="https://inner.example")
    (cookie,) = [line for line in answer.headers.getlist("Set-Cookie") if "studium_telegram=" in line]
    assert cookie.startswith("__Host-studium_telegram=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["redirect_uri"] == ["https://school.example/auth/telegram/callback"]


# The simulator is as strict as Telegram


@pytest.mark.parametrize(("change", "error"), [
    ({"code_verifier": "wrong"}, "invalid_grant"), ({"redirect_uri": "http://localhost/other"}, "invalid_grant"),
    ({"code": "x"}, "invalid_grant"),
    ({"grant_type": "password"}, "unsupported_grant_type"), ({}, None),
])
def test_the_simulator_checks_what_telegram_checks(app: Flask, client: FlaskClient, network: Network, change: dict[str, str],
                                                   error: str | None) -> None:
    back = agree(client, begin(client))
    network.wrong[TOKEN] = (503, {}, b"")
    come_back(client, back)
    form = {name: values[0] for name, values in parse_qs(str(network.asked[-1].body)).items()}
    header = {"Authorization": network.asked[-1].headers["Authorization"]}
    answer = client.post(urlsplit(TOKEN).path, data=form | change, headers=header)
    assert answer.get_json().get("error") == error
    assert client.post(urlsplit(TOKEN).path, data=form).get_json() == {"error": "invalid_client"}


@pytest.mark.parametrize("change", ["client_id=7", "redirect_uri=https://evil.example/", "response_type=token", "scope=profile",
                                    "code_challenge_method=plain", "code_challenge="])
def test_the_simulator_sends_nobody_back_for_a_wrong_request(client: FlaskClient, network: Network, change: str) -> None:
    location = urlsplit(begin(client))
    name, _equals, value = change.partition("=")
    query = {key: values[0] for key, values in parse_qs(location.query).items()} | {name: value, "answer": "1001"}
    assert client.get(location.path, query_string=query).status_code == 400
