"""What a person may have made for them: offers of jobs, asked of all plugins by the hook `job_offers` and shown as buttons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from studium.core.runtime import collect, runtime
from studium.services.users import SignedInUser


@dataclass(frozen=True)
class JobOffer:
    """A job that the person may start with one press: kind and params as the API takes them, words in the reader's language.

    `title` is the button, `text` one sentence about what comes of it; `icon` is a name of the sprite web/static/icons.svg.
    """

    kind: str
    params: Mapping[str, Any]
    title: str
    text: str = ""
    icon: str = "file"


def find_offers(user: SignedInUser, language: str) -> list[JobOffer]:
    """The offers of all plugins for this person, in the order of loading; titles and texts are in `language`."""
    return collect(partial(runtime().hooks.job_offers, user=user, language=language))
