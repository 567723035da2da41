"""What the package brings, and that its simulator works; every rule of the kit runs beside these (see pyproject.toml)."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from importlib.metadata import PackageNotFoundError, distribution

import pytest

import studium_acme_pay
from studium_acme_pay.provider import AcmePayProvider
from studium_acme_pay.settings import AcmePaySettings
from tests.service import Body, Service
from tests.simulator import serve


def ask(service: Service, path: str, body: Body | None = None, key: str = "test_key") -> Body:
    """A call of the simulated API, without the provider."""
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "one"}
    raw = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{service.address}/v1/{path}", raw, headers), timeout=5) as answer:
        found: Body = json.load(answer)
        return found


def test_the_plugin_brings_the_provider_and_its_settings() -> None:
    assert studium_acme_pay.register_payment_providers() == [AcmePayProvider]
    assert studium_acme_pay.register_settings() == [AcmePaySettings]


def test_without_keys_it_is_off_and_names_what_is_missing() -> None:
    assert AcmePaySettings().missing() == ("STUDIUM_ACME_PAY_API_KEY", "STUDIUM_ACME_PAY_WEBHOOK_SECRET")  # type: ignore[call-arg]


def test_an_installed_package_is_found_by_its_entry_point() -> None:
    try:
        points = distribution("studium-acme-pay").entry_points.select(group="studium.plugins")
    except PackageNotFoundError:
        pytest.skip("not installed: pip install -e .")
    assert [point.load() for point in points] == [studium_acme_pay]


def test_the_simulator_takes_a_payment_once_for_each_key() -> None:
    service = Service("test_key", "secret")
    server = serve(service)
    try:
        asked = {"amount": 100, "currency": "EUR", "title": "Tea", "order_id": "1", "return_url": "http://127.0.0.1/"}
        first, again = ask(service, "payments", asked), ask(service, "payments", asked)
        service.pay(first["id"])
        with pytest.raises(urllib.error.HTTPError, match="401"):
            ask(service, "payments", asked, key="wrong")
        assert again["id"] == first["id"]
        assert ask(service, f"payments/{first['id']}")["status"] == "paid"
    finally:
        server.shutdown()
        server.server_close()
