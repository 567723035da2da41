"""`studium payments doctor` and `studium doctor` say of payments what is wrong and how to mend it, and never a key."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
import requests
import responses
import shop as shop_plugin
from click.testing import CliRunner
from flask import Flask
from pydantic import SecretStr

from studium.core.clock import now
from studium.core.database import transaction
from studium.core.findings import Finding
from studium.core.settings import CoreSettings, Settings
from studium.plugins.payments import commands, doctor, doctor_webhooks
from studium.plugins.payments.entities import Payment, Refund, WebhookDelivery, WebhookRejection
from studium.services.provider_registry import EXTENSION, UnknownProvider, find_provider
from studium.services.providers import Problem, ProviderDown
from tests.cable_process import Person
from tests.plugins.payments.school import Buy, School

KEY = "sk_very_secret_key"
HOOK = "https://learn.example/webhooks/shop"
Given = Callable[..., Settings]


@pytest.fixture
def given(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[Given]:
    """`given(env="production", public_url=..., secret_key=...)` are the settings of the app from now on; the shop alone is set up."""
    settings: Settings = app.extensions["studium"].settings

    def do(env: str = "production", public_url: str | None = "https://learn.example", secret_key: str | None = KEY) -> Settings:
        core = settings.core.model_copy(update={"env": env, "public_url": public_url})
        monkeypatch.setitem(settings._sections, CoreSettings, core)
        monkeypatch.setattr(settings, "core", core)
        key = SecretStr(secret_key) if secret_key else None
        monkeypatch.setitem(settings._sections, shop_plugin.ShopSettings, shop_plugin.ShopSettings(secret_key=key))
        app.extensions.pop(EXTENSION, None)
        monkeypatch.setitem(app.extensions, EXTENSION, {"shop": find_provider("shop")} if secret_key else {})
        return settings

    with app.app_context():
        yield do


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    """The shop's keys move real money."""
    monkeypatch.setattr(shop_plugin.Shop, "livemode", True)


def seen(findings: Any) -> list[Finding]:
    found = list(findings)
    for finding in found:
        assert finding.level == "ok" or finding.fix, f"{finding} does not say how to mend it"
        assert KEY not in str(finding)
    return found


def of_level(level: str, findings: Any) -> str:
    return " / ".join(f"{finding.what} -> {finding.fix}" for finding in seen(findings) if finding.level == level)


@responses.activate
def test_a_provider_that_is_well_is_told_with_the_address_to_enter(given: Given, live: None) -> None:
    responses.get(HOOK, status=405, headers={"Allow": "OPTIONS, POST"})
    found = seen(doctor._look_at(shop_plugin.Shop, given(), is_named=True))
    assert [finding.level for finding in found] == ["ok", "ok"]
    assert f"webhooks come to {HOOK}: enter exactly this" in found[1].what


