"""What plugins show in the header of every page, beside the account menu: asked of all plugins by the hook `header_items`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.services.users import SignedInUser

log = get_logger(__name__)


@dataclass(frozen=True)
class HeaderItem:
    """A part of the header: `html` is what a template of the plugin made. `script` and `style` are addresses of an ES module and a sheet
    that every page then loads; None for none.
    """

    html: Markup
    script: str | None = None
    style: str | None = None


def find_header_items(user: SignedInUser | None, language: str) -> list[HeaderItem]:
    """The items of all plugins for this reader, in the order of loading; none for a visitor.

    Every page has a header, that of an error too, so a plugin that fails is logged and its item left out.
    """
    if user is None:
        return []
    found = runtime().hooks.header_items.get_hookimpls()
    return [item for one in found for item in _ask(one, {"user": user, "language": language})]


def _ask(implementation: Any, values: dict[str, Any]) -> Iterable[HeaderItem]:
    try:
        items: Sequence[HeaderItem] = implementation.function(*(values[name] for name in implementation.argnames))
    except Exception:
        log.exception("header_item_failed", plugin=implementation.plugin_name)
        return []
    return items
