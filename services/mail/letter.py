"""A mail before it is composed: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Mail:
    """What goes to one person. `key` is the same at every try of it and of no other mail: the Message-ID is made of it.

    `to` is an address of `addresses.read_address`, `name` whose it is ("" to leave that out). `text` and `html` say the same.
    `headers` are further ones, such as List-Unsubscribe; line breaks in names and values are no danger, they are taken out.
    """

    key: str
    to: str
    subject: str
    text: str
    html: str
    name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
