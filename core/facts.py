"""Facts: what happened, stored with the change itself and delivered to each subscriber separately, at least once.

A fact's name is a hook; its payload model is declared once with `@fact`. This module must not know how deliveries are run: it asks the
hook `enqueue_delivery`, which the queue implements.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from studium.core.clock import now
from studium.core.database import in_transaction, reading, transaction
from studium.core.entities import Fact, FactDelivery
from studium.core.errors import StudiumError
from studium.core.logs import get_logger
from studium.core.runtime import runtime

log = get_logger(__name__)


class FactPayload(BaseModel):
    """The frozen values of a fact; plain and serialisable, ids rather than entities."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    fact_name: ClassVar[str]
    fact_version: ClassVar[int]


F = TypeVar("F", bound=type[FactPayload])
_declared: dict[str, type[FactPayload]] = {}


def fact(name: str, version: int) -> Callable[[F], F]:
    """Declare a payload model as the fact `name`; raise the version when a field changes its meaning."""

    def declare(model: F) -> F:
        if _declared.setdefault(name, model) is not model:
            raise StudiumError(f"The fact {name} is declared twice.")
        model.fact_name, model.fact_version = name, version
        return model

    return declare


def publish(payload: FactPayload, unique_key: str | None = None) -> bool:
    """Store a fact in the open transaction and ask for its delivery to every plugin that implements its hook.

    Returns False, and does nothing, when a fact of this `unique_key` is already stored. Raises StudiumError outside a transaction.
    """
    if not in_transaction():
        raise StudiumError(f"publish({payload.fact_name}) needs an open transaction(), so that the fact commits with its change.")
    key = f"{payload.fact_name}:{unique_key}" if unique_key else None
    if key and Fact.get(unique_key=key):
        return False
    row = Fact(name=payload.fact_name, version=payload.fact_version, payload=payload.model_dump_json(), unique_key=key, created_at=now())
    row.flush()
    for subscriber in subscribers(payload.fact_name):
        runtime().hooks.enqueue_delivery(fact_id=row.id, subscriber=subscriber)
    return True


def subscribers(name: str) -> list[str]:
    """Names of the plugins that implement the hook of this fact, in order of loading."""
    return [found.plugin_name for found in _hook(name).get_hookimpls()]


def deliver(fact_id: int, subscriber: str) -> bool:
    """Give a stored fact to one subscriber and record it; what is already delivered is not given again.

    Returns whether it was given now. The subscriber's exception passes through, and the delivery stays open. A subscriber or a
    fact that is no longer installed is skipped.
    """
    with reading():
        row = Fact.get(id=fact_id)
        if row is None or FactDelivery.exists(fact=row, subscriber=subscriber):
            return False
        name, text = row.name, row.payload
    if name not in _declared or subscriber not in subscribers(name):
        log.warning("fact_subscriber_gone", fact=name, fact_id=fact_id, subscriber=subscriber)
        return False
    _call_one(name, subscriber, _declared[name].model_validate_json(text))
    with transaction():
        row = Fact.get(id=fact_id)
        if not FactDelivery.exists(fact=row, subscriber=subscriber):
            FactDelivery(fact=row, subscriber=subscriber, delivered_at=now())
    log.info("fact_delivered", fact=name, fact_id=fact_id, subscriber=subscriber)
    return True


def _call_one(name: str, subscriber: str, payload: FactPayload) -> None:
    plugins = runtime().plugins
    others = [plugin for plugin in plugins.get_plugins() if plugins.get_name(plugin) != subscriber]
    plugins.subset_hook_caller(name, remove_plugins=others)(fact=payload)


def _hook(name: str) -> Any:
    found = getattr(runtime().hooks, name, None)
    if found is None:
        raise StudiumError(f"The fact {name} has no hook; declare it in a hookspecs module.")
    return found
