"""Both maps of hooks are complete: every hook is typed, documented, and named by its kind."""

from __future__ import annotations

import inspect
from types import ModuleType

import pytest

from studium.core import hookspecs as framework
from studium.core.facts import FactPayload
from studium.core.plugins import PROJECT
from studium.services import facts
from studium.services import hookspecs as product

HOOKS = [
    pytest.param(found, id=name)
    for module in (framework, product)
    for name, found in vars(module).items()
    if hasattr(found, f"{PROJECT}_spec")
]
KINDS = ("register_", "may_", "find_", "export_")
EVENTS = ("app_created", "job_changed", "enqueue_delivery", "language_chosen", "complete_sign_in", "keep_notice", "channel_restored",
          "channel_lost")
SLOTS = ("job_offers", "account_sections", "header_items", "owner_pages")


def facts_of(module: ModuleType) -> set[str]:
    return {
        found.fact_name
        for found in vars(module).values()
        if inspect.isclass(found) and issubclass(found, FactPayload) and found is not FactPayload
    }


def test_there_are_hooks():
    assert len(HOOKS) >= 15


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_typed(hook):
    signature = inspect.signature(hook)
    assert signature.return_annotation is not signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not parameter.empty, f"{hook.__name__}({parameter.name})"
        assert parameter.kind is parameter.POSITIONAL_OR_KEYWORD


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_says_what_it_is_for(hook):
    text = inspect.getdoc(hook) or ""
    assert len(text) > 30
    assert text.split("\n", maxsplit=1)[0].rstrip().endswith((".", "`.", "`")) or len(text.split("\n")) > 1


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_named_by_its_kind(hook):
    assert hook.__name__.startswith(KINDS) or hook.__name__ in (*EVENTS, *SLOTS) or hook.__name__ in facts_of(facts)


def test_every_fact_of_the_product_is_a_hook_with_one_argument():
    for name in facts_of(facts):
        assert list(inspect.signature(getattr(product, name)).parameters) == ["fact"]


def test_questions_take_the_first_answer():
    for param in HOOKS:
        hook = param.values[0]
        asks = hook.__name__.startswith(("may_", "find_", "enqueue_", "complete_", "keep_"))
        assert getattr(hook, f"{PROJECT}_spec")["firstresult"] is asks, hook.__name__