def test_a_missing_key_is_named_by_its_environment_name(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = given(secret_key=None)
    assert "STUDIUM_SHOP_SECRET_KEY is missing" in of_level("red", doctor._look_at(shop_plugin.Shop, settings, is_named=True))
    assert of_level("red", doctor._look_at(shop_plugin.Shop, settings, is_named=False)) == "", "a school need not use every provider"
    monkeypatch.setattr(shop_plugin.ShopSettings, "required", ("secret_key", "fee"))
    monkeypatch.setattr(shop_plugin.ShopSettings, "missing", lambda self: ("STUDIUM_SHOP_FEE",))
    half = of_level("red", doctor._look_at(shop_plugin.Shop, settings, is_named=False))
    assert "STUDIUM_SHOP_FEE is missing" in half, "one that is half set up is meant to work"


@pytest.mark.parametrize(("env", "is_live", "level", "words"), [
    ("production", False, "red", "nobody really pays"), ("development", True, "warning", "move real money"),
])
def test_a_mode_that_does_not_fit_the_environment(
    given: Given, monkeypatch: pytest.MonkeyPatch, env: str, is_live: bool, level: str, words: str
) -> None:
    monkeypatch.setattr(shop_plugin.Shop, "livemode", is_live)
    settings = given(env)
    told = of_level(level, doctor._mode("shop", find_provider("shop"), settings))
    assert words in told
    assert "STUDIUM_SHOP_SECRET_KEY" in told


def test_play_money_beside_real_money_is_red(app: Flask, given: Given, live: None, monkeypatch: pytest.MonkeyPatch) -> None:
    given("development")
    assert seen(doctor._play_beside_real()) == []
    app.extensions.pop(EXTENSION)
    told = of_level("red", doctor._play_beside_real())
    assert "sandbox" in told
    assert "for nothing" in told


@pytest.mark.parametrize(("problems", "level", "words"), [
    ([Problem("No webhook endpoint.", "Make one.")], "red", "No webhook endpoint. -> Make one."),
    ([Problem("Old API version.", "Choose the new one.", "warning")], "warning", "Old API version. -> Choose the new one."),
    (ProviderDown("no answer"), "red", "could not be asked: no answer"),
    (RuntimeError(f"bad {KEY}"), "red", "its own check broke (RuntimeError)"),
])
def test_what_a_provider_finds_itself_is_told(
    given: Given, monkeypatch: pytest.MonkeyPatch, problems: Sequence[Problem] | Exception, level: str, words: str
) -> None:
    def check(self: object) -> Sequence[Problem]:
        if isinstance(problems, Exception):
            raise problems
        return problems

    given()
    monkeypatch.setattr(shop_plugin.Shop, "check", check)
    assert words in of_level(level, doctor._own("shop", find_provider("shop")))


@pytest.mark.parametrize(("public_url", "words"), [
    (None, "STUDIUM_PUBLIC_URL is not set"), ("http://learn.example", "public https addresses only"),
    ("https://localhost", "public https addresses only"), ("https://learn.example:8080", "none to 8080"),
])
def test_an_address_that_no_service_sends_to_is_red(given: Given, public_url: str | None, words: str) -> None:
    settings = given(public_url=public_url)
    assert words in of_level("red", doctor_webhooks.look("shop", find_provider("shop"), settings))


@responses.activate
@pytest.mark.parametrize(("answer", "words"), [
    ({"status": 404}, "answers 404"), ({"status": 301, "headers": {"Location": "/login"}}, "answers 301"),
    ({"status": 200, "headers": {"Allow": "POST"}}, "answers 200"), ({"status": 405}, "answers 405"),
    ({"body": requests.ConnectionError(KEY)}, "does not answer from here (ConnectionError)"),
])
def test_an_address_that_does_not_lead_to_the_site_is_red(given: Given, answer: dict[str, Any], words: str) -> None:
    settings = given()
    responses.get(HOOK, **answer)
    assert words in of_level("red", doctor_webhooks.look("shop", find_provider("shop"), settings))


def test_the_site_itself_answers_as_the_doctor_expects(app: Flask) -> None:
    answer = app.test_client().get("/webhooks/shop")
    assert answer.status_code == doctor_webhooks.METHOD_NOT_ALLOWED
    assert "POST" in answer.headers["Allow"]


def test_many_refused_webhooks_are_told_with_the_likely_cause(given: Given) -> None:
    settings = given("development", "http://127.0.0.1:8000")
    with transaction():
        WebhookRejection(provider="shop", day=now().date().isoformat(), reason="signature", count=7)
        WebhookRejection(provider="shop", day=now().date().isoformat(), reason="stale", count=1)
    told = of_level("warning", doctor_webhooks.look("shop", find_provider("shop"), settings))
    assert "7 webhooks were refused since yesterday: signature. -> Copy the signing secret" in told
    assert "stale" not in told


def test_a_price_that_nobody_takes_is_red_when_there_is_no_other(given: Given, plant: Callable[..., School]) -> None:
    settings = given(secret_key=None)
    plant({"basic": {"prices": {"RUB": "2900.00"}}, "free": {"prices": {"RUB": "0.00"}}}, {})
    told = of_level("red", doctor.doctor_sales.look(settings))
    assert "rivers, basic: no provider that is set up takes 2900.00 RUB, so nobody can buy it." in told
    assert "free" not in told


def test_a_price_that_nobody_takes_beside_another_is_a_warning(
    given: Given, school: School, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = given()
    monkeypatch.setattr(shop_plugin.Shop, "is_available", lambda self, order, money: money.currency == "USD")
    found = seen(doctor.doctor_sales.look(settings))
    assert {finding.level for finding in found} == {"warning"}
    assert "buyers are asked for another currency" in found[0].what


def test_roubles_without_fiscal_receipts_are_a_warning(given: Given, school: School, live: None) -> None:
    assert "54-FZ" in of_level("warning", doctor.doctor_sales.look(given()))


def test_what_waits_too_long_is_told(given: Given, start: Buy, mia: Person) -> None:
    settings = given("development", None)
    assert of_level("red", doctor.doctor_waiting.look(None)) == ""
    payment_id, old = start(mia), now() - timedelta(hours=3)
    with transaction():
        Payment[payment_id].set(next_check_at=old, problem="paid-twice")
        Refund(id="r", payment_id=payment_id, provider="shop", amount_minor=1, currency="USD", status="asking", by="Olga", created_at=old)
        for state in ("new", "failed"):
            WebhookDelivery(provider="shop", event_key=state, kind="k", object_id="o", headers="{}", received_at=old, state=state)
    red = of_level("red", doctor.doctor_waiting.look("shop"))
    assert "1 wait for more than 10 minutes" in red
    assert "1 should have been asked after" in red
    told = of_level("warning", doctor.look_at_payments(settings))
    for words in ("studium payments replay", "could not be asked for at the service", "wait for a person"):
        assert words in told
    assert of_level("red", doctor.doctor_waiting.look("till")) == "", "of another provider nothing waits"


def test_open_payments_of_a_provider_that_is_gone_are_told(app: Flask, given: Given, start: Buy, mia: Person) -> None:
    given()
    start(mia)
    app.extensions[EXTENSION].clear()
    assert "1 are by shop, which is not installed or not set up" in of_level("warning", doctor.doctor_waiting.look(None))


def test_the_command_ends_with_1_when_something_is_red(given: Given, app: Flask) -> None:
    given(secret_key=None)
    done = CliRunner().invoke(commands.payments, ["doctor", "shop"])
    assert done.exit_code == 1
    assert "RED     payments by shop: STUDIUM_SHOP_SECRET_KEY is missing" in done.output
    assert "-> Copy from the service's dashboard to STUDIUM_SHOP_SECRET_KEY" in done.output


def test_the_command_ends_with_0_when_nothing_is_red(given: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    given("development", None)
    monkeypatch.setattr("studium.plugins.payments.doctor.clock", lambda settings: [])
    done = CliRunner().invoke(commands.payments, ["doctor", "shop"])
    assert (done.exit_code, "RED" in done.output) == (0, False)


def test_an_unknown_provider_is_told_with_those_that_there_are(given: Given) -> None:
    with pytest.raises(UnknownProvider, match=r"There are: .*shop.*installed in this environment"):
        list(doctor.look_at_one("nope", given()))
    assert CliRunner().invoke(commands.payments, ["doctor", "nope"]).exit_code == 1


def test_the_doctor_of_the_whole_site_looks_at_payments(app: Flask) -> None:
    with app.app_context():
        checks = app.extensions["studium"].hooks.register_doctor_checks()
    assert doctor.look_at_payments in [check for found in checks for check in found]
