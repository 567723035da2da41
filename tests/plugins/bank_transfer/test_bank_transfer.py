"""A bank transfer tells the buyer what to write, asks nobody, and opens the course when a person has seen the money."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from pydantic import ValidationError

from studium.core.clock import now
from studium.plugins.bank_transfer.provider import BankTransferProvider
from studium.plugins.bank_transfer.settings import BankTransferSettings
from studium.services.money import Money
from studium.services.provider_registry import provider_classes, providers
from studium.services.providers import Instructions, Order, ProviderContext, ProviderRefused

IBAN = "DE89 3704 0044 0532 0130 00"  # the example of ISO 13616
RUSSIAN = "40817810099910004312"


@pytest.fixture(autouse=True)
def in_the_site(app: Flask) -> Iterator[None]:
    with app.app_context():  # where the words are
        yield


def provider(**settings: object) -> BankTransferProvider:
    found = BankTransferSettings(**{"recipient": "School of Learning", "account": IBAN, **settings})  # type: ignore[arg-type]
    return BankTransferProvider(found, ProviderContext("http://127.0.0.1", "http://127.0.0.1/webhooks/bank_transfer", "Studium"))


def order(money: Money, language: str = "en", **values: object) -> Order:
    return Order("4a2b", "S-2026-000123", money, "Memory", "Basic", language, now(), **values)  # type: ignore[arg-type]


def begin(language: str = "en", **settings: object) -> Instructions:
    return provider(**settings).begin(order(Money("29.90", "EUR"), language), "4a2b:1", "http://127.0.0.1/payments/4a2b")


def test_the_buyer_is_told_account_amount_and_number() -> None:
    told = begin(bank="Commerzbank", bic="COBADEFF")
    assert dict(told.lines) == {"Recipient": "School of Learning", "Account number": IBAN, "Bank": "Commerzbank", "BIC": "COBADEFF",
                                "Amount": "€29.90", "Reason for payment": "S-2026-000123"}
    assert told.reference == "S-2026-000123"


def test_lines_that_the_school_did_not_set_are_not_shown() -> None:
    assert [label for label, _value in begin().lines] == ["Recipient", "Account number", "Amount", "Reason for payment"]


def test_the_same_order_gets_the_same_number_again() -> None:
    assert begin().reference == begin().reference


def test_the_time_to_pay_is_the_school_s() -> None:
    assert timedelta(days=4) < begin(days=5).expires_at - now() <= timedelta(days=5)  # type: ignore[operator]


def test_the_school_s_time_counts_from_the_order_and_may_be_longer_than_what_the_site_offers_otherwise() -> None:
    asked = order(Money(1, "EUR"), expires_at=now() + timedelta(days=14))
    assert provider(days=30).begin(asked, "4a2b:1", "").expires_at == asked.created_at + timedelta(days=30)


def test_the_account_takes_its_currencies() -> None:
    euros = provider(currencies=("EUR",))
    assert euros.is_available(order(Money(1, "EUR")), Money(1, "EUR")) and not euros.is_available(order(Money(1, "USD")), Money(1, "USD"))
    assert provider().is_available(order(Money(1, "USD")), Money(1, "USD"))


@pytest.mark.parametrize("settings", [
    {"account": "DE89 3704 0044 0532 0130 01"}, {"account": "de89370400440532013010"}, {"currencies": ("EURO",)}, {"days": 0}, {"days": 91},
])
def test_a_slip_in_the_settings_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        provider(**settings)


def test_an_account_that_is_no_iban_is_taken_as_it_is() -> None:
    assert ("Account number", RUSSIAN) in begin(account=RUSSIAN).lines


def test_nobody_is_asked() -> None:
    with pytest.raises(ProviderRefused) as told:
        provider().fetch("S-2026-000123")
    assert told.value.code == "unsupported"


def test_it_is_off_until_the_account_is_set() -> None:
    assert "bank_transfer" in provider_classes() and "bank_transfer" not in providers()
    assert BankTransferSettings().missing() == ("STUDIUM_BANK_TRANSFER_RECIPIENT", "STUDIUM_BANK_TRANSFER_ACCOUNT")  # type: ignore[call-arg]
