"""The demo people that the development sign-in offers."""

from __future__ import annotations

from dataclasses import dataclass

from studium.core.database import transaction
from studium.core.runtime import runtime
from studium.plugins.auth.people import take_over
from studium.plugins.auth.roles import grant
from studium.services.sign_in import ExternalIdentity
from studium.services.users import OPS, OWNER


@dataclass(frozen=True)
class DemoPerson:
    """Somebody to be while developing; `role` is one beyond student."""

    identity: ExternalIdentity
    role: str | None = None

    @property
    def label(self) -> str:
        """The name, and the role if it is a special one."""
        return f"{self.identity.first_name} ({self.role})" if self.role else self.identity.first_name


DEMO = (
    DemoPerson(ExternalIdentity(1001, "Anna", "Petrova", "anna")),
    DemoPerson(ExternalIdentity(1002, "Борис", "Иванов", "boris")),
    DemoPerson(ExternalIdentity(1003, "Mia", "", "mia")),
    DemoPerson(ExternalIdentity(1004, "Olga", "Smirnova", "olga"), OPS),
    DemoPerson(ExternalIdentity(1005, "Vera", "Orlova", "vera"), OWNER),
)


def make_demo_people(by: str) -> None:
    """Make them, safe to repeat. In production nobody gets a role by this: a known id with a role would be a way in."""
    roles = runtime().settings.core.env != "production"
    with transaction():
        for person in DEMO:
            take_over(person.identity, authenticated=False)
            if person.role and roles:
                grant(person.identity.telegram_id, person.role, by)
