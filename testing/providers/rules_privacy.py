"""What must never be seen: keys, signatures, and the buyer."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from io import StringIO
from typing import Any

from studium.services.providers import POLL, REFUND, WEBHOOK, InvalidWebhook, ProviderDown, ProviderError, ProviderRefused
from studium.testing.providers.bench import EMAIL, Bench
from studium.testing.providers.rig import SIGNATURE, Inapplicable
from studium.testing.providers.rules import rule
from studium.testing.providers.verdict import Broken, expect


@rule("privacy-repr", "No secret is in the repr or str of the provider and its settings.")
def shown(bench: Bench) -> None:
    settings = bench.rig.settings()
    for thing in (bench.provider.inner, settings, bench.provider.context):
        _without_secrets(bench, f"{thing!r} {thing!s}", f"repr of {type(thing).__name__}")
    _without_secrets(bench, settings.model_dump_json(), "the settings as JSON")


@rule("privacy-errors", "No secret is in the text of an error, which goes into logs and to the owner.")
def errors(bench: Bench) -> None:
    order = bench.order()
    for fault in ("error", "garbage", "unreachable", "refuse", "lost-answer"):
        try:
            with bench.fault(fault):
                bench.begin(order)
        except (ProviderDown, ProviderRefused) as error:
            _without_secrets(bench, _whole(error), f"the error after '{fault}'")
        except NotImplementedError:
            raise Inapplicable("It reaches no service.") from None
    if WEBHOOK in bench.meta.capabilities and SIGNATURE in bench.rig.proofs:
        _reference, delivery = bench.genuine()
        try:
            bench.read(bench.rig.forge(delivery))
        except InvalidWebhook as error:
            _without_secrets(bench, _whole(error), "the error after a forged webhook")


@rule("privacy-logs", "No secret and no personal data of the buyer is logged or printed, at any level.", POLL)
def logs(bench: Bench) -> None:
    with _all_said() as said:
        order, reference = bench.paid()
        bench.provider.fetch(reference)
        if WEBHOOK in bench.meta.capabilities:
            for delivery in bench.rig.deliveries(reference):
                bench.read(delivery)
        if REFUND in bench.meta.capabilities:
            bench.provider.refund(reference, order.money, str(uuid.uuid4()))
        for fault in ("error", "refuse"):
            with bench.fault(fault), suppress(ProviderError):
                bench.begin(bench.order())
    text = said()
    _without_secrets(bench, text, "the log")
    for word in (*bench.rig.personal(), *([order.email] if order.email else [])):
        expect(word not in text, "no personal data in the log", f"{word!r} in it")


@rule("privacy-redact", "redact() takes secrets and the buyer's data out of what the service answers, and leaves plain data.", POLL)
def redacted(bench: Bench) -> None:
    _order, reference = bench.paid()
    raw = bench.provider.fetch(reference).raw
    expect(raw, "the service's answer in Snapshot.raw", "nothing")
    try:
        text = json.dumps(bench.provider.redact(raw), ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise Broken("plain data, as JSON has it", f"{type(error).__name__}: {error}") from error
    _without_secrets(bench, text, "redact(raw)")
    for word in (EMAIL, *bench.rig.personal()):
        expect(word not in text, "no personal data in redact(raw)", f"{word!r} in {text[:300]}")
    expect(reference in text, "ids and amounts left as they are", text[:300])


def _whole(error: BaseException) -> str:
    return " ".join(f"{found} {found!r}" for found in (error, error.__cause__) if found is not None)


def _without_secrets(bench: Bench, text: str, where: str) -> None:
    for secret in bench.rig.secrets():
        expect(secret not in text, f"no secret in {where}", f"the one that begins with {secret[:4]!r} is in it")


@contextmanager
def _all_said() -> Iterator[Callable[[], str]]:
    """Everything that is logged or printed meanwhile, by every logger at every level."""
    from studium.core.lean_structlog import structlog

    out, root = StringIO(), logging.getLogger()
    handler, level = logging.StreamHandler(out), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    lines: list[Any] = []
    try:
        with redirect_stdout(out), redirect_stderr(out), structlog.testing.capture_logs() as lines:
            yield lambda: out.getvalue() + "\n".join(repr(line) for line in lines)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
