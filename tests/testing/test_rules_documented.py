"""Each rule of the conformance kit is in docs/provider-conformance.md, with its sentence and an explanation, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

from studium.testing.providers.rules import all_rules

PAGE = (Path(__file__).parents[2] / "docs" / "provider-conformance.md").read_text()


def test_every_rule_is_documented_under_its_anchor() -> None:
    sections = dict(re.findall(r"^### (\S+)\n(.+?)(?=\n#|\Z)", PAGE, re.DOTALL | re.MULTILINE))
    assert list(sections) == [rule.id for rule in all_rules()]
    for rule in all_rules():
        sentence, _blank, explanation = sections[rule.id].strip().partition("\n\n")
        assert sentence.startswith(rule.sentence), rule.id
        assert set(re.findall(r"`(\w+)`", sentence[len(rule.sentence):])) == rule.needs | rule.beside, rule.id
        assert explanation, rule.id


def test_a_rule_is_one_short_sentence() -> None:
    for rule in all_rules():
        assert rule.sentence.endswith("."), rule.id
        assert len(rule.sentence) <= 130, rule.id
