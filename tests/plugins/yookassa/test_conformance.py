"""YooKassa keeps every rule of the conformance kit that applies to it, over HTTP, without receipts and with them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from studium.services.provider_registry import EXTENSION
from studium.testing.providers.rig import Site
from studium.testing.providers.rules import Rule, all_rules
from studium.testing.providers.run import judge
from studium.testing.providers.site_server import serving
from studium.testing.providers.yookassa_rig import YookassaReceiptsRig, YookassaRig

pytestmark = pytest.mark.slow  # the whole kit, against a service that answers over HTTP

FINAL = {"checkout-late-success"}  # a cancelled payment cannot be paid any more


@pytest.fixture(scope="module")
def served(web_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(web_app, tmp_path_factory.mktemp("conformance")) as site:
        yield site
    web_app.extensions.pop(EXTENSION, None)


@pytest.mark.parametrize("rig", [
    pytest.param(YookassaRig, id="plain"), pytest.param(YookassaReceiptsRig, id="receipts", marks=pytest.mark.slow)])
@pytest.mark.parametrize("rule", all_rules(), ids=str)
def test_yookassa_keeps_the_rule(app: Flask, served: Site, rig: type[YookassaRig], rule: Rule) -> None:
    verdict = judge(rule, rig(served))
    assert verdict.outcome == ("not applicable" if rule.why_not(rig) or rule.id in FINAL else "kept"), verdict


def test_the_rules_of_refunds_and_of_the_sender_apply_and_those_of_signatures_and_disputes_do_not() -> None:
    applies = {rule.id for rule in all_rules() if not rule.why_not(YookassaRig)}
    assert applies >= {"refund-parts", "refund-echo", "webhook-source", "inbox-believes-fetch", "fetch-changes", "begin-amounts"}
    assert not applies & {"webhook-forged", "webhook-stale", "dispute-open"}
