"""Who the provider says it is, and when it is off."""

from __future__ import annotations

import re

from studium.services.money import Money, MoneyError, exponent
from studium.services.providers import CAPABILITIES, DISPUTE, OFFLINE, PARTIAL_REFUND, POLL, REDIRECT, REFUND, WEBHOOK
from studium.testing.providers.bench import Bench
from studium.testing.providers.rig import Inapplicable
from studium.testing.providers.rules import rule
from studium.testing.providers.verdict import Broken, expect

SAMPLE = ("USD", "EUR", "JPY", "KWD", "ISK", "UGX", "RUB", "KRW", "BHD", "CLP", "HUF")
NEED_POLL = (WEBHOOK, REFUND, DISPUTE)


@rule("meta-code", "The code names the provider in addresses and rows: lower-case letters, digits and hyphens, at most 40.")
def code(bench: Bench) -> None:
    meta = bench.meta
    expect(re.fullmatch(r"[a-z][a-z0-9_-]{0,39}", meta.code), "a code of [a-z0-9_-] that begins with a letter", meta.code)
    expect(0 < len(meta.title) <= 60, "a title of 1 to 60 characters, which the buyer reads", meta.title)


@rule("meta-capabilities", "Capabilities are of those that there are, and fit together.")
def capabilities(bench: Bench) -> None:
    has = bench.meta.capabilities
    expect(has <= set(CAPABILITIES), f"capabilities of {', '.join(CAPABILITIES)}", sorted(has - set(CAPABILITIES)))
    expect(PARTIAL_REFUND not in has or REFUND in has, "refund beside partial_refund", sorted(has))
    expect(REDIRECT in has or OFFLINE in has, "redirect or offline: one of them is how money comes", sorted(has))
    for one in NEED_POLL:
        expect(one not in has or POLL in has, f"poll beside {one}: what is told is believed only once fetch() says it", sorted(has))


@rule("meta-settings-off", "Without its required settings a provider is off, and says which ones it misses.")
def settings_off(bench: Bench) -> None:
    model = bench.rig.provider.settings_model
    if not model.required:
        raise Inapplicable("It has no required settings.")
    missing = model(**bench.rig.unfinished_settings()).missing()
    expect(missing, f"missing() names what is unset of {', '.join(model.required)}", "nothing is missing")
    expect(all(name.startswith("STUDIUM_") for name in missing), "names of the environment, STUDIUM_...", missing)
    expect(not bench.rig.settings().missing(), "the rig's own settings are complete", bench.rig.settings().missing())


@rule("meta-check", "check() finds nothing wrong with settings that work, and each problem says how to mend it.")
def check(bench: Bench) -> None:
    problems = list(bench.must_answer("from check()", bench.provider.check))
    expect(all(found.what and found.fix for found in problems), "what and fix of each Problem", problems)
    errors = [found.what for found in problems if found.severity == "error"]
    expect(not errors, "no error with the rig's settings", errors)


@rule("meta-available", "is_available() says no to a currency that the provider does not take, and yes to one that it takes.")
def available(bench: Bench) -> None:
    order = bench.order()
    expect(bench.provider.is_available(order, order.money), f"yes to {order.money}", "no")
    others = [found for found in SAMPLE if found not in bench.meta.currencies]
    if not bench.meta.currencies or not others:
        raise Inapplicable("It takes all currencies.")
    other = Money(29, others[0])
    expect(not bench.provider.is_available(bench.order(other), other), f"no to {other}", "yes")


@rule("meta-minor-units", "to_minor() and from_minor() are each other's reverse in every currency, and never round in silence.")
def minor_units(bench: Bench) -> None:
    for currency in sorted(bench.meta.currencies or set(SAMPLE)):
        step = Money(1, currency).amount.scaleb(-bench.meta.exponents.get(currency, exponent(currency)))
        for amount in (29, 1, 0, 1_000_000):
            money = Money(amount, currency)
            minor = bench.meta.to_minor(money)
            expect(bench.meta.from_minor(minor, currency.lower()) == money, f"from_minor(to_minor({money})) is {money}",
                   f"{minor} and {bench.meta.from_minor(minor, currency)}")
        if step > Money(1, currency).amount.scaleb(-exponent(currency)):
            _refuses_fractions(bench, currency)


def _refuses_fractions(bench: Bench, currency: str) -> None:
    least = Money.from_minor(1, currency)
    try:
        found = bench.meta.to_minor(least)
    except MoneyError:
        return
    raise Broken(f"MoneyError for {least}, which the service cannot express", f"{found}")
