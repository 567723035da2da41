"""Each way in which an exchange with YooKassa can go wrong is one of the contract's errors, and tells no secret."""

from __future__ import annotations

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import responses

from studium.plugins.yookassa import client as client_module
from studium.plugins.yookassa.client import asking
from studium.services.providers import ProviderDown, ProviderError, ProviderRefused
from tests.plugins.yookassa.conftest import API, KEY, PAYMENT_ID, a_payment, an_order, listed, make

PAYMENTS = f"{API}/payments"


def error(code: str, description: str = "No.", **more: Any) -> dict[str, Any]:
    return {"type": "error", "id": "e-1", "code": code, "description": description} | more


def begin(timeout: float = 2.0) -> Any:
    return make(timeout=timeout).begin(an_order(), "key-1", "https://school.example/payments/1")


DOWN: dict[str, dict[str, Any]] = {
    "500": {"status": 500, "json": error("internal_server_error")},
    "502 with HTML": {"status": 502, "body": "<html>Bad gateway</html>"},
    "200 with HTML": {"status": 200, "body": "<html>Welcome</html>"},
    "200 with a list": {"status": 200, "json": []},
    "200 without an id": {"status": 200, "json": {"status": "pending"}},
    "200 with depth": {"status": 200, "body": "[" * 50_000},
    "202": {"status": 202, "json": {"type": "processing", "retry_after": 1800}},
    "302": {"status": 302, "headers": {"Location": "https://elsewhere.example/"}},
    "404 with HTML": {"status": 404, "body": "<html>nginx</html>"},
    "408": {"status": 408, "json": error("timeout")},
    "429": {"status": 429, "json": error("too_many_requests", retry_after=1800)},
    "the key was used before": {"status": 400, "json": error("invalid_request", "Idempotence key duplicated")},
    "no connection": {"body": requests.ConnectionError("refused")},
    "a broken answer": {"body": requests.exceptions.ChunkedEncodingError("broken")},
    "too late": {"body": requests.Timeout("late")},
}
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a wrong request": ({"status": 400, "json": error("invalid_request", "Receipt is missing", parameter="receipt")}, "invalid_request"),
    "a wrong key": ({"status": 401, "json": error("invalid_credentials")}, "authentication"),
    "a wrong key, told by a proxy": ({"status": 401, "body": "no"}, "authentication"),
    "no right": ({"status": 403, "json": error("forbidden")}, "permission"),
    "unknown": ({"status": 404, "json": error("not_found")}, "not-found"),
}


@pytest.mark.parametrize("answer", DOWN.values(), ids=DOWN.keys())
def test_what_nobody_knows_the_outcome_of_is_down(network: responses.RequestsMock, answer: dict[str, Any]) -> None:
    network.post(PAYMENTS, **answer)
    with pytest.raises(ProviderDown) as raised:
        begin()
    _tells_no_secret(raised.value)
    assert len(network.calls) == 1, "neither again nor elsewhere"


@pytest.mark.parametrize(("answer", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_reasoned_no_is_refused_with_its_code(network: responses.RequestsMock, answer: dict[str, Any], code: str) -> None:
    network.post(PAYMENTS, **answer)
    with pytest.raises(ProviderRefused) as raised:
        begin()
    assert raised.value.code == code
    _tells_no_secret(raised.value)


def _tells_no_secret(found: ProviderError) -> None:
    said = f"{found!r} {found.__cause__!r}"
    assert KEY not in said
    assert base64.b64encode(f"100500:{KEY}".encode()).decode() not in said


def test_the_shop_signs_in_by_basic_auth_and_sends_its_key(network: responses.RequestsMock) -> None:
    network.post(PAYMENTS, json=a_payment("pending", confirmation={"confirmation_url": "https://yoomoney.ru/pay"}))
    begin()
    asked = network.calls[0].request
    assert asked.headers["Authorization"] == "Basic " + base64.b64encode(f"100500:{KEY}".encode()).decode()
    assert asked.headers["Idempotence-Key"] == "key-1"
    assert asked.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [202, 429])
def test_with_time_left_not_yet_is_asked_again_once_with_the_same_key(
    network: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(client_module.time, "sleep", pauses.append)
    network.post(PAYMENTS, status=status, json={"retry_after": 900})
    network.post(PAYMENTS, json=a_payment("pending", confirmation={"confirmation_url": "https://yoomoney.ru/pay"}))
    assert begin(timeout=10.0).url == "https://yoomoney.ru/pay"
    assert {call.request.headers["Idempotence-Key"] for call in network.calls} == {"key-1"}
    assert {call.request.body for call in network.calls} == {network.calls[0].request.body}
    assert pauses == [0.9]


def test_a_500_is_not_asked_again_at_once_as_yookassa_wants_a_minute_between(network: responses.RequestsMock) -> None:
    network.post(PAYMENTS, status=500, json=error("internal_server_error"))
    with pytest.raises(ProviderDown):
        begin(timeout=10.0)
    assert len(network.calls) == 1


def test_an_idempotence_key_of_the_wrong_form_is_not_sent(network: responses.RequestsMock) -> None:
    for key in ("", "x" * 65, "ключ", "a b", "a\nb"):
        with pytest.raises(ProviderRefused):
            make().begin(an_order(), key, "https://school.example/payments/1")


def test_lists_are_read_to_the_end(network: responses.RequestsMock) -> None:
    first = responses.matchers.query_param_matcher({"limit": "100", "payment_id": "7"})
    second = responses.matchers.query_param_matcher({"limit": "100", "payment_id": "7", "cursor": "c-2"})
    network.get(f"{API}/refunds", json=listed({"id": 1}, next_cursor="c-2"), match=[first])
    network.get(f"{API}/refunds", json=listed({"id": 2}), match=[second])
    with asking(make()._shop, 2.0) as client:
        assert list(client.pages("refunds", payment_id="7")) == [[{"id": 1}], [{"id": 2}]]


def test_ids_that_cannot_be_are_not_asked_for(network: responses.RequestsMock) -> None:
    for reference in ("", "../me", "a/b", "x" * 37, "Ж" * 36, PAYMENT_ID + "\n"):
        with pytest.raises(ProviderRefused) as raised:
            make().fetch(reference)
        assert raised.value.code == "not-found"


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_silent_server_is_given_up_in_time(silent: str) -> None:
    started = time.monotonic()
    with pytest.raises(ProviderDown):
        make(api_base=silent, timeout=0.2).fetch(PAYMENT_ID)
    assert time.monotonic() - started < 2


def test_two_shops_at_once_do_not_get_mixed_up(network: responses.RequestsMock) -> None:
    def answer(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        shop = base64.b64decode(str(request.headers["Authorization"]).split()[1]).decode().split(":")[1]
        return 200, {}, json.dumps(a_payment("pending", description=shop))

    network.add_callback(responses.GET, f"{PAYMENTS}/{PAYMENT_ID}", answer)
    found: dict[str, Any] = {}

    def ask(key: str) -> None:
        found[key] = make(key=key).fetch(PAYMENT_ID).raw["payment"]["description"]

    threads = [threading.Thread(target=ask, args=(f"test_{number}",)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert found == {key: key for key in found} and len(found) == 8
