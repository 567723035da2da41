"""What YooKassa is asked for: payments, refunds and their receipts, to the kopeck."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from studium.plugins.yookassa.orders import payment_request, refund_request
from studium.plugins.yookassa.receipts import terms_from, terms_of
from studium.services.money import Money
from studium.services.providers import RECEIPT, ProviderRefused
from tests.plugins.yookassa.conftest import PAYMENT_ID, a_payment, an_order, make

BACK = "https://school.example/payments/1"
AMOUNTS = ("0.01", "0.10", "1.00", "29.90", "999.99", "2900.00", "1234567.89")


def request(
    *, language: str = "ru", money: Money | None = None, title: str = "Чай", item: str = "Basic", **settings: Any
) -> dict[str, Any]:
    order = an_order(money, language=language, title=title, item=item)
    shop = make(**settings)._shop
    return payment_request(order, BACK, terms_of(order, shop) if shop.receipts else None)


def test_a_payment_is_captured_at_once_and_leads_back() -> None:
    asked = request()
    assert asked["capture"] is True, "the default would hold the money"
    assert asked["confirmation"] == {"type": "redirect", "return_url": BACK, "locale": "ru_RU"}
    assert asked["description"] == "A-17: Чай, Basic"
    assert asked["metadata"].keys() == {"order_id", "order_number"}
    assert "receipt" not in asked


@pytest.mark.parametrize(("language", "locale"), [("ru", "ru_RU"), ("en", "en_US"), ("de", "en_US")])
def test_the_page_is_in_one_of_its_two_languages(language: str, locale: str) -> None:
    assert request(language=language)["confirmation"]["locale"] == locale


@pytest.mark.parametrize("value", AMOUNTS)
def test_amounts_have_two_decimals(value: str) -> None:
    assert request(money=Money(value, "RUB"))["amount"] == {"value": value, "currency": "RUB"}


@pytest.mark.parametrize("title", ["Ж" * 300, "a\nb\tc", "🍵" * 200, ""])
def test_descriptions_are_one_line_of_at_most_128_characters(title: str) -> None:
    asked = request(title=title, item="", receipts=True, vat_code=1)
    for text in (asked["description"], asked["receipt"]["items"][0]["description"]):
        assert 0 < len(text) <= 128
        assert not re.search(r"[\n\t]", text)


@pytest.mark.parametrize("value", AMOUNTS)
@pytest.mark.parametrize("vat_code", range(1, 13))
def test_the_items_of_a_receipt_sum_to_the_amount(value: str, vat_code: int) -> None:
    asked = request(money=Money(value, "RUB"), receipts=True, vat_code=vat_code)
    items = asked["receipt"]["items"]
    assert sum(Decimal(item["amount"]["value"]) * item["quantity"] for item in items) == Decimal(asked["amount"]["value"])
    assert [item["vat_code"] for item in items] == [vat_code]


def test_a_receipt_says_what_the_accountant_said() -> None:
    asked = request(receipts=True, vat_code=12, tax_system_code=3, payment_mode="full_prepayment", payment_subject="intellectual_activity",
                    internet=False)
    assert asked["receipt"] == {
        "customer": {"email": "anna@buyers.example"}, "internet": False, "tax_system_code": 3,
        "items": [{"description": "Чай, Basic", "quantity": 1, "amount": {"value": "2900.00", "currency": "RUB"}, "vat_code": 12,
                   "payment_mode": "full_prepayment", "payment_subject": "intellectual_activity"}]}


def test_metadata_keeps_within_yookassas_limits() -> None:
    found = request(title="Ж" * 300, receipts=True, vat_code=11, tax_system_code=6)["metadata"]
    assert len(found) <= 16
    assert all(len(name) <= 32 and isinstance(value, str) and len(value) <= 512 for name, value in found.items())


def test_without_an_address_there_is_no_receipt_and_no_payment() -> None:
    with pytest.raises(ProviderRefused):
        make(receipts=True, vat_code=1).begin(an_order(email=None), "key-1", BACK)


def paid_with_receipt(**settings: Any) -> dict[str, Any]:
    return a_payment(metadata=request(receipts=True, vat_code=4, **settings)["metadata"])


@pytest.mark.parametrize("value", ["0.01", "900.00", "2899.99"])
def test_a_part_goes_back_with_a_receipt_like_the_first_whatever_the_settings_say_now(value: str) -> None:
    asked = refund_request(paid_with_receipt(), Money(value, "RUB"), "refund-1")
    assert asked["receipt"]["customer"] == {"email": "anna@buyers.example"}
    [item] = asked["receipt"]["items"]
    assert (item["description"], item["vat_code"], item["amount"]) == ("Чай, Basic", 4, {"value": value, "currency": "RUB"})
    assert asked["amount"] == {"value": value, "currency": "RUB"}
    assert asked["payment_id"] == PAYMENT_ID
    assert asked["metadata"] == {"refund_id": "refund-1"}


def test_the_whole_goes_back_without_a_receipt_as_yookassa_has_it() -> None:
    assert "receipt" not in refund_request(paid_with_receipt(), Money(2900, "RUB"), "refund-1")


def test_what_was_paid_without_a_receipt_goes_back_without_one() -> None:
    assert "receipt" not in refund_request(a_payment(), Money(900, "RUB"), "refund-1")


def test_the_terms_of_a_receipt_survive_in_the_metadata() -> None:
    order = an_order()
    terms = terms_of(order, make(receipts=True, vat_code=9, tax_system_code=6, internet=False)._shop)
    assert terms_from(terms.metadata()) == terms


def test_only_with_receipts_is_an_address_asked_for_and_only_for_roubles_are_there_receipts() -> None:
    without, with_receipts = make(currencies=["RUB", "EUR"]), make(currencies=["RUB", "EUR"], receipts=True, vat_code=1)
    assert (RECEIPT in without.meta.capabilities, RECEIPT in with_receipts.meta.capabilities) == (False, True)
    roubles, euros = Money(29, "RUB"), Money(29, "EUR")
    assert (without.is_available(an_order(), roubles), without.is_available(an_order(), euros)) == (True, True)
    assert (with_receipts.is_available(an_order(), roubles), with_receipts.is_available(an_order(), euros)) == (True, False)
    assert not make().is_available(an_order(), euros), "the shop takes roubles unless it says more"
    assert not make().is_available(an_order(), Money(0, "RUB"))
