"""`studium users`: people from the command line."""

from __future__ import annotations

import click

from studium.core.database import transaction
from studium.plugins.auth.people import Identity, take_over

DEMO = (
    Identity(1001, "Anna", "Petrova", "anna"),
    Identity(1002, "Борис", "Иванов", "boris"),
    Identity(1003, "Mia", "", "mia"),
)


@click.group()
def users() -> None:
    """Look after people."""


@users.command()
def demo() -> None:
    """Make the demo people that the development sign-in offers; safe to repeat."""
    with transaction():
        for identity in DEMO:
            take_over(identity, authenticated=False)
    click.echo(f"Demo people: {', '.join(identity.first_name for identity in DEMO)}.")
