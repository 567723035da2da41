"""Where notifications may come from, and what is read of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from studium.plugins.yookassa.notifications import EVENTS, check_source
from studium.services.providers import InvalidWebhook
from tests.plugins.yookassa.conftest import PAYMENT_ID, make

PUBLISHED = (  # first, last and some inner address of each network on yookassa.ru/developers/using-api/webhooks
    "185.71.76.0", "185.71.76.17", "185.71.76.31", "185.71.77.0", "185.71.77.31", "77.75.153.0", "77.75.153.127", "77.75.154.128",
    "77.75.154.255", "77.75.156.11", "77.75.156.35", "2a02:5180::", "2a02:5180::1", "2a02:5180:0:1509::7",
    "2a02:5180:ffff:ffff:ffff:ffff:ffff:ffff", "::ffff:185.71.76.1", "::ffff:77.75.156.35",
)
STRANGERS = (
    "185.71.75.255", "185.71.76.32", "185.71.76.255", "185.71.77.32", "185.71.78.0", "77.75.152.255", "77.75.153.128", "77.75.154.127",
    "77.75.155.0", "77.75.156.10", "77.75.156.12", "77.75.156.34", "77.75.156.36", "2a02:517f:ffff:ffff:ffff:ffff:ffff:ffff", "2a02:5181::",
    "2a02:5180", "::ffff:185.71.76.32", "::185.71.76.1", "127.0.0.1", "::1", "0.0.0.0", "10.0.0.1", "", "unknown", "185.71.76.1, 10.0.0.1",
    " 185.71.76.1", "185.071.076.001", "185.71.76.1:443", "185.71.76.0/27",
)


@pytest.mark.parametrize("address", PUBLISHED)
def test_published_addresses_are_let_in(address: str) -> None:
    check_source(address)


@pytest.mark.parametrize("address", STRANGERS)
def test_others_are_not(address: str) -> None:
    with pytest.raises(InvalidWebhook) as raised:
        check_source(address)
    assert raised.value.reason == "source"


def test_the_setting_replaces_the_published_addresses() -> None:
    provider = make(sources=["198.51.100.0/24", "2001:db8::7"])
    raw = notification()
    assert provider.read_webhook(raw, {}, "198.51.100.9")
    assert provider.read_webhook(raw, {}, "2001:db8::7")
    for address in ("185.71.76.1", "2001:db8::8"):
        with pytest.raises(InvalidWebhook):
            provider.read_webhook(raw, {}, address)


def notification(event: str = "payment.succeeded", **found: Any) -> bytes:
    return json.dumps({"type": "notification", "event": event,
                       "object": {"id": PAYMENT_ID, "status": event.partition(".")[2]} | found}).encode()


def read(raw: bytes) -> list[tuple[str, str, str]]:
    return [(one.event_key, one.kind, one.object_id) for one in make().read_webhook(raw, {}, "185.71.76.1")]


@pytest.mark.parametrize("event", EVENTS)
def test_each_event_is_about_its_object(event: str) -> None:
    [(key, kind, object_id)] = read(notification(event))
    assert (len(key), kind, object_id) == (64, event, PAYMENT_ID)


def test_the_key_is_the_same_for_the_same_news_and_another_for_others() -> None:
    keys = {read(raw)[0][0] for raw in (notification(), notification(paid=True), notification(amount={"value": "1.00"}))}
    assert len(keys) == 1
    others = {read(raw)[0][0] for raw in (notification("payment.canceled"), notification(id="x" * 36), notification(status="pending"),
                                          notification("refund.succeeded"))}
    assert len(others) == 4
    assert not keys & others


@pytest.mark.parametrize("event", ["payment_method.active", "payout.succeeded", "refund.canceled", "", "payment.succeeded "])
def test_other_events_are_of_no_interest(event: str) -> None:
    assert read(notification(event)) == []


@pytest.mark.parametrize("raw", [
    b"", b"[]", b"null", b"7", b"{}", b'{"event": "payment.succeeded"}', b"\xff", b"[" * 90_000,
    b'{"event": "payment.succeeded", "object": []}',
    notification(id=None), notification(id=["x"]), notification(id="a/b"), notification(id="x" * 65), notification(id="a\0"),
    notification(status=""), notification(status=7),
], ids=str)
def test_what_cannot_be_read_is_malformed_or_nothing(raw: bytes) -> None:
    with pytest.raises(InvalidWebhook) as raised:
        read(raw)
    assert raised.value.reason == "malformed"
