"""The pages for the owner: asked of all plugins by the hook `owner_pages`, and shown in the owner's navigation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from studium.core.runtime import collect, runtime


@dataclass(frozen=True)
class OwnerPage:
    """A link of the owner's navigation, the lowest `order` first; `title` is in the reader's language, `path` begins with /owner."""

    title: str
    path: str
    order: int = 50


def find_owner_pages(language: str) -> list[OwnerPage]:
    """The pages of all plugins, in their order."""
    return sorted(collect(partial(runtime().hooks.owner_pages, language=language)), key=lambda page: page.order)
