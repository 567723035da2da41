"""Stripe keeps every rule of the conformance kit, through the real SDK and over HTTP."""

from __future__ import annotations

import pytest
from flask import Flask

from studium.testing.providers.rig import Site
from studium.testing.providers.rules import Rule, all_rules
from studium.testing.providers.run import judge
from studium.testing.providers.stripe_rig import StripeRig

pytestmark = pytest.mark.slow  # the whole kit, against a service that answers over HTTP

NOT_APPLICABLE = {"webhook-source", "checkout-late-success", "offline-instructions", "offline-language", "offline-confirmed"}


@pytest.mark.parametrize("rule", all_rules(), ids=str)
def test_stripe_keeps_the_rule(app: Flask, site: Site, rule: Rule) -> None:
    verdict = judge(rule, StripeRig(site))
    assert verdict.outcome == ("not applicable" if rule.id in NOT_APPLICABLE else "kept"), verdict
