"""Runs rules against a rig: one scenario at a time, each on a bench of its own, each with a verdict."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from studium.services.provider_registry import EXTENSION
from studium.testing.providers.bench import Bench
from studium.testing.providers.guard import guarded_database
from studium.testing.providers.rig import Inapplicable, ProviderRig
from studium.testing.providers.rules import Rule, all_rules
from studium.testing.providers.verdict import Broken, Verdict

DEEPEST = 3  # frames of an unexpected error that are shown


def run_all(rig: ProviderRig, rules: Iterable[Rule] | None = None) -> list[Verdict]:
    """The verdict on each rule, in the order of the documentation."""
    return [judge(found, rig) for found in (rules or all_rules())]


def judge(rule: Rule, rig: ProviderRig) -> Verdict:
    """The verdict on one rule. What the guard saw meanwhile counts, also where the site had an answer to it."""
    if why := rule.why_not(type(rig)):
        return Verdict(rule.id, rule.sentence, "not applicable", why=why)
    started = time.monotonic()
    with rig.site.app.app_context(), guarded_database(), _own_providers(rig):
        verdict = _judge(rule, rig)
    return replace(verdict, seconds=round(time.monotonic() - started, 3))


@contextmanager
def _own_providers(rig: ProviderRig) -> Iterator[None]:
    """The site's providers are as they were at the end."""
    before = rig.site.app.extensions.get(EXTENSION)
    try:
        yield
    finally:
        rig.site.app.extensions[EXTENSION] = before


def _judge(rule: Rule, rig: ProviderRig) -> Verdict:
    kept = Verdict(rule.id, rule.sentence, "kept")
    bench: Bench | None = None
    try:
        bench = Bench(rig)
        rule.scenario(bench)
    except Inapplicable as error:
        if not (bench and bench.provider.broken):
            return replace(kept, outcome="not applicable", why=str(error))
    except Broken as error:
        return _broken(kept, _cause(bench, error))
    except Exception as error:  # noqa: BLE001  whatever a provider or a rig raises becomes a verdict, with its place
        return _broken(kept, _cause(bench, _unexpected(error)))
    if bench is not None and bench.provider.broken:
        return _broken(kept, bench.provider.broken[0])
    return kept


def _cause(bench: Bench | None, error: Broken) -> Broken:
    """What the guard saw came first, and explains the rest."""
    return bench.provider.broken[0] if bench is not None and bench.provider.broken else error


def _broken(kept: Verdict, error: Broken) -> Verdict:
    found = {rule.id: rule for rule in all_rules()}.get(error.rule)
    if found is not None:
        kept = replace(kept, rule=found.id, sentence=found.sentence)
    return replace(kept, outcome="broken", expected=error.expected, got=error.got, todo=error.todo)


def _unexpected(error: Exception) -> Broken:
    where = "; ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)[-DEEPEST:])
    return Broken("the scenario runs to its end", f"{type(error).__name__}: {error} (at {where})")
