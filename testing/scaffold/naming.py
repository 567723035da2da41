"""The names of a new provider's package, all made from one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from studium.core.errors import StudiumError

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LONGEST = 30  # STUDIUM_<name>_WEBHOOK_SECRET must stay readable; a code may have 40
STEM = "studium-"
RESERVED = ("free", "studium")  # "free" is the provider of payments that cost nothing


class BadName(StudiumError):
    """Not a name for a provider; the text says why, and proposes one where it can."""


@dataclass(frozen=True)
class Names:
    """`name` is the provider's code too, in addresses and rows: acme-pay."""

    name: str

    @property
    def distribution(self) -> str:
        """What pip installs, and the folder: studium-acme-pay."""
        return STEM + self.name

    @property
    def package(self) -> str:
        """What Python imports: studium_acme_pay."""
        return self.distribution.replace("-", "_")

    @property
    def prefix(self) -> str:
        """Of the settings: ACME_PAY."""
        return self.name.replace("-", "_").upper()

    @property
    def title(self) -> str:
        """What buyers read: Acme Pay."""
        return self.name.replace("-", " ").title()

    @property
    def class_stem(self) -> str:
        """AcmePay."""
        return self.title.replace(" ", "")

    def values(self) -> dict[str, str]:
        """For the templates."""
        return {"name": self.name, "code": self.name, "distribution": self.distribution, "package": self.package, "PREFIX": self.prefix,
                "title": self.title, "Class": self.class_stem}


def names_of(given: str) -> Names:
    """The names; raises BadName."""
    if not NAME.fullmatch(given) or len(given) > LONGEST:
        near = re.sub(r"[^a-z0-9]+", "-", given.lower()).strip("-0123456789")[:LONGEST].strip("-")
        raise BadName(f"{given[:80]!r} cannot be a provider's name: it is in addresses and settings, so it has small letters, digits and "
                      f"hyphens, begins with a letter, and has at most {LONGEST} characters." + (f" Try: {near}" if near else ""))
    if given.startswith(STEM):
        raise BadName(f"The package is called {STEM}... by itself. Try: {given.removeprefix(STEM)}")
    if given in RESERVED:
        raise BadName(f"{given} means something else in Studium. Choose another name.")
    return Names(given)
