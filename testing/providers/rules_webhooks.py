"""Telling a genuine webhook from one that somebody else made, and saying what it is about."""

from __future__ import annotations

import dataclasses

from studium.services.providers import POLL, WEBHOOK, InvalidWebhook
from studium.testing.providers.bench import Bench
from studium.testing.providers.rig import SIGNATURE, SOURCE, TIMESTAMP
from studium.testing.providers.rules import rule
from studium.testing.providers.verdict import expect

BAD_BODIES = {
    "an empty body": b"", "no JSON": b"hello", "half of the JSON": b'{"id": "', "a list": b"[]", "null": b"null", "a number": b"7",
    "an object without anything": b"{}", "an object of lists": b'{"id": [], "type": {}, "event": [], "object": [], "data": []}',
    "bytes that are not UTF-8": b'{"id": "\xff\xfe"}', "100 KB of depth": b"[" * 50_000 + b"]" * 50_000,
    "a NUL and half a character": b'{"id": "\\u0000\\ud800", "type": "\\u0000", "event": "\\ud800", "object": {"id": "\\ud800"}}',
    "a number of 5,000 digits": b'{"id": ' + b"9" * 5000 + b"}",
}
BAD_HEADERS = ("", "t=,v1=", "t=99999999999999999999,v1=zz", "t=1,v1=ÿ", "v1=" + "a" * 5000, "t=-1,v1=" + "0" * 64)


@rule("webhook-genuine", "A genuine webhook is about the payment: its object's id is one that fetch() takes, or a ref of it.", WEBHOOK)
def genuine(bench: Bench) -> None:
    order, reference = bench.paid()
    notices = [notice for delivery in bench.rig.deliveries(reference) for notice in
               bench.must_answer("to a genuine webhook", lambda delivery=delivery: bench.read(delivery))]  # type: ignore[misc]
    expect(notices, "a Notice of the payment", "none")
    seen = bench.provider.fetch(reference)
    known = {reference, seen.reference, *seen.refs}
    expect(any(notice.object_id in known for notice in notices), f"an object_id of {sorted(known)}", [found.object_id for found in notices])
    for notice in notices:
        expect(0 < len(notice.event_key) <= 200 and notice.kind and notice.object_id,
               "event_key of 1 to 200 characters, kind and object_id", notice)
    expect(order.id == seen.order_id, "the order's own payment", seen.order_id)


@rule("webhook-same-key", "One event has one event_key, however often it is delivered; two events have two.", WEBHOOK)
def same_key(bench: Bench) -> None:
    _reference, delivery = bench.genuine()
    first = bench.read(delivery)
    again = dataclasses.replace(delivery)
    if SIGNATURE in bench.rig.proofs:
        again = bench.rig.resign(delivery, age=-1.0 if TIMESTAMP in bench.rig.proofs else 0.0)
    second = bench.read(again)
    expect([one.event_key for one in first] == [one.event_key for one in second], f"the key {first[0].event_key if first else ''} again",
           [one.event_key for one in second])
    other = _notice_keys(bench)
    expect(not other & {one.event_key for one in first}, "other keys for another payment's events", f"{other} again")


def _notice_keys(bench: Bench) -> set[str]:
    _order, reference = bench.paid(bench.money(31))
    return {notice.event_key for delivery in bench.rig.deliveries(reference) for notice in bench.read(delivery)}


@rule("webhook-forged", "A webhook that is signed with another secret is refused: InvalidWebhook, reason `signature`.", WEBHOOK, SIGNATURE)
def forged(bench: Bench) -> None:
    _reference, delivery = bench.genuine()
    bench.must_refuse(bench.rig.forge(delivery), "a webhook signed with another secret", "signature")


@rule("webhook-tampered", "A webhook whose body was changed on its way is refused, be it by one byte.", WEBHOOK, SIGNATURE)
def tampered(bench: Bench) -> None:
    _reference, delivery = bench.genuine()
    for what, raw in (("changed", delivery.raw.replace(b":", b": ", 1)), ("longer", delivery.raw + b" "), ("shorter", delivery.raw[:-1])):
        bench.must_refuse(dataclasses.replace(delivery, raw=raw), f"a body that is {what} than what was signed", "signature")


