"""`studium users`: people and their roles from the command line."""

from __future__ import annotations

import click

from studium.core.cli import who
from studium.plugins.auth import roles
from studium.plugins.auth.demo import DEMO, make_demo_people

TELEGRAM_ID = click.argument("telegram_id", type=click.IntRange(1, 2**63 - 1))
ROLE = click.argument("role", metavar=f"[{'|'.join(roles.GRANTABLE)}]")


@click.group()
def users() -> None:
    """Look after people and their roles."""


@users.command()
def demo() -> None:
    """Make the demo people that the development sign-in offers; safe to repeat."""
    make_demo_people(who("users demo"))
    click.echo(f"Demo people: {', '.join(person.label for person in DEMO)}.")


@users.command()
@TELEGRAM_ID
@ROLE
def grant(telegram_id: int, role: str) -> None:
    """Give the person of this TELEGRAM_ID a role: owner (courses and money) or ops (jobs and the server)."""
    granted = roles.grant(telegram_id, role, who("users"))
    click.echo(f"{telegram_id} now has the role {role}." if granted else f"{telegram_id} has the role {role} already.")


@users.command()
@TELEGRAM_ID
@ROLE
def revoke(telegram_id: int, role: str) -> None:
    """Take a role from the person of this TELEGRAM_ID; their next request is without it."""
    revoked = roles.revoke(telegram_id, role, who("users"))
    click.echo(f"{telegram_id} no longer has the role {role}." if revoked else f"{telegram_id} does not have the role {role}.")


@users.command("list")
def list_roles() -> None:
    """List the people who have a role beyond student, with who gave it and when (UTC)."""
    found = roles.granted_roles()
    for one in found:
        name = one.display_name or "(has not signed in yet)"
        at = f"  {one.granted_at:%Y-%m-%d %H:%M}" if one.granted_at else ""
        click.echo(f"{one.telegram_id:<12}  {one.role:<6}  {name:<24}  by {one.granted_by}{at}")
    if not found:
        click.echo("Nobody has a role beyond student. Give one with: studium users grant TELEGRAM_ID ROLE")
