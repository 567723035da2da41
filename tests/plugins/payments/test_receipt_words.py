"""What a receipt really says in Russian and English: money of several currencies, and the time where the buyer is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask

from studium.plugins.payments.payment_view import PaymentView, RefundView
from studium.plugins.payments.receipt_values import Receipt
from studium.services.money import Money
from tests.plain_spaces import plain

BEFORE, AFTER = datetime(2027, 3, 28, 0, 30), datetime(2027, 3, 28, 1, 30)  # Berlin's clock leaps from 2 to 3 between them
DOLLARS = Money("29", "USD")


@pytest.fixture(autouse=True)
def in_app(app: Flask) -> Iterator[None]:
    with app.app_context():
        yield


def words(language: str, paid: Money = DOLLARS, zone: str = "Europe/Berlin", at: datetime = BEFORE) -> dict[str, Any]:
    """The words of a receipt of which a fifth was given back when the clock had changed."""
    from studium.plugins.payments.receipt_pdf import _values

    nothing, back = Money(0, paid.currency), paid.percent(20)
    payment = PaymentView(
        id="x", number="S-2027-000021", state="completed", status="completed", provider="shop", provider_title="Shop", course_id=1,
        course="rivers", course_title="Реки", tier_key="basic", tier_title="Базовый", coupon="SPRING", total=paid, list_price=paid + back,
        discount=back, credit=nothing, paid=paid, refunded=back, refunds=(RefundView(back, AFTER),), instructions=(), instructions_text="",
        has_access=True, access_until=None, problem=None, set_aside=False, created_at=at, completed_at=at, expires_at=None,
        reference="cs_1", livemode=True)
    return dict(plain(_values(Receipt(payment, "Studium", "Соня", "cs_1", zone, False), language)))


@pytest.mark.parametrize(("paid", "russian", "english"), [
    (Money("2900", "RUB"), ("2 900 ₽", "-580 ₽"), ("RUB 2,900", "-RUB 580")),
    (Money("49.50", "USD"), ("49,50 $", "-9,90 $"), ("$49.50", "-$9.90")),
    (Money(5000, "JPY"), ("5 000 ¥", "-1 000 ¥"), ("¥5,000", "-¥1,000")),
    (Money("1.250", "KWD"), ("1,250 KWD", "-0,250 KWD"), ("KWD 1.250", "-KWD 0.250")),
])
def test_money_is_written_in_the_language_with_the_decimals_of_its_currency(
        paid: Money, russian: tuple[str, str], english: tuple[str, str]) -> None:
    for language, shown in (("ru", russian), ("en", english)):
        found = words(language, paid)
        assert (found["total"], found["refunds"][0][1]) == shown


def test_its_labels_are_in_the_language() -> None:
    russian, english = words("ru"), words("en")
    assert [label for label, _value in russian["facts"]] == ["Дата оплаты", "Покупатель", "Способ оплаты", "Номер операции"]
    assert [label for label, _value in english["facts"]] == ["Paid on", "Buyer", "Paid by", "Transaction"]
    assert [label for label, _value in russian["lines"]] == ["Цена", "Купон SPRING"]
    assert (russian["title"], russian["total_label"], english["title"], english["total_label"]) == ("Чек", "Оплачено", "Receipt", "Paid")


@pytest.mark.parametrize(("zone", "russian", "english"), [
    ("Europe/Berlin", "28 марта 2027 г., 01:30 UTC+1", "March 28, 2027, 1:30 AM UTC+1"),
    ("America/St_Johns", "27 марта 2027 г., 22:00 UTC−2:30", "March 27, 2027, 10:00 PM UTC−2:30"),
    ("UTC", "28 марта 2027 г., 00:30 UTC", "March 28, 2027, 12:30 AM UTC"),
    ("Nowhere/City", "28 марта 2027 г., 00:30 UTC", "March 28, 2027, 12:30 AM UTC"),
])
def test_it_says_when_it_was_paid_where_the_buyer_is(zone: str, russian: str, english: str) -> None:
    assert (words("ru", zone=zone)["facts"][0][1], words("en", zone=zone)["facts"][0][1]) == (russian, english)


def test_the_offset_is_that_of_the_day() -> None:
    assert words("ru", at=AFTER)["facts"][0][1] == "28 марта 2027 г., 03:30 UTC+2"
    assert words("ru", zone="America/New_York")["refunds"][0][0] == "Возврат 27 марта 2027 г."
    assert words("en")["refunds"][0][0] == "Given back on March 28, 2027"
