"""The checkout page, as a browser without scripts uses it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from shop import ShopService

from studium.core.database import reading
from studium.plugins.payments.checkout_form import CheckoutForm
from studium.plugins.payments.entities import Payment
from studium.services.money import Money
from tests.cable_process import Person
from tests.plugins.payments.pages import CHECKOUT, HTML, coupon, post, words
from tests.plugins.payments.school import TIERS, Buy, Rows, School

pytestmark = pytest.mark.usefixtures("school")


def test_a_visitor_signs_in_first_and_comes_back(app: Flask) -> None:
    answer = app.test_client().get(f"{CHECKOUT}?currency=USD")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=/checkout/rivers/basic?currency%3DUSD")


def test_a_visitor_whose_session_ended_while_the_page_was_open_comes_back_too(app: Flask) -> None:
    answer = post(app.test_client(), CHECKOUT, provider="shop")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/checkout/rivers/basic")


@pytest.mark.parametrize(("language", "price"), [("en", "$29"), ("ru", "2 900 ₽")])
def test_the_price_is_in_the_currency_of_the_readers_language(mia: Person, language: str, price: str) -> None:
    page = mia.client.get(CHECKOUT, headers=HTML | {"Accept-Language": language})
    assert price in words(page).replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_another_currency_is_one_press_away(mia: Person) -> None:
    assert 'href="/checkout/rivers/basic?currency=RUB#price"' in mia.client.get(CHECKOUT, headers=HTML).text
    assert "RUB" in words(mia.client.get(f"{CHECKOUT}?currency=RUB", headers=HTML))


def test_paying_leads_to_the_provider(mia: Person, shop: ShopService) -> None:
    answer = post(mia.client, CHECKOUT, provider="shop", currency="USD")
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("https://shop.example/pay/cs_")
    assert [paid.money for paid in shop.payments.values()] == [Money(29, "USD")]


def test_pressing_twice_asks_for_one_payment(mia: Person, shop: ShopService) -> None:
    answers = [post(mia.client, CHECKOUT, provider="shop", currency="USD").headers["Location"] for _ in range(3)]
    assert len(set(answers)) == 1
    assert len(shop.payments) == 1


def test_the_policy_of_the_page_lets_its_form_lead_to_the_provider(mia: Person) -> None:
    """Browsers ask the policy of the page for the whole way that a form goes."""
    assert "form-action 'self' https:" in mia.client.get(CHECKOUT, headers=HTML).headers["Content-Security-Policy"]
    assert "form-action 'self';" in mia.client.get("/dashboard", headers=HTML).headers["Content-Security-Policy"]


def test_applying_a_coupon_shows_the_new_price_and_keeps_what_was_typed(app: Flask, mia: Person, shop: ShopService) -> None:
    coupon(app)
    answer = post(mia.client, CHECKOUT, do="apply", coupon="spring", currency="USD", provider="till", email="mia@example.org")
    assert answer.headers["Location"] == "/checkout/rivers/basic?currency=USD&coupon=spring&provider=till#price"
    page = mia.client.get(answer.headers["Location"], headers=HTML)
    assert "Price $29 Coupon SPRING -$5.80 Total $23.20" in words(page)
    assert 'value="till" checked' in page.text
    assert "mia@example.org" in page.text
    assert shop.calls == [], "nothing was bought"


def test_an_email_address_never_stands_in_the_address_of_a_page(mia: Person) -> None:
    answer = post(mia.client, CHECKOUT, do="apply", email="mia@example.org")
    assert "mia" not in answer.headers["Location"]


@pytest.mark.parametrize(("form", "field"), [
    ({"provider": "shop", "coupon": "NOPE"}, "coupon"), ({"provider": "gold"}, "provider"),
    ({"provider": "sandbox", "email": "x"}, "email"),
    ({"provider": "shop", "currency": "EUR"}, "currency"), ({}, "provider"),
])
def test_a_mistake_is_said_at_its_field_and_nothing_is_lost(app: Flask, mia: Person, form: dict[str, str], field: str) -> None:
    page = post(mia.client, CHECKOUT, **form)
    assert page.status_code == 422
    assert f'id="{field}-problem"' in page.text
    assert form.get("coupon", "") in page.text
    assert "Nothing was charged" in words(page)
    with app.app_context(), reading():
        assert Payment.select().count() == 0


def test_a_coupon_that_does_not_count_leaves_the_price_as_it_is(mia: Person) -> None:
    page = mia.client.get(f"{CHECKOUT}?coupon=NOPE", headers=HTML)
    assert page.status_code == 422
    assert "There is no such coupon." in words(page)
    assert "Total $29" in words(page)


def test_a_coupon_for_everything_leads_to_the_course_without_a_provider(app: Flask, mia: Person, shop: ShopService) -> None:
    coupon(app, "GIFT", percent=100)
    page = mia.client.get(f"{CHECKOUT}?coupon=GIFT", headers=HTML)
    assert "Get it without paying" in words(page)
    answer = post(mia.client, CHECKOUT, coupon="GIFT")
    assert answer.headers["Location"].startswith("/payments/")
    assert "It is yours" in words(mia.client.get(answer.headers["Location"], headers=HTML))
    assert shop.calls == []


def test_a_free_tier_is_got_by_one_press(plant: Callable[..., School], mia: Person, enrolments: Rows) -> None:
    plant({"basic": {"prices": {"RUB": "0.00", "USD": "0.00"}}, "vip": TIERS["vip"]})
    assert "Get for free" in words(mia.client.get(CHECKOUT, headers=HTML))
    assert post(mia.client, CHECKOUT).headers["Location"] == "/courses/rivers"
    assert [row["source"] for row in enrolments(user_id=mia.id)] == ["free"]


def test_who_has_the_tier_is_led_to_the_course_by_the_page_and_by_the_back_button(mia: Person, buy: Buy, shop: ShopService) -> None:
    buy(mia, "basic")
    for ask in (lambda: mia.client.get(CHECKOUT, headers=HTML), lambda: post(mia.client, CHECKOUT, provider="shop")):
        answer = ask()
        assert (answer.status_code, answer.headers["Location"]) == (303, "/courses/rivers")
        assert "You have this tier already" in words(mia.client.get("/courses/rivers"))
    assert len(shop.payments) == 1


def test_an_upgrade_costs_the_difference(mia: Person, buy: Buy) -> None:
    buy(mia, "basic")
    page = mia.client.get("/checkout/rivers/accelerator", headers=HTML)
    assert "Price $69 Paid before for a lower tier -$29 Total $40" in words(page)


def test_a_price_that_rose_meanwhile_is_shown_before_anything_is_charged(
    mia: Person, plant: Callable[..., School], shop: ShopService
) -> None:
    plant(TIERS | {"basic": {"prices": {"USD": "39.00"}}})
    page = post(mia.client, CHECKOUT, provider="shop", shown="29.00 USD")
    assert page.status_code == 409
    assert "The price has changed" in words(page)
    assert "Total $39" in words(page)
    assert shop.calls == []


@pytest.mark.parametrize(("shown", "dearer"), [("", False), ("28.99 USD", True), ("29.00 USD", False), ("30 USD", False), ("1 RUB", False),
                                               ("x USD", False), ("NaN USD", False), ("1e99 USD", False)])
def test_only_a_higher_price_in_the_same_currency_is_a_surprise(shown: str, dearer: bool) -> None:
    assert CheckoutForm(shown=shown).is_dearer(Money(29, "USD")) is dearer


def test_when_the_provider_is_down_nothing_is_charged_and_the_same_key_asks_again(mia: Person, shop: ShopService) -> None:
    shop.down = {"begin"}
    answer = post(mia.client, CHECKOUT, provider="shop")
    page = mia.client.get(answer.headers["Location"], headers=HTML)
    assert "Shop does not answer Nothing was charged. We keep asking" in words(page)
    shop.down = set()
    again = post(mia.client, f"{answer.headers['Location']}/continue")
    assert again.headers["Location"].startswith("https://shop.example/pay/")
    assert len(set(shop.called("begin"))) == 1


@pytest.mark.parametrize("path", [
    "/checkout/lakes/basic", "/checkout/rivers/gold", "/checkout/rivers/%00", f"/checkout/rivers/{'x' * 5000}",
])
def test_what_is_not_on_offer_is_404(mia: Person, path: str) -> None:
    assert mia.client.get(path, headers=HTML).status_code == 404
    assert post(mia.client, path).status_code == 404


def test_who_tries_codes_for_too_long_has_to_wait(mia: Person) -> None:
    answers = {post(mia.client, CHECKOUT, do="apply", coupon=f"C{number}").status_code for number in range(31)}
    assert answers == {303, 429}


def test_codes_cannot_be_tried_by_address_either(mia: Person) -> None:
    answers = {mia.client.get(f"{CHECKOUT}?coupon=C{number}", headers=HTML).status_code for number in range(31)}
    assert answers == {422, 429}
    assert mia.client.get(CHECKOUT, headers=HTML).status_code == 200, "the page itself stays open"


def test_a_program_gets_a_problem_that_names_the_field(mia: Person) -> None:
    token = mia.client.get("/api/v1/session").get_json()["data"]["csrf_token"]
    answer = mia.client.post(CHECKOUT, data={"provider": "gold"}, headers={"X-CSRF-Token": token, "Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "provider")
