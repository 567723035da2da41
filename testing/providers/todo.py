"""What is left to write of a provider, in order, and which rules each method turns green: the way from a new package to a whole one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from studium.services.providers import POLL, REFUND, WEBHOOK, PaymentProvider
from studium.testing.providers.rig import ProviderRig
from studium.testing.providers.rules import Rule, all_rules
from studium.testing.providers.verdict import Verdict

STEPS: Mapping[str, str] = {"begin": "", "fetch": POLL, "read_webhook": WEBHOOK, "refund": REFUND, "list_changes": POLL}
CALLED_BY_CHAPTER: Mapping[str, str] = {  # the methods that its scenarios call
    "meta": "", "begin": "begin", "fetch": "begin fetch", "webhooks": "begin read_webhook", "checkout": "begin fetch read_webhook",
    "inbox": "begin fetch read_webhook", "mismatches": "begin fetch read_webhook", "refunds": "begin fetch refund",
    "disputes": "begin fetch", "privacy": "begin fetch", "conduct": "begin fetch read_webhook refund", "offline": "begin",
}
CALLED_BY_RULE: Mapping[str, str] = {  # where they are others
    "begin-threads": "begin fetch", "begin-amounts": "begin fetch", "fetch-changes": "begin fetch list_changes",
    "checkout-double-click": "begin", "checkout-lost-webhook": "begin fetch", "checkout-not-paid": "begin fetch",
    "checkout-down": "begin fetch", "checkout-no-state": "begin fetch", "refund-elsewhere": "begin fetch",
    "refund-webhook": "begin fetch read_webhook", "refund-elsewhere-access": "begin fetch read_webhook",
    "dispute-webhook": "begin fetch read_webhook", "dispute-access": "begin fetch read_webhook", "privacy-repr": "",
    "privacy-errors": "begin read_webhook", "privacy-logs": "begin fetch read_webhook refund",
}


def step_of(rule: Rule, capabilities: frozenset[str]) -> str:
    """The last method that the rule's scenario calls of a provider with these capabilities; "" for none."""
    called = CALLED_BY_RULE.get(rule.id, CALLED_BY_CHAPTER[rule.chapter]).split()
    return max((name for name in called if _is_called_for(name, capabilities)), key=[*STEPS].index, default="")


def unwritten(provider: type[PaymentProvider]) -> list[str]:
    """Methods that its capabilities call for and that still raise NotImplementedError, in the order in which to write them."""
    wanted = (name for name in STEPS if _is_called_for(name, provider.meta.capabilities))
    return [name for name in wanted if "NotImplementedError" in getattr(provider, name).__code__.co_names]


def todo_list(rig: type[ProviderRig], verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Lines for people; none when every method is written."""
    left = unwritten(rig.provider)
    if not left:
        return
    yield f"To do: {len(left)} method{'s' if len(left) > 1 else ''} of {rig.provider.__name__}, in this order:"
    waiting = {found.rule for found in verdicts if found.todo}
    rules = [rule for rule in all_rules() if rule.id in waiting]
    for number, name in enumerate(left, 1):
        green = [rule.id for rule in rules if step_of(rule, rig.provider.meta.capabilities) == name]
        yield f"{number}. {name}()" + (f" turns green: {' '.join(green)}" if green else "")
    yield from (f"Next: {text}" for text in dict.fromkeys(found.got for found in verdicts if found.todo == left[0]))


def _is_called_for(name: str, capabilities: frozenset[str]) -> bool:
    return not STEPS[name] or STEPS[name] in capabilities
