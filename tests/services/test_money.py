"""Money is exact, of one currency, and rounded only where it is asked for."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from studium.services.courses.folder.literals import parse_price
from studium.services.money import Money, MoneyError, exponent, from_minor, to_minor, total
from studium.services.money_format import format_money

CURRENCIES = st.sampled_from(["USD", "RUB", "JPY", "KWD", "ISK", "UGX", "EUR"])


@pytest.mark.parametrize(("amount", "currency", "minor", "text"), [
    ("29", "USD", 2900, "29.00 USD"), (2900, "JPY", 2900, "2900 JPY"), ("1.234", "KWD", 1234, "1.234 KWD"),
    (Decimal("0.10"), "RUB", 10, "0.10 RUB"),
    ("-5.5", "EUR", -550, "-5.50 EUR"), ("0", "USD", 0, "0.00 USD"), ("-0", "USD", 0, "0.00 USD"), ("1E2", "USD", 10000, "100.00 USD"),
])
def test_amounts_have_exactly_the_decimals_of_their_currency(amount, currency, minor, text):
    money = Money(amount, currency)
    assert (money.minor, str(money)) == (minor, text)
    assert Money.from_minor(minor, currency) == money


@pytest.mark.parametrize(("amount", "currency"), [
    (29.0, "USD"), (True, "USD"), (None, "USD"), ("1.005", "USD"), ("1.5", "JPY"), ("1.0001", "KWD"), ("NaN", "USD"), ("Infinity", "USD"),
    ("twenty", "USD"), ("", "USD"), ("1", "usd"), ("1", "XXQ"), ("1", "US"), ("1", ""), ("92233720368547758.08", "USD"), ("1e400", "USD"),
])
def test_what_is_no_exact_amount_is_refused(amount, currency):
    with pytest.raises(MoneyError):
        Money(amount, currency)


def test_two_currencies_are_never_mixed():
    dollars, roubles = Money(1, "USD"), Money(1, "RUB")
    for mixed in (lambda: dollars + roubles, lambda: dollars - roubles, lambda: dollars < roubles, lambda: dollars >= roubles):
        with pytest.raises(MoneyError, match="two currencies"):
            mixed()
    assert dollars != roubles
    with pytest.raises(MoneyError):
        total([dollars, roubles], "USD")


@given(st.lists(st.integers(-10**9, 10**9), max_size=30), CURRENCIES)
def test_sums_are_right_to_the_minor_unit(minors, currency):
    assert total((Money.from_minor(minor, currency) for minor in minors), currency).minor == sum(minors)


def test_a_share_is_rounded_half_up():
    assert Money("10.05", "USD").percent(50) == Money("5.03", "USD")
    assert Money(5, "JPY").percent(50) == Money(3, "JPY")
    assert Money("29.00", "USD").percent(100) == Money("29.00", "USD")


STRIPE = {"ISK": 2, "UGX": 2}  # docs.stripe.com/currencies: logically without decimals, but sent times 100


@pytest.mark.parametrize(("money", "minor"), [
    (Money(500, "ISK"), 50000), (Money(500, "UGX"), 50000), (Money(500, "JPY"), 500), (Money("1.25", "KWD"), 1250),
    (Money("1.25", "USD"), 125),
])
def test_a_service_may_count_in_units_of_its_own(money, minor):
    assert to_minor(money, STRIPE) == minor
    assert from_minor(minor, money.currency, STRIPE) == money


def test_what_a_service_cannot_express_is_refused():
    with pytest.raises(MoneyError, match="more decimals"):
        to_minor(Money("1.234", "KWD"), {"KWD": 2})


@given(st.integers(0, 10**12), CURRENCIES)
def test_minor_units_there_and_back(minor, currency):
    assert Money.from_minor(minor, currency).minor == minor
    assert from_minor(to_minor(Money.from_minor(minor, currency), STRIPE), currency, STRIPE).minor == minor


def test_exponents_are_those_of_iso_4217():
    """The published list (SIX, list one), as a frozen table: a new Babel must not move the decimal point of what is stored."""
    departing = {0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF", 3: "BHD IQD JOD KWD LYD OMR TND", 4: "CLF UYW",
                 2: "AFN ALL EUR IRR KPW LAK LBP MGA MMK RSD RUB SOS SYP USD YER"}
    assert {decimals: {exponent(code) for code in codes.split()} for decimals, codes in departing.items()} == {
        decimals: {decimals} for decimals in departing}


@pytest.mark.parametrize(("text", "currency", "price"), [
    ("499.50", "RSD", "499.50"), ("500", "RSD", "500.00"), ("1.125", "IQD", "1.125"), ("2900", "JPY", "2900"), ("2900.5", "JPY", None),
    ("29.905", "USD", None), ("29", "EURO", None),
])
def test_a_price_in_a_course_has_the_decimals_of_its_currency(text, currency, price):
    assert parse_price(text, currency) == price


@pytest.mark.parametrize(("money", "language", "text"), [
    (Money("2900", "RUB"), "ru", "2\u00a0900\u00a0₽"), (Money("49.50", "USD"), "en", "$49.50"), (Money("49", "USD"), "en", "$49"),
    (Money("1.250", "KWD"), "en", "KWD\u00a01.250"), (Money(2900, "JPY"), "en", "¥2,900"), (Money("-3", "USD"), "en", "-$3"),
    (Money("499.50", "RSD"), "en", "RSD\u00a0499.50"), (Money("0.125", "IQD"), "en", "IQD\u00a00.125"),
    (Money("499", "RSD"), "en", "RSD\u00a0499"),
])
def test_money_is_shown_as_people_write_it(money, language, text):
    assert format_money(money, language) == text
