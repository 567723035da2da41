"""The kit must be able to fail: each mistake of tests/plugins_under_test/broken_shop.py breaks the rule that it breaks, with its words."""

from __future__ import annotations

import pytest
from broken_shop import broken

from studium.plugins.sandbox.provider import SandboxProvider
from studium.services.provider_registry import find_provider
from studium.testing.providers.rig import ProviderRig, Site
from studium.testing.providers.rules import all_rules
from studium.testing.providers.run import judge
from studium.testing.providers.sandbox_rig import SandboxRig
from studium.testing.providers.verdict import Verdict

MISTAKES = {  # the switch: the scenario that shows it, words of the message, and the rule that is named if it is another
    "believes-any-signature": ("webhook-forged", "InvalidWebhook for a webhook signed with another secret"),
    "no-clock": ("webhook-stale", "InvalidWebhook for a webhook signed too long ago"),
    "one-sided-clock": ("webhook-future", "InvalidWebhook for a webhook signed in the future"),
    "new-event-each-time": ("webhook-same-key", "again"),
    "stumbles-over-json": ("webhook-malformed", "read_webhook() raises InvalidWebhook", "only-known-errors"),
    "new-key-each-time": ("begin-same-key", "the same reference"),
    "down-is-no": ("begin-error", "ProviderDown when the service answers 500"),
    "cents-everywhere": ("begin-amounts", "500 for 500 JPY"),
    "latin-titles": ("begin-names", "it raised UnicodeEncodeError", "only-known-errors"),
    "shared-answer": ("begin-threads", "8 references"),
    "relative-url": ("begin-answer", "an absolute http(s) url"),
    "forgets-order": ("fetch-pending", "order_id"),
    "unknown-is-down": ("fetch-unknown", "ProviderRefused for fetch("),
    "raises-anything": ("fetch-error", "it raised ConnectionError", "only-known-errors"),
    "too-slow": ("fetch-pending", "ends within context.timeout", "in-time"),
    "uses-the-database": ("fetch-pending", "fetch() used it", "no-database"),
    "says-what-was-asked": ("mismatch-amount", "problem 'amount-mismatch' and no access"),
    "mode-by-heart": ("mismatch-mode", "problem 'mode-mismatch' and no access"),
    "order-by-heart": ("mismatch-order", "problem 'order-mismatch' and no access"),
    "believes-webhooks": ("inbox-believes-fetch", "status 'pending', no access"),
    "new-refund-each-time": ("refund-lost-answer", "refund"),
    "refund-without-uuid": ("refund-whole", "our uuid, from the service's metadata"),
    "refunds-what-is-left": ("refund-over", "ProviderRefused for 30.00 EUR of 29.00 EUR"),
    "sees-own-refunds-only": ("refund-elsewhere", "one completed refund of 29.00 EUR"),
    "refund-id-unknown": ("refund-webhook", "ids of refunds are refs too"),
    "lost-disputes-unseen": ("dispute-lost", "dispute_lost True"),
    "key-in-repr": ("privacy-repr", "no secret in repr of BrokenShop"),
    "logs-the-buyer": ("privacy-logs", "no personal data in the log"),
    "redacts-nothing": ("privacy-redact", "no personal data in redact(raw)"),
}
SCENARIOS = sorted({case[0] for case in MISTAKES.values()})


def judged(site: Site, rig: type[ProviderRig], rule_id: str) -> Verdict:
    rule = next(found for found in all_rules() if found.id == rule_id)
    return judge(rule, rig(site))


@pytest.mark.parametrize("switch", [pytest.param(name, marks=pytest.mark.slow) if name == "too-slow" else name for name in MISTAKES])
def test_a_mistake_breaks_its_rule_with_the_right_words(site: Site, switch: str) -> None:
    scenario, words, *named = MISTAKES[switch]
    verdict = judged(site, broken(switch), scenario)
    assert verdict.outcome == "broken", verdict
    assert verdict.rule == (named[0] if named else scenario)
    assert words in str(verdict), verdict
    assert f"docs/provider-conformance.md#{verdict.rule}" in str(verdict)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_without_a_mistake_the_same_scenario_is_kept(site: Site, scenario: str) -> None:
    verdict = judged(site, broken(""), scenario)
    assert verdict.outcome == "kept", verdict


def test_a_scenario_that_stumbles_says_where(site: Site) -> None:
    class Unwritten(SandboxRig):
        def pay(self, reference: str) -> None:
            return ProviderRig.pay(self, reference)

    verdict = judged(site, Unwritten, "fetch-completed")
    assert verdict.outcome == "broken"
    assert "The rig must say how a buyer pays: write `pay`" in verdict.got


def test_the_site_has_its_own_providers_again_afterwards(site: Site) -> None:
    verdict = judged(site, broken("mode-by-heart"), "mismatch-mode")
    assert verdict.outcome == "broken"
    with site.app.app_context():
        assert type(find_provider("sandbox")) is SandboxProvider
