"""The bank transfer keeps every rule that applies to a provider without a service."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar, Literal

import pytest
from flask import Flask

from studium.plugins.bank_transfer.provider import BankTransferProvider
from studium.plugins.bank_transfer.settings import BankTransferSettings
from studium.services.provider_registry import EXTENSION
from studium.services.providers import PaymentProvider, ProviderSettings
from studium.testing.providers.rig import Fault, ProviderRig, Site
from studium.testing.providers.rules import Rule, all_rules
from studium.testing.providers.run import judge
from studium.testing.providers.site_server import serving

NOT_APPLICABLE = {"meta-available"}  # the account takes all currencies


class BankRig(ProviderRig):
    """There is no other side: nothing to reset, to break or to ask."""

    provider: ClassVar[type[PaymentProvider]] = BankTransferProvider

    def settings(self) -> ProviderSettings:
        return BankTransferSettings(recipient="School", account="40817810099910004312")  # type: ignore[call-arg]

    def reset(self) -> None: ...

    def set_fault(self, fault: Fault) -> None: ...

    def payments_of(self, order_id: str) -> int:
        return 1

    def keys(self, call: Literal["begin", "refund"]) -> Sequence[str]:
        return []

    def unfinished_settings(self) -> dict[str, object]:
        return {"recipient": "School"}


@pytest.fixture(scope="module")
def served(web_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(web_app, tmp_path_factory.mktemp("conformance")) as site:
        yield site
    web_app.extensions.pop(EXTENSION, None)


@pytest.mark.parametrize("rule", all_rules(), ids=str)
def test_the_bank_transfer_keeps_the_rule(app: Flask, served: Site, rule: Rule) -> None:
    verdict = judge(rule, BankRig(served))
    assert verdict.outcome == ("not applicable" if rule.why_not(BankRig) or rule.id in NOT_APPLICABLE else "kept"), verdict


def test_the_rules_of_money_from_outside_apply() -> None:
    applies = {rule.id for rule in all_rules() if not rule.why_not(BankRig)}
    assert applies >= {"offline-instructions", "offline-language", "offline-confirmed"}