@rule("webhook-unsigned", "A webhook without its signature, or with nonsense in its place, is refused.", WEBHOOK, SIGNATURE)
def unsigned(bench: Bench) -> None:
    _reference, delivery = bench.genuine()
    bench.must_refuse(dataclasses.replace(delivery, headers={}), "a webhook without any header")
    for nonsense in BAD_HEADERS:
        headers = {name: value if name.lower().startswith("content-") else nonsense for name, value in delivery.headers.items()}
        bench.must_refuse(dataclasses.replace(delivery, headers=headers), f"the signature {nonsense[:30]!r}")


@rule("webhook-stale", "A recorded webhook that is played again after its time is refused: reason `stale`.", WEBHOOK, TIMESTAMP)
def stale(bench: Bench) -> None:
    _reference, delivery = bench.genuine()
    bench.must_refuse(bench.rig.resign(delivery, age=bench.rig.tolerance + 60), "a webhook signed too long ago", "stale")
    bench.must_refuse(bench.rig.resign(delivery, age=86_400), "a webhook signed yesterday", "stale")


@rule("webhook-future", "A webhook from the future is refused too, so that a signature cannot be made in store.", WEBHOOK, TIMESTAMP)
def future(bench: Bench) -> None:
    _reference, delivery = bench.genuine()
    bench.must_refuse(bench.rig.resign(delivery, age=-bench.rig.tolerance - 60), "a webhook signed in the future", "stale")


@rule("webhook-skew", "Clocks that differ by less than the tolerance, either way, do no harm.", WEBHOOK, TIMESTAMP)
def skew(bench: Bench) -> None:
    _reference, delivery = bench.genuine()
    for age in (bench.rig.tolerance / 2, -bench.rig.tolerance / 2):
        found = bench.must_answer(f"to a webhook that is {age:.0f} s old", lambda age=age: bench.read(bench.rig.resign(delivery, age=age)))  # type: ignore[misc]
        expect(found, "its notices", "none")


@rule("webhook-source", "A webhook from an address that is not the service's is refused: reason `source`.", WEBHOOK, SOURCE)
def source(bench: Bench) -> None:
    _reference, delivery = bench.genuine()
    for address in (*bench.rig.strangers(), "", "unknown", "::ffff:203.0.113.9"):
        bench.must_refuse(dataclasses.replace(delivery, remote_addr=address), f"a webhook from {address!r}", "source")


@rule("webhook-malformed", "A body that cannot be read, though proven, is InvalidWebhook or of no interest; nothing else comes.", WEBHOOK)
def malformed(bench: Bench) -> None:
    _reference, delivery = bench.genuine()
    for what, raw in BAD_BODIES.items():
        given = bench.rig.resign(delivery, raw=raw) if SIGNATURE in bench.rig.proofs else dataclasses.replace(delivery, raw=raw)
        try:
            found = bench.read(given)
        except InvalidWebhook:
            continue
        expect(all(_storable(text) for one in found for text in (one.event_key, one.kind, one.object_id)),
               f"InvalidWebhook, or texts that a database can keep, for {what}", found)


def _storable(text: object) -> bool:
    return isinstance(text, str) and 0 < len(text) <= 200 and "\0" not in text and text == text.encode(errors="replace").decode()


@rule("webhook-offline", "read_webhook() asks nobody: it works while the service cannot be reached.", WEBHOOK, POLL)
def asks_nobody(bench: Bench) -> None:
    _reference, delivery = bench.genuine()
    asked = len(bench.rig.keys("begin"))
    with bench.fault("slow"):
        found = bench.must_answer("while the service is down", lambda: bench.read(delivery))
    expect(found and len(bench.rig.keys("begin")) == asked, "the notices", found)

