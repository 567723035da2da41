"""What Stripe is sent, byte by byte as its API has it."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from urllib.parse import parse_qs

import pytest
import responses
from flask import Flask
from pydantic import SecretStr

from studium.plugins.stripe.orders import expires_at, session_params
from studium.plugins.stripe.provider import StripeProvider
from studium.plugins.stripe.settings import StripeSettings
from studium.services.money import Money, MoneyError
from studium.services.providers import Order, ProviderContext

META = StripeProvider.meta
AT = datetime(2026, 11, 22, 12, 0, 0)
SESSION = {"id": "cs_test_1", "object": "checkout.session", "url": "https://checkout.stripe.com/c/pay/cs_test_1",
           "expires_at": 1_795_400_000, "payment_intent": None}


def order(**changed: object) -> Order:
    found = {"id": str(uuid.UUID(int=7)), "number": "2026-17", "money": Money(29, "EUR"), "title": "Чай & tea", "item": "Basic",
             "language": "ru", "created_at": AT}
    return Order(**(found | changed))  # type: ignore[arg-type]


def provider() -> StripeProvider:
    settings = StripeSettings(secret_key=SecretStr("sk_test_abcdefgh"), webhook_secrets=(SecretStr("whsec_1"),))
    return StripeProvider(settings, ProviderContext("https://school.example", "https://school.example/webhooks/stripe", "School"))


def test_a_session_is_asked_for_with_key_version_and_both_joins() -> None:
    with responses.RequestsMock() as network:
        network.post("https://api.stripe.com/v1/checkout/sessions", json=SESSION)
        answer = provider().begin(order(), "key-1", "https://school.example/payments/7")
        request = network.calls[0].request
    sent = {name: values[0] for name, values in parse_qs(str(request.body)).items()}
    assert sent == {
        "mode": "payment", "line_items[0][quantity]": "1", "line_items[0][price_data][currency]": "eur",
        "line_items[0][price_data][unit_amount]": "2900", "line_items[0][price_data][product_data][name]": "Чай & tea",
        "line_items[0][price_data][product_data][description]": "Basic", "client_reference_id": order().id,
        "metadata[order_id]": order().id, "metadata[order_number]": "2026-17", "payment_intent_data[metadata][order_id]": order().id,
        "payment_intent_data[metadata][order_number]": "2026-17", "payment_intent_data[description]": "2026-17: Чай & tea",
        "success_url": "https://school.example/payments/7", "cancel_url": "https://school.example/payments/7",
        "expires_at": str(int((AT + timedelta(hours=23, minutes=50) - datetime(1970, 1, 1)).total_seconds())), "locale": "ru"}
    assert request.headers["Idempotency-Key"] == "key-1"
    assert request.headers["Stripe-Version"] == "2026-10-28.endive"
    assert request.headers["Authorization"] == "Bearer sk_test_abcdefgh"
    assert "X-Stripe-Client-Telemetry" not in request.headers
    assert not {"platform", "telemetry_id"} & set(json.loads(request.headers["X-Stripe-Client-User-Agent"]))
    assert (answer.reference, answer.url, answer.refs) == ("cs_test_1", SESSION["url"], ())


def test_the_same_order_makes_the_same_parameters_at_any_time(frozen_clock: object, app: Flask) -> None:
    first = session_params(order(), "https://school.example/x", META)
    frozen_clock.advance(600)  # type: ignore[attr-defined]
    assert session_params(order(), "https://school.example/x", META) == first


@pytest.mark.parametrize(("wanted", "ends"), [
    (None, timedelta(hours=23, minutes=50)), (timedelta(hours=2), timedelta(hours=2)), (timedelta(minutes=5), timedelta(hours=1)),
    (timedelta(days=7), timedelta(hours=23, minutes=50)),
])
def test_a_session_ends_with_the_offer_as_far_as_stripe_allows(wanted: timedelta | None, ends: timedelta) -> None:
    assert expires_at(order(expires_at=AT + wanted if wanted else None)) == AT + ends


@pytest.mark.parametrize(("language", "locale"), [
    ("en", "en"), ("ru", "ru"), ("pt_BR", "pt-BR"), ("de_AT", "de"), ("tlh", "auto"), ("", "auto"),
])
def test_the_page_speaks_the_buyers_language_where_stripe_can(language: str, locale: str) -> None:
    assert session_params(order(language=language), "x", META)["locale"] == locale


def test_titles_are_one_line_that_is_not_too_long_and_never_empty() -> None:
    def product(**changed: str) -> dict[str, str]:
        return session_params(order(**changed), "x", META)["line_items"][0]["price_data"]["product_data"]  # type: ignore[no-any-return]

    assert product(title="a\nb\t c") == {"name": "a b c", "description": "Basic"}
    assert len(product(title="Ж" * 900)["name"]) == 250
    assert product(title="  ", item=" ") == {"name": "2026-17"}


@pytest.mark.parametrize(("money", "minor"), [  # docs.stripe.com/currencies
    (Money("10.00", "USD"), 1000), (Money(500, "JPY"), 500), (Money(5, "ISK"), 500), (Money(5000, "UGX"), 500_000),
    (Money("5.120", "KWD"), 5120), (Money("10.45", "HUF"), 1045), (Money("800.00", "TWD"), 80_000), (Money(10, "MGA"), 10),
    (Money(7, "RSD"), 700), (Money(100, "CLP"), 100),
])
def test_amounts_are_counted_as_stripe_does(money: Money, minor: int) -> None:
    assert META.to_minor(money) == minor
    assert META.from_minor(minor, money.currency.lower()) == money


def test_every_currency_has_the_decimals_that_stripe_gives_it() -> None:
    none = {"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"}
    three = {"BHD", "JOD", "KWD", "OMR", "TND"}
    for currency in META.currencies:
        assert META.to_minor(Money(1, currency)) == (1 if currency in none else 1000 if currency in three else 100), currency
    assert none | three <= META.currencies


def test_a_third_decimal_that_is_not_0_cannot_be_paid() -> None:
    odd = Money("5.124", "KWD")
    with pytest.raises(MoneyError, match="last of the three decimals"):
        META.to_minor(odd)
    assert not provider().is_available(order(), odd)
    assert provider().is_available(order(), Money("5.120", "KWD"))
    assert not provider().is_available(order(), Money(0, "EUR"))
    assert not provider().is_available(order(), Money(100, "RUB"))
