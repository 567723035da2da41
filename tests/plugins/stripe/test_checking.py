"""What the doctor finds wrong with Stripe's set-up, and how it says to mend it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import responses
from pydantic import SecretStr

from studium.core import clock
from studium.plugins.stripe.events import EVENTS
from studium.plugins.stripe.provider import StripeProvider
from studium.plugins.stripe.settings import StripeSettings
from studium.services.providers import Problem, ProviderContext
from tests.plugins.stripe.conftest import Desk

SITE = "https://school.example"
HOOK = f"{SITE}/webhooks/stripe"
KEY = "sk_live_abcdefgh1234"


@pytest.fixture
def stripe_is() -> Iterator[Any]:
    """`stripe_is(url=..., status=..., ...)`: the one endpoint of the account; `account=` what the account is; `endpoints=[]` for none."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as network:
        def set_up(*, account: dict[str, Any] | None = None, endpoints: list[Any] | None = None, date: float = 0.0, status_code: int = 200,
                   **endpoint: Any) -> None:
            headers = {"Date": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + date))}
            we = {"id": "we_1", "object": "webhook_endpoint", "url": HOOK, "status": "enabled", "enabled_events": ["*"],
                  "api_version": None}
            body = {"id": "acct_1", "object": "account", "charges_enabled": True} | (account or {})
            wrong = {"error": {"message": "Invalid API Key provided: sk_live_****1234", "type": "invalid_request_error"}}
            network.get("https://api.stripe.com/v1/account", json=body if status_code == 200 else wrong, status=status_code,
                        headers=headers)
            listed = [we | endpoint] if endpoints is None else endpoints
            network.get("https://api.stripe.com/v1/webhook_endpoints", json={"object": "list", "data": listed, "has_more": False,
                                                                             "url": "/v1/webhook_endpoints"})

        yield set_up


def check(key: str = KEY, secret: str = "whsec_1", site: str = SITE) -> list[Problem]:
    settings = StripeSettings(secret_key=SecretStr(key), webhook_secrets=(SecretStr(secret),))
    return list(StripeProvider(settings, ProviderContext(site, f"{site}/webhooks/stripe", "School")).check())


def only(found: list[Problem]) -> Problem:
    assert len(found) == 1, found
    assert found[0].fix
    return found[0]


def test_a_right_set_up_has_no_problem(stripe_is: Any) -> None:
    stripe_is()
    assert check() == []


def test_the_simulator_is_a_right_set_up(desk: Desk) -> None:
    assert list(desk.provider.check()) == []


@pytest.mark.parametrize(("key", "word"), [
    ("pk_live_abcdefgh", "publishable"), ("whsec_abcdefgh", "no key"), ("sk_live_", "no key"), (" ", "no key"),
])
def test_what_is_no_secret_key_is_seen_without_asking_anybody(key: str, word: str) -> None:
    found = only(check(key))
    assert word in found.what
    assert found.severity == "error"


def test_a_key_in_the_place_of_the_signing_secret_is_seen() -> None:
    assert "STUDIUM_STRIPE_WEBHOOK_SECRETS" in only(check(secret="sk_live_abcdefgh")).what


def test_a_live_key_on_a_site_without_https_is_an_error() -> None:
    assert "real money" in only(check(site="http://127.0.0.1:8000")).what


def test_a_test_key_on_a_public_site_is_a_warning(stripe_is: Any) -> None:
    stripe_is()
    found = only(check("rk_test_abcdefgh"))
    assert ("play money" in found.what, found.severity) == (True, "warning")


def test_a_key_that_stripe_refuses(stripe_is: Any) -> None:
    stripe_is(status_code=401)
    found = only(check())
    assert "refuses the key" in found.what
    assert KEY not in f"{found.what} {found.fix}"


def test_a_restricted_key_that_may_not_look(stripe_is: Any) -> None:
    stripe_is(status_code=403)
    found = only(check("rk_live_abcdefgh"))
    assert (found.severity, "Checkout Sessions" in found.fix) == ("warning", True)


@pytest.mark.slow
def test_stripe_that_cannot_be_reached_is_a_warning() -> None:
    with responses.RequestsMock():
        assert only(check()).severity == "warning"


def test_an_account_that_may_not_take_payments(stripe_is: Any) -> None:
    stripe_is(account={"charges_enabled": False})
    assert "does not let this account take payments" in only(check()).what


@pytest.mark.parametrize(("seconds", "severity"), [(0, None), (60, "warning"), (-60, "warning"), (400, "error"), (-400, "error")])
def test_a_clock_that_is_off(stripe_is: Any, seconds: float, severity: str | None) -> None:
    clock.set_clock(lambda: time.time() + seconds)
    try:
        stripe_is()
        assert [found.severity for found in check()] == ([severity] if severity else [])
    finally:
        clock.set_clock(None)


def test_no_endpoint_of_this_site(stripe_is: Any) -> None:
    stripe_is(endpoints=[])
    found = only(check())
    assert HOOK in found.what
    assert all(name in found.fix for name in EVENTS)


def test_an_endpoint_of_another_address_is_named(stripe_is: Any) -> None:
    stripe_is(url="https://old.example/webhooks/stripe")
    assert "https://old.example/webhooks/stripe" in only(check()).what


def test_a_disabled_endpoint(stripe_is: Any) -> None:
    stripe_is(status="disabled")
    assert "disabled" in only(check()).what


def test_events_that_are_missing(stripe_is: Any) -> None:
    stripe_is(enabled_events=[name for name in EVENTS if name != "refund.failed"])
    found = only(check())
    assert ("refund.failed" in found.what, found.severity) == (True, "error")


def test_events_that_would_only_be_nice_are_a_warning(stripe_is: Any) -> None:
    stripe_is(enabled_events=[name for name in EVENTS if not name.startswith("radar.")])
    assert only(check()).severity == "warning"


def test_another_version_of_the_api_is_a_warning(stripe_is: Any) -> None:
    stripe_is(api_version="2022-11-15")
    found = only(check())
    assert ("2022-11-15" in found.what, found.severity) == (True, "warning")


def test_a_site_on_this_machine_is_told_of_stripe_listen(stripe_is: Any) -> None:
    stripe_is(endpoints=[])
    found = only(check("sk_test_abcdefgh", site="http://127.0.0.1:8000"))
    assert ("stripe listen --forward-to http://127.0.0.1:8000/webhooks/stripe" in found.fix, found.severity) == (True, "warning")


def test_the_api_is_asked_at_https_or_on_this_machine_only() -> None:
    for address in ("http://stripe.example", "ftp://127.0.0.1", "api.stripe.com", "http://10.0.0.1:80"):
        with pytest.raises(ValueError, match="in the open"):
            StripeSettings(api_base=address)
    assert StripeSettings(api_base="http://127.0.0.1:12111/").api_base == "http://127.0.0.1:12111"


def test_live_and_test_are_told_by_the_key() -> None:
    def live(key: str) -> bool:
        return StripeProvider(StripeSettings(secret_key=SecretStr(key)), ProviderContext(SITE, HOOK, "School")).livemode

    assert [live(key) for key in ("sk_live_1", "rk_live_1", "sk_test_1", "rk_test_1", "")] == [True, True, False, False, False]
