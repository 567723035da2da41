"""What the audit stores in English, in the reader's language: a stored sentence is known by its shape, and told again in their words.

What no shape fits, such as a reason that a person wrote or a message of a provider, stays as it is stored.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from flask_babel import get_locale
from flask_babel import gettext as _

from studium.plugins.payments.owner_pages.words import problem_name, refund_name, status_name
from studium.plugins.payments.story_words import EVENTS
from studium.services.money import Money
from studium.services.money_format import format_money
from studium.services.translation import N_

RULES = (
    N_("asked for by the buyer"),
    N_("the buyer chose again, or it ran out; if it is paid all the same, that counts"),
    N_("paid in full"),
    N_("the provider knows the payment and waits for the buyer"),
    N_("the provider refused the payment"),
    N_("nobody went on with it before the offer ended"),
    N_("the money arrived"),
    N_("the money arrived before the provider's answer to our request did"),
    N_("the provider says that it failed"),
    N_("the offer ended without a payment"),
    N_("late success: the money arrived after a failure was told"),
    N_("late success: the money arrived after the offer had ended"),
    N_("a part was given back"),
    N_("everything was given back"),
    N_("the rest was given back"),
    N_("a refund that had succeeded was sent back by the bank"),
    N_("the buyer disputes the payment at their bank"),
    N_("the dispute was won"),
    N_("the dispute was won, and a part had been given back before"),
    N_("the dispute was lost, or everything was given back meanwhile"),
    N_("the dispute was won after everything was given back"),
    N_("the dispute was lost after everything was given back"),
    N_("disputed although everything was given back: answer the dispute with the refund"),
    N_("it takes the place of a payment that was given back"),
    N_("what gave the same or more was given back"),
    N_("what it stands on is there again"),
    N_("what it stands on was given back, so access ended; refund it or decide"),
    N_("access ends with a refund"),
    N_("access ends with a dispute"),
    N_("the refund was undone"),
    N_("the dispute was undone"),
    N_("access was not given for this payment, refund it or decide"),
    N_("access was given for what was asked; look whether more is owed"),
    N_("nothing new: %(status)s"),
    N_("the provider says %(status)s, as we do"),
    N_("%(status)s -> %(then)s is no transition: old news, or out of order"),
    N_("the provider gave another id, %(id)s; before it was %(other)s"),
    N_("the provider refused: %(said)s"),
    N_("nobody knows whether the provider has it, so the same key asks again: %(said)s"),
    N_("refund %(id)s: asked for, %(money)s"),
    N_("refund %(id)s: %(refund)s -> %(refund_then)s is no transition: old news"),
    N_("refund %(id)s: %(refund)s -> %(refund_then)s"),
    N_("refund %(id)s: %(minor)s minor units were asked for, %(money)s are given back"),
    N_("refund %(id)s of %(money)s cannot belong to this payment"),
    N_("refund %(id)s has a status that there is not: %(said)s"),
    N_("refund %(id)s is of the payment %(other)s"),
    N_("a refund of %(money)s has neither an id nor ours"),
    N_("the object %(id)s is %(status)s; the payment waits for %(other)s, or for its money"),
    N_("%(id)s was paid besides %(other)s, and given back"),
    N_("%(id)s was paid besides %(other)s, %(money)s"),
    N_("%(money)s were asked, %(other_money)s were paid"),
    N_("the payment was begun with live keys, the provider speaks of test money"),
    N_("the payment was begun with test keys, the provider speaks of live money"),
    N_("the provider's payment is for the order %(said)s, not for this one"),
    N_("the provider's ids belong to the payment %(said)s"),
)
CAUSES = (
    N_("checkout"),
    N_("reconcile"),
    N_("return page"),
    N_("sweep"),
    N_("reconcile of a refund"),
    N_("before a refund is asked again"),
    N_("the student"),
    N_("refund"),
    N_("dispute"),
    N_("webhook %(minor)s"),
    N_("payment %(id)s"),
    N_("made at the provider (%(id)s)"),
    N_("%(name)s (user %(number)s)"),
    N_("%(said)s, who gave it back by hand"),
)
FINDINGS = (
    N_("%(status)s, %(money)s"),
    N_("%(status)s, %(money)s, without its reference"),
    N_("%(status)s, %(money)s, %(minor)s minor units given back"),
    N_("%(status)s, %(money)s, %(minor)s minor units given back, without its reference"),
    N_("no answer: %(said)s"),
)
MONEY = r"[\d.]+ [A-Z]{3}"
KINDS = {"said": ".+", "name": ".+", "id": r"\S*?", "other": r"\S+", "minor": r"\d+", "number": r"\d+", "money": MONEY,
         "other_money": MONEY}
PLACE = re.compile(r"%\((\w+)\)s")
PROBLEM = re.compile(r"([a-z]+(?:-[a-z]+)+): (.+)", re.DOTALL)


def rules_in_words(rules: str) -> str:
    """What a look at the provider answers: rules of the audit with semicolons between them."""
    whole = rule_in_words(rules)
    return whole if whole != rules else "; ".join(map(rule_in_words, rules.split("; ")))


def rule_in_words(rule: str) -> str:
    """A rule of the audit; a problem in front of it by its name."""
    known = PROBLEM.fullmatch(rule)
    if known and problem_name(known[1]) != known[1]:
        return f"{problem_name(known[1])}: {_tell(known[2], RULES)}"
    return _tell(rule, RULES)


def finding_in_words(side: str) -> str:
    """How a payment stands here or at the provider, as a comparison found it."""
    told = _tell(side, FINDINGS)
    return told if told != side else rules_in_words(side)


def event_in_words(event: str) -> str:
    """What happened, as a sentence."""
    return str(_(EVENTS.get(event, event)))


def cause_in_words(cause: str) -> str:
    """Who or what did it: of the site's own parts in words, the names of people as they are."""
    return _tell(cause, CAUSES)


def _tell(stored: str, shapes: tuple[str, ...]) -> str:
    for shape in shapes:
        found = _pattern(shape).fullmatch(stored)
        if found:
            return str(_(shape) % {name: _shown(name, value) for name, value in found.groupdict().items()})
    return stored


def _shown(name: str, value: str) -> str:
    if name.endswith("money"):
        return format_money(Money(*value.split()), get_locale())
    told: dict[str, Callable[[str], str]] = {
        "status": status_name, "then": status_name, "refund": refund_name, "refund_then": refund_name,
    }
    return told[name](value) if name in told else value


@cache
def _pattern(shape: str) -> re.Pattern[str]:
    """What the shape looks like when it is filled in."""
    parts = PLACE.split(shape)
    made = [re.escape(part) if number % 2 == 0 else f"(?P<{part}>{KINDS.get(part, '[a-z_]+')})" for number, part in enumerate(parts)]
    return re.compile("".join(made), re.DOTALL)


FUNCTIONS = {one.__name__: one for one in (cause_in_words, event_in_words, finding_in_words, rule_in_words)}
