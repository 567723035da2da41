"""Every address as everybody, and the usual attacks on sessions, forms and headers. A new route needs a row in EXPECTED."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pony.orm import select

from studium.core.database import reading
from studium.core.gates import GATES
from studium.core.runtime import runtime
from studium.plugins.auth.entities import Session
from studium.plugins.auth.roles import grant
from studium.services.cable.handshake import allowed_origin
from tests.conftest import SignIn
from tests.web.attacked_site import CALLERS, SAFE, AttackedSite, routes, without_converters
from tests.web.conftest import Csrf


def everybody(status: int) -> tuple[int, ...]:
    return (status,) * 5


# what an address answers to: a visitor, the student whose things it names, another student, an owner, an operator
ALL = everybody(200)
NONE = everybody(404)
PAGE = (302, 200, 200, 200, 200)
FORM = (401, 303, 303, 303, 303)
WRONG_FORM = (401, 422, 422, 422, 422)
OWN_PAGE = (302, 200, 404, 404, 404)
OWN_FORM = (401, 303, 404, 404, 404)
OPS_PAGE = (302, 404, 404, 404, 200)
OPS_FORM = (401, 404, 404, 404, 303)
OWNER_PAGE = (302, 404, 404, 200, 404)
OWNER_FORM = (401, 404, 404, 303, 404)
OWNER_WRONG_FORM = (401, 404, 404, 422, 404)
API = (401, 200, 200, 200, 200)
OWN_API = (401, 200, 404, 404, 404)

EXPECTED = {
    "GET /": ALL,
    "GET /account": PAGE,
    "GET /account/delete": PAGE,
    "POST /account/delete": WRONG_FORM,
    "POST /account/devices/<session_id>/sign-out": OWN_FORM,
    "POST /account/devices/sign-out-others": FORM,
    "POST /account/email": FORM,
    "POST /account/email/<address_id>/remove": OWN_FORM,
    "POST /account/email/<address_id>/resend": OWN_FORM,
    "POST /account/preferences": WRONG_FORM,
    "GET /account/static/<filename>": NONE,
    "POST /account/tokens": WRONG_FORM,
    "POST /account/tokens/<token_id>/revoke": OWN_FORM,
    "GET /api/openapi.json": ALL,
    "POST /api/v1/beats": everybody(422),
    "GET /api/v1/courses": ALL,
    "GET /api/v1/courses/<course>": ALL,
    "GET /api/v1/jobs": API,
    "POST /api/v1/jobs": WRONG_FORM,
    "GET /api/v1/jobs/<job_id>": OWN_API,
    "POST /api/v1/jobs/<job_id>/cancel": OWN_API,
    "POST /api/v1/jobs/<job_id>/retry": (401, 202, 404, 404, 404),
    "GET /api/v1/lessons/<course>/<lesson>/access": ALL,
    "POST /api/v1/lessons/<course>/<lesson>/completion": (401, 409, 409, 409, 409),
    "POST /api/v1/lessons/<course>/<lesson>/sessions": API,
    "GET /api/v1/notifications": API,
    "POST /api/v1/notifications/read": WRONG_FORM,
    "GET /api/v1/progress/<course>": API,
    "GET /api/v1/session": ALL,
    "POST /auth/dev": everybody(422),
    "GET /auth/school": ALL,
    "POST /auth/school": everybody(303),
    "GET /auth/school/code": ALL,
    "POST /auth/school/code": everybody(403),
    "GET /auth/telegram": everybody(503),
    "GET /auth/telegram/bot": (200, 302, 302, 302, 302),
    "POST /auth/telegram/bot": everybody(303),
    "GET /auth/telegram/bot/status": ALL,
    "GET /auth/telegram/callback": (400, 303, 303, 303, 303),
    "GET /auth/telegram/widget": NONE,
    "GET /auth/telegram/widget/button": NONE,
    "GET /certificates": ALL,
    "GET /certificates/<code>": ALL,
    "GET /checkout/<course>/<tier>": PAGE,
    "POST /checkout/<course>/<tier>": WRONG_FORM,
    "GET /courses/<course>": ALL,
    "GET /courses/<course>/<lesson>": PAGE,
    "GET /dashboard": PAGE,
    "GET /documents/<document_id>": OWN_PAGE,
    "GET /documents/static/<filename>": NONE,
    "GET /email/confirm/<token>": NONE,
    "POST /email/confirm/<token>": NONE,
    "GET /favicon.ico": ALL,
    "POST /jobs": FORM,
    "POST /jobs/<job_id>/cancel": OWN_FORM,
    "GET /jobs/<job_id>/card": OWN_PAGE,
    "POST /jobs/<job_id>/retry": OWN_FORM,
    "POST /language": everybody(422),
    "GET /login": (200, 302, 302, 302, 302),
    "POST /logout": everybody(302),
    "GET /media/<course>/<lesson>/<name>": (404, 200, 200, 200, 200),
    "POST /newsletter": FORM,
    "GET /notifications": PAGE,
    "POST /notifications/channels/<channel>/resume": FORM,
    "GET /notifications/panel": PAGE,
    "POST /notifications/preferences": FORM,
    "POST /notifications/read": FORM,
    "GET /notifications/static/<version>/<filename>": NONE,
    "GET /notifications/unsubscribe/<token>": NONE,
    "POST /notifications/unsubscribe/<token>": NONE,
    "GET /ops": (302, 404, 404, 404, 302),
    "GET /ops/cache": OPS_PAGE,
    "POST /ops/cache/clear": OPS_FORM,
    "GET /ops/jobs": OPS_PAGE,
    "GET /ops/jobs/<job>": OPS_PAGE,
    "POST /ops/jobs/<job>/cancel": OPS_FORM,
    "GET /ops/jobs/<job>/discard": OPS_PAGE,
    "POST /ops/jobs/<job>/discard": OPS_FORM,
    "GET /ops/jobs/<job>/edit": OPS_PAGE,
    "POST /ops/jobs/<job>/edit": (401, 404, 404, 404, 422),
    "GET /ops/jobs/<job>/parts": OPS_PAGE,
    "POST /ops/jobs/<job>/retry": OPS_FORM,
    "POST /ops/jobs/<job>/run-now": OPS_FORM,
    "GET /ops/jobs/bulk": (302, 404, 404, 404, 404),
    "POST /ops/jobs/bulk": (401, 404, 404, 404, 404),
    "GET /ops/jobs/list": OPS_PAGE,
    "GET /ops/jobs/parts": OPS_PAGE,
    "GET /ops/jobs/periodic/<name>": OPS_PAGE,
    "POST /ops/jobs/periodic/<name>/pause": OPS_FORM,
    "POST /ops/jobs/periodic/<name>/resume": OPS_FORM,
    "POST /ops/jobs/periodic/<name>/run": OPS_FORM,
    "POST /ops/jobs/queues/<queue>/pause": OPS_FORM,
    "POST /ops/jobs/queues/<queue>/resume": OPS_FORM,
    "GET /owner": OWNER_PAGE,
    "GET /owner/broadcasts": OWNER_PAGE,
    "POST /owner/broadcasts/<broadcast_id>/resume": OWNER_FORM,
    "GET /owner/broadcasts/new": OWNER_PAGE,
    "POST /owner/broadcasts/new": OWNER_WRONG_FORM,
    "GET /owner/coupons": OWNER_PAGE,
    "GET /owner/coupons/<coupon_id>/archive": OWNER_PAGE,
    "POST /owner/coupons/<coupon_id>/archive": OWNER_FORM,
    "GET /owner/coupons/new": OWNER_PAGE,
    "POST /owner/coupons/new": OWNER_WRONG_FORM,
    "GET /owner/drift": OWNER_PAGE,
    "POST /owner/drift/sweep": OWNER_FORM,
    "GET /owner/enrolments": OWNER_PAGE,
    "GET /owner/enrolments/<enrolment_id>/revoke": OWNER_PAGE,
    "POST /owner/enrolments/<enrolment_id>/revoke": OWNER_WRONG_FORM,
    "GET /owner/enrolments/grant": OWNER_PAGE,
    "POST /owner/enrolments/grant": OWNER_WRONG_FORM,
    "GET /owner/payments": OWNER_PAGE,
    "GET /owner/payments.csv": OWNER_PAGE,
    "GET /owner/payments/<payment_id>": OWNER_PAGE,
    "GET /owner/payments/<payment_id>/<deed>": OWNER_PAGE,
    "POST /owner/payments/<payment_id>/<deed>": OWNER_WRONG_FORM,
    "POST /owner/payments/<payment_id>/look": OWNER_FORM,
    "GET /owner/webhooks": OWNER_PAGE,
    "GET /owner/webhooks/<delivery_id>": OWNER_PAGE,
    "POST /owner/webhooks/<delivery_id>/dry-run": (401, 404, 404, 200, 404),
    "POST /owner/webhooks/<delivery_id>/replay": OWNER_FORM,
    "GET /payments": PAGE,
    "GET /payments/<payment_id>": OWN_PAGE,
    "POST /payments/<payment_id>/continue": OWN_FORM,
    "GET /payments/<payment_id>/receipt": OWN_PAGE,
    "POST /payments/<payment_id>/receipt": OWN_FORM,
    "GET /payments/<payment_id>/receipt/file": OWN_PAGE,
    "GET /payments/<payment_id>/state": OWN_PAGE,
    "GET /payments/static/<filename>": NONE,
    "GET /sandbox/": ALL,  # the pages of the sandbox are there outside of production only
    "GET /sandbox/<reference>": NONE,
    "POST /sandbox/<reference>/<action>": NONE,
    "GET /sandbox/<reference>/challenge": NONE,
    "POST /sandbox/fault": everybody(303),
    "GET /sandbox/static/<filename>": NONE,
    "GET /simulators/mail": ALL,
    "GET /simulators/mail/<name>": NONE,
    "GET /simulators/mail/<name>/html": NONE,
    "GET /simulators/openid/.well-known/jwks.json": ALL,
    "GET /simulators/openid/.well-known/openid-configuration": ALL,
    "GET /simulators/openid/auth": everybody(400),
    "POST /simulators/openid/token": everybody(401),
    "GET /simulators/stripe": ALL,
    "GET /simulators/stripe/pay/<reference>": NONE,
    "POST /simulators/stripe/pay/<reference>": NONE,
    "GET /simulators/stripe/payments/<reference>": NONE,
    "POST /simulators/stripe/payments/<reference>/<action>": NONE,
    "POST /simulators/stripe/switches": everybody(303),
    "GET /simulators/stripe/v1/<method>": everybody(401),
    "POST /simulators/stripe/v1/<method>": everybody(401),
    "GET /simulators/telegram": ALL,
    "POST /simulators/telegram": everybody(303),
    "GET /simulators/telegram/<person>": ALL,
    "POST /simulators/telegram/<person>/block": everybody(303),
    "POST /simulators/telegram/<person>/press": everybody(303),
    "POST /simulators/telegram/<person>/say": everybody(303),
    "POST /simulators/telegram/bot<token>/<method>": everybody(401),
    "GET /simulators/telegram/t.me/<username>": NONE,
    "GET /simulators/yookassa": ALL,
    "GET /simulators/yookassa/pay/<reference>": NONE,
    "POST /simulators/yookassa/pay/<reference>": NONE,
    "GET /simulators/yookassa/payments/<reference>": NONE,
    "POST /simulators/yookassa/payments/<reference>/<action>": NONE,
    "POST /simulators/yookassa/switches": everybody(303),
    "GET /simulators/yookassa/v3/<method>": everybody(401),
    "POST /simulators/yookassa/v3/<method>": everybody(401),
    "GET /static/<version>/<name>": ALL,
    "GET /telegram/static/<filename>": NONE,
    "GET /up": everybody(503),  # no worker runs here
    "POST /webhooks/<provider>": NONE,
    "POST /webhooks/telegram": everybody(403),
}
# unsafe routes that need no CSRF token, and what they need instead
WITHOUT_CSRF = {
    "POST /auth/dev": "nothing; it exists outside production only, for tests and demonstrations",
    "POST /api/v1/beats": "the signed id of a watch session in each beat: sendBeacon cannot send a header",
    "POST /notifications/unsubscribe/<token>": "the signed address itself: mail programs press it without cookies (RFC 8058)",
    "POST /webhooks/<provider>": "what the provider verifies: a signature, an address, and what it answers when it is asked",
    "POST /webhooks/telegram": "Telegram's secret header",
    "POST /simulators/openid/token": "the client's secret, as at Telegram; outside production only",
    "POST /simulators/stripe/v1/<method>": "the account's key, as at Stripe; outside production only",
    "POST /simulators/telegram/bot<token>/<method>": "the bot's token, as at Telegram; outside production only",
    "POST /simulators/yookassa/v3/<method>": "the shop's key, as at YooKassa; outside production only",
    **dict.fromkeys(("POST /simulators/telegram", "POST /simulators/telegram/<person>/block",
                     "POST /simulators/telegram/<person>/press", "POST /simulators/telegram/<person>/say"),
                    "nothing; they play somebody's Telegram, outside production only"),
}
ENDS_SESSIONS = ("/logout", "/sign-out", "/account/")


def test_every_route_has_a_row_and_every_row_a_route(app: Flask) -> None:
    found = {f"{method} {without_converters(rule)}" for method, rule in routes(app)}
    assert sorted(found - set(EXPECTED)) == [], "add a row to EXPECTED: who may open it?"
    assert sorted(set(EXPECTED) - found) == [], "the route is gone; take its row away"


def test_every_route_answers_everybody_as_the_table_says(app: Flask, course: str) -> None:
    site = AttackedSite(app, course)
    wrong = {}
    for method, rule in sorted(routes(app), key=lambda route: (route[1], route[0])):
        name = f"{method} {without_converters(rule)}"
        answers = tuple(site.open(caller, method, rule) for caller in CALLERS)
        if answers != EXPECTED.get(name):
            wrong[name] = (answers, EXPECTED.get(name))
        if method not in SAFE and any(part in rule for part in ENDS_SESSIONS):
            for caller in CALLERS:
                site.renew(caller)
    assert wrong == {}


def test_every_unsafe_route_but_the_listed_ones_needs_the_token_against_forgery(app: Flask, course: str) -> None:
    site = AttackedSite(app, course)
    foreign = site.csrf(site.clients["other"])
    passed = set()
    for method, rule in routes(app):
        if method in SAFE:
            continue
        for headers in ({}, {"X-CSRF-Token": foreign}, {"X-CSRF-Token": "x" * 91}):
            may_pass = "owner" if rule.startswith("/owner") else "ops"
            answer = site.clients[may_pass].open(site.address(rule), method=method, headers=headers, json={})
            if answer.status_code != 400 or "expired" not in answer.text:
                passed.add(f"{method} {without_converters(rule)}")
    assert passed == set(WITHOUT_CSRF)


def test_no_route_changes_anything_by_a_method_it_does_not_know(client: FlaskClient) -> None:
    assert {client.open("/logout", method=method).status_code for method in ("GET", "PUT", "PATCH", "DELETE", "TRACE", "FOO")} == {405}


@pytest.mark.parametrize("change", [
    lambda token: token[:-1] + ("a" if token[-1] != "a" else "b"), lambda token: token[:-1], lambda token: token + "a", lambda token: "",
    lambda token: token.swapcase(), lambda token: "' OR 1=1 --", lambda token: "x" * 5000, lambda token: "\\u0000",
    lambda token: f"{token},{token}", lambda token: '"' + token, lambda token: quote("/../" + token),
], ids=["last letter", "shorter", "longer", "empty", "case", "sql", "long", "nul", "twice", "quoted", "path"])
def test_a_changed_session_cookie_is_a_visitors(client: FlaskClient, app: Flask, sign_in: SignIn, change: object) -> None:
    sign_in(client)
    cookie = client.get_cookie("studium_session")
    assert cookie is not None
    assert callable(change)
    thief = app.test_client()
    answer = thief.get("/api/v1/session", headers={"Cookie": f"studium_session={change(cookie.value)}"})
    assert (answer.status_code, answer.get_json()["data"]["user"]) == (200, None)


def test_the_hash_in_the_database_opens_nothing(client: FlaskClient, app: Flask, sign_in: SignIn) -> None:
    sign_in(client)
    with app.app_context(), reading():
        (hashed,) = select(row.token_hash for row in Session)
    assert visitor(app, f"studium_session={hashed}")


def test_a_cookie_of_another_key_carries_no_token_against_forgery(client: FlaskClient, app: Flask, sign_in: SignIn) -> None:
    sign_in(client)
    token = client.get("/api/v1/session").get_json()["data"]["csrf_token"]
    browser = client.get_cookie("studium_browser")
    assert browser is not None
    payload, rest = browser.value.split(".", 1)
    client.set_cookie("studium_browser", f"{payload}x.{rest}")
    assert client.post("/logout", headers={"X-CSRF-Token": token}).status_code == 400


@pytest.mark.parametrize("planted", ["planted-by-the-attacker", "of an attacker"])
def test_a_session_that_was_planted_before_the_sign_in_is_not_the_persons(app: Flask, sign_in: SignIn, planted: str) -> None:
    attacker, victim = app.test_client(), app.test_client()
    if planted == "of an attacker":
        sign_in(attacker, 66, "Mallory")
        planted = str(attacker.get_cookie("studium_session").value)  # type: ignore[union-attr]
    victim.set_cookie("studium_session", planted)
    sign_in(victim, 7, "Anna")
    kept = victim.get_cookie("studium_session")
    assert kept is not None
    assert kept.value != planted
    assert visitor(app, f"studium_session={planted}"), "what the attacker knows must open nothing"


def test_a_form_token_from_before_the_sign_in_is_worth_nothing_after_it(client: FlaskClient, sign_in: SignIn, csrf: Csrf) -> None:
    before = csrf(client)
    sign_in(client)
    assert client.post("/logout", headers=before).status_code == 400


@pytest.mark.parametrize("origin", [None, "", "null", "https://evil.example", "http://localhost.evil.example", "http://localhost:1",
                                    "http://evil.example#localhost", "file://", "http://localhost@evil.example"])
def test_the_socket_opens_for_pages_of_this_site_alone(app: Flask, origin: str | None) -> None:
    with app.app_context():
        assert allowed_origin(origin, "localhost:8001") is False
        assert allowed_origin("http://localhost:8000", "localhost:8001") is True


def test_the_socket_of_a_site_of_https_opens_for_no_page_of_http(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        core = {"env": "production", "public_url": "https://www.school.example"}
        monkeypatch.setattr(runtime().settings, "core", runtime().settings.core.model_copy(update=core))
        assert allowed_origin("https://www.school.example", "www.school.example") is True
        assert allowed_origin("http://www.school.example", "www.school.example") is False
        assert allowed_origin("https://school.example", "school.example") is False
        monkeypatch.setattr(runtime().settings, "core", runtime().settings.core.model_copy(update={"public_url": "http://10.0.0.1"}))
        assert allowed_origin("http://10.0.0.1", "10.0.0.1") is True


METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "FOO")


def everywhere_behind_gates(app: Flask) -> list[str]:
    """Addresses behind each gate, known and unknown, with what Werkzeug would lead to one of them."""
    prefixes = tuple(app.extensions[GATES])
    known = {re.sub(r"<[^>]+>", "1", rule.rule) for rule in app.url_map.iter_rules()
             if f"{rule.rule}/".startswith(tuple(f"{one}/" for one in prefixes))}
    assert len(known) >= 15
    return sorted({*known, *(f"{one}{more}" for one in prefixes for more in ("/", "/nowhere", "//jobs", "/jobs/list/more"))})


def seen(client: FlaskClient, method: str, path: str, headers: dict[str, str]) -> tuple[int, str, str]:
    """What somebody can tell an answer by: status, words, and the headers that differ from address to address."""
    answer = client.open("/", method=method, headers=headers | {"Accept": "application/json"}, environ_overrides={"PATH_INFO": path})
    problem = answer.get_json(silent=True) or {}
    told = {name: value for name, value in answer.headers.items() if name in ("Allow", "Location", "WWW-Authenticate")}
    return answer.status_code, str(problem.get("detail")), str(told)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("role", "gates"), [(None, ("/ops", "/owner")), ("owner", ("/ops",)), ("ops", ("/owner",))])
def test_behind_a_gate_nothing_tells_whether_an_address_is_there(
    app: Flask, client: FlaskClient, sign_in: SignIn, csrf: Csrf, method: str, role: str | None, gates: tuple[str, ...]
) -> None:
    """Neither a wrong method nor a missing token, nor a way of writing that is led on, comes before the gate."""
    sign_in(client)
    if role:
        with app.app_context():
            grant(7, role, "the tests")
    for headers in ({}, {"X-CSRF-Token": "wrong"}, csrf(client)):
        unknown = seen(client, "GET", "/nowhere", headers)
        assert unknown[0] == 404
        for path in everywhere_behind_gates(app):
            if path.replace("//", "/").startswith(gates):
                found = seen(client, method, path, headers)
                assert (path, *found) == (path, *(unknown if method != "HEAD" else (404, "None", "{}")))


@pytest.mark.parametrize("path", ["//ops", "//ops/jobs", "///ops//jobs", "/ops//jobs/list"])
def test_more_slashes_lead_around_no_gate(app: Flask, client: FlaskClient, sign_in: SignIn, path: str) -> None:
    sign_in(client)
    assert seen(client, "GET", path, {}) == seen(client, "GET", "/nowhere", {})


def test_a_visitor_is_asked_to_sign_in_by_every_address_behind_a_gate(app: Flask, client: FlaskClient) -> None:
    for path in everywhere_behind_gates(app):
        assert {seen(client, method, path, {})[0] for method in METHODS} == {401}, path


def test_behind_a_gate_those_who_may_pass_meet_the_usual_refusals(operator: FlaskClient) -> None:
    assert operator.post("/ops/jobs/queues/default/pause").status_code == 400
    assert operator.delete("/ops/jobs").status_code == 405
    assert operator.get("/ops/nowhere").status_code == 404


EVIL = "%0d%0aSet-Cookie:%20studium_session=planted"


@pytest.mark.parametrize("path", [f"/login?next=/x{EVIL}", f"/dashboard?x={EVIL}", f"/courses/{EVIL}", f"/certificates/{EVIL}",
                                  f"/certificates?code={EVIL}", f"/documents/{EVIL}", f"/auth/telegram/callback?state={EVIL}"])
def test_a_line_break_in_an_address_makes_no_header(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code < 500
    assert "planted" not in str(answer.headers.getlist("Set-Cookie"))


@pytest.mark.parametrize(("header", "value"), [
    ("X-Request-ID", "abc12345<script>"), ("X-Request-ID", "a" * 500), ("Accept-Language", "x" * 9000), ("User-Agent", "\"'<script>"),
    ("Referer", "https://evil.example"),
])
def test_headers_of_a_browser_are_not_echoed(client: FlaskClient, header: str, value: str) -> None:
    answer = client.get("/login", headers={header: value})
    assert answer.status_code == 200
    assert value not in str(answer.headers) + answer.text


def test_a_name_with_line_breaks_signs_in_and_stays_text(client: FlaskClient) -> None:
    answer = client.post("/auth/dev", json={"telegram_id": 7, "first_name": "A\r\nSet-Cookie: x=1", "next": "/x\r\nLocation: //evil"})
    assert answer.status_code == 200
    assert "x=1" not in str(answer.headers)


TARGETS = ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", "///evil.example",
           "\\/evil.example", "http:evil.example", " //evil.example", "/%0d%0aLocation:%20//evil.example", "/.//evil.example",
           "/..//evil.example", "/x/..//evil.example", "/\u2028/evil.example", "/\u00a0/evil.example", "/\uff0fevil.example",
           "/\u200b/evil.example", "/\x7f/evil.example"]


@pytest.mark.parametrize("target", TARGETS)
def test_no_route_sends_a_browser_elsewhere(client: FlaskClient, sign_in: SignIn, csrf: Csrf, target: str) -> None:
    answers = [client.post("/auth/dev", data={"telegram_id": "7", "first_name": "Anna", "next": target}),
               client.get(f"/login?next={quote(target)}"),
               client.post("/language", data={"language": "en", "next": target}, headers=csrf(client))]
    for answer in answers:
        assert re.fullmatch(r"/(?![/\\])[!-~]*", answer.headers["Location"]), answer.headers["Location"]
        assert "\n" not in answer.headers["Location"]


def visitor(app: Flask, cookie: str) -> bool:
    """Whether a browser with this cookie is nobody's."""
    answer = app.test_client(use_cookies=False).get("/api/v1/session", headers={"Cookie": cookie})
    return answer.get_json()["data"]["user"] is None
