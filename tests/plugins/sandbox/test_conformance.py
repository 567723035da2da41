"""The sandbox keeps every rule of the conformance kit."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from studium.testing.providers.rig import Site
from studium.testing.providers.rules import Rule, all_rules
from studium.testing.providers.run import judge
from studium.testing.providers.sandbox_rig import SandboxRig
from studium.testing.providers.site_server import serving

pytestmark = pytest.mark.slow  # the whole kit, against a service that answers over HTTP

NOT_APPLICABLE = {"meta-settings-off", "meta-available", "webhook-source", "offline-instructions", "offline-language", "offline-confirmed"}


@pytest.fixture(scope="module")
def served(web_app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serving(web_app, tmp_path_factory.mktemp("conformance")) as site:
        yield site


@pytest.mark.parametrize("rule", all_rules(), ids=str)
def test_the_sandbox_keeps_the_rule(app: Flask, served: Site, rule: Rule) -> None:
    verdict = judge(rule, SandboxRig(served))
    assert verdict.outcome == ("not applicable" if rule.id in NOT_APPLICABLE else "kept"), verdict
