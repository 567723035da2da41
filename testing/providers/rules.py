"""The register of rules: each is a sentence, what it applies to, and a scenario that shows whether a provider keeps it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from studium.services.providers import CAPABILITIES
from studium.testing.providers.rig import PROOFS, ProviderRig

if TYPE_CHECKING:
    from studium.testing.providers.bench import Bench

CHAPTERS = ("meta", "begin", "fetch", "webhooks", "checkout", "inbox", "mismatches", "refunds", "disputes", "privacy", "conduct", "offline")
_found: dict[str, Rule] = {}


@dataclass(frozen=True)
class Rule:
    """`id` names it in messages, reports and the documentation; `needs` are capabilities and proofs without which it does not apply.

    `beside` are those with which it does not apply.
    """

    id: str
    sentence: str
    needs: frozenset[str]
    beside: frozenset[str]
    chapter: str
    scenario: Callable[[Bench], None]

    def __str__(self) -> str:
        return self.id

    def why_not(self, rig: type[ProviderRig]) -> str:
        """Why the rule does not apply to this provider; "" when it does."""
        known = {**CAPABILITIES, **PROOFS}
        has = rig.provider.meta.capabilities | (rig.proofs if "webhook" in rig.provider.meta.capabilities else frozenset())
        if missing := sorted(self.needs - has):
            return f"the provider has not: {'; '.join(f'{name} ({known[name]})' for name in missing)}"
        if found := sorted(self.beside & has):
            return f"the provider has: {'; '.join(f'{name} ({known[name]})' for name in found)}"
        return ""


def rule(id: str, sentence: str, *needs: str, beside: tuple[str, ...] = ()) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
    """Register the decorated scenario: a function that uses the bench and raises Broken when the provider breaks the rule."""
    def keep(scenario: Callable[[Bench], None]) -> Callable[[Bench], None]:
        chapter = scenario.__module__.rpartition("rules_")[2]
        if id in _found and _found[id].scenario.__qualname__ != scenario.__qualname__:
            raise ValueError(f"Two rules are called {id}.")
        _found[id] = Rule(id, sentence, frozenset(needs), frozenset(beside), chapter, scenario)
        return scenario

    return keep


def all_rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the documentation."""
    for chapter in CHAPTERS:
        importlib.import_module(f"studium.testing.providers.rules_{chapter}")
    return tuple(sorted(_found.values(), key=lambda found: CHAPTERS.index(found.chapter)))
