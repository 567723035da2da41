"""A person by id, as plain values, for work that is done for them while they are away, such as jobs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from studium.core.runtime import runtime


@dataclass(frozen=True)
class Person:
    """Somebody with an account. `full_name` is for documents: first and last name, else what `display_name` falls back to."""

    id: int
    display_name: str
    full_name: str
    language: str | None = None
    time_zone: str = "UTC"


def find_person(user_id: int | None) -> Person | None:
    """The person of this id, from the plugins; None when there is none (any more)."""
    if user_id is None:
        return None
    found: Person | None = runtime().hooks.find_person(user_id=user_id)
    return found


def find_people(user_ids: Collection[int]) -> Mapping[int, Person]:
    """Those of these people that have an account, by id, in one query."""
    found: Mapping[int, Person] | None = runtime().hooks.find_people(user_ids=user_ids) if user_ids else None
    return found or {}


def find_people_called(words: str, limit: int = 50) -> Sequence[Person]:
    """People of whose names each word is a part, whatever its case, the newest first; none for no words."""
    found: Sequence[Person] | None = runtime().hooks.find_people_called(words=words, limit=limit) if words.strip() else None
    return found or ()
