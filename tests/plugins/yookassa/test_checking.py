"""What the doctor finds wrong with YooKassa's set-up, and how it says to mend it; and settings that cannot be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses
from pydantic import ValidationError

from studium.plugins.yookassa.settings import YookassaSettings
from studium.services.providers import Problem
from tests.plugins.yookassa.conftest import API, SITE, a_payment, listed, make

SetUp = Callable[..., None]
LIVE = "live_abcdefgh1234"


@pytest.fixture
def shop_is() -> Iterator[SetUp]:
    """`shop_is(status="disabled", currency="EUR", me=403)`: what YooKassa says of the shop."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        def set_up(*, me: int = 200, currency: str = "RUB", payments: int = 200, **shop: Any) -> None:
            wrong = {"type": "error", "code": "forbidden" if me == 403 else "invalid_credentials", "description": "No."}
            found = {"account_id": "100500", "test": False, "status": "enabled", "fiscalization": {"enabled": False}} | shop
            network.get(f"{API}/me", json=found if me == 200 else wrong, status=me)
            last = a_payment(amount={"value": "1.00", "currency": currency})
            network.get(f"{API}/payments", json=listed(last) if payments == 200 else wrong, status=payments)

        yield set_up


def check(*, key: str = LIVE, site: str = SITE, **settings: Any) -> list[Problem]:
    return list(make(key=key, site=site, **settings).check())


def only(found: list[Problem]) -> Problem:
    assert len(found) == 1, found
    assert found[0].fix
    return found[0]


def test_a_right_set_up_has_no_problem(shop_is: SetUp) -> None:
    shop_is()
    assert check() == []


def test_a_key_that_is_none_is_not_sent() -> None:
    with responses.RequestsMock():
        assert only(check(key="sk_live_1")).severity == "error"


def test_a_wrong_key(shop_is: SetUp) -> None:
    shop_is(me=401)
    assert "refuses the shop's number or key" in only(check()).what


def test_a_shop_that_may_not_ask_for_itself_is_judged_by_its_list_of_payments(shop_is: SetUp) -> None:
    shop_is(me=403)
    assert check() == []
    shop_is(me=403, payments=401)


def test_a_site_without_https_takes_no_real_money(shop_is: SetUp) -> None:
    shop_is()
    found = check(site="http://127.0.0.1:8000")
    assert [one.severity for one in found] == ["error", "warning"]
    assert "without https" in found[0].what


def test_play_money_at_a_public_site(shop_is: SetUp) -> None:
    shop_is(test=True)
    assert "play money" in only(check(key="test_1")).what


def test_a_shop_of_the_other_mode(shop_is: SetUp) -> None:
    shop_is(test=True)
    assert "says the opposite" in only(check()).what


def test_a_shop_that_is_off(shop_is: SetUp) -> None:
    shop_is(status="disabled")
    assert only(check()).severity == "error"


@pytest.mark.parametrize(("site", "count"), [
    ("https://school.example", 0), ("https://school.example:443", 0), ("https://school.example:8443", 0),
    ("https://school.example:9443", 1), ("http://school.example", 2),
])
def test_notifications_come_to_two_ports_of_https(shop_is: SetUp, site: str, count: int) -> None:
    shop_is()
    found = check(site=site)
    assert len(found) == count
    assert not found or "port 443 or 8443" in found[-1].what


@pytest.mark.parametrize("fiscal", [{"fiscalization": {"enabled": True, "provider": "avanpost"}},
                                    {"fiscalization": None, "fiscalization_enabled": True}], ids=str)
def test_a_shop_that_needs_receipts_and_gets_none(shop_is: SetUp, fiscal: dict[str, Any]) -> None:
    shop_is(**fiscal)
    found = only(check())
    assert found.severity == "error" and "STUDIUM_YOOKASSA_RECEIPTS=true" in found.fix
    assert check(receipts=True, vat_code=11) == []


def test_receipts_that_the_shop_does_not_want(shop_is: SetUp) -> None:
    shop_is()
    assert only(check(receipts=True, vat_code=11)).severity == "warning"


@pytest.mark.parametrize("vat_code", [4, 6])
def test_the_vat_of_before_2026(shop_is: SetUp, vat_code: int) -> None:
    shop_is(fiscalization={"enabled": True})
    assert "22 % since January 2026" in only(check(receipts=True, vat_code=vat_code)).what


def test_another_currency_than_the_shops(shop_is: SetUp) -> None:
    shop_is(currency="KZT")
    assert "KZT" in only(check()).what


def test_sources_that_keep_yookassa_out(shop_is: SetUp) -> None:
    shop_is()
    assert "STUDIUM_YOOKASSA_SOURCES" in only(check(sources=["127.0.0.0/8"])).what


def test_yookassa_that_cannot_be_reached_is_no_error_of_the_set_up() -> None:
    with responses.RequestsMock() as network:
        network.get(f"{API}/me", status=502, body="<html>")
        assert only(check()).severity == "warning"


@pytest.mark.parametrize("wrong", [
    {"receipts": True}, {"vat_code": 0}, {"vat_code": 13}, {"tax_system_code": 7}, {"payment_mode": "later"}, {"payment_subject": "Курс"},
    {"currencies": ["JPY"]}, {"currencies": []}, {"sources": ["185.71.76.1/27"]}, {"sources": ["yookassa.ru"]}, {"shop_id": "12a"},
    {"shop_id": "12\n"}, {"api_base": "http://api.yookassa.ru/v3"}, {"api_base": "api.yookassa.ru"},
    {"secret_key": "test_ж"}, {"secret_key": "a:b"},
], ids=str)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        YookassaSettings(**wrong)


def test_without_its_two_settings_it_is_off() -> None:
    assert YookassaSettings().missing() == ("STUDIUM_YOOKASSA_SHOP_ID", "STUDIUM_YOOKASSA_SECRET_KEY")
    assert make()._shop.missing() == ()
