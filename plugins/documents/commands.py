"""`studium certificates`: list them, revoke one, restore one."""

from __future__ import annotations

import click

from studium.core.cli import who
from studium.plugins.documents import certificates as issued
from studium.plugins.documents.certificates import CertificateView


@click.group()
def certificates() -> None:
    """Look after certificates."""


@certificates.command("list")
@click.option("--user", "user_id", type=int, help="only those of this user id")
def list_certificates(user_id: int | None) -> None:
    """List certificates in the order of issue: code, day, user, name, course, and whether it is revoked."""
    for one in issued.all_issued(user_id):
        click.echo(_line(one))


@certificates.command()
@click.argument("code")
@click.option("--reason", required=True, help="why; everybody who checks the code reads it")
def revoke(code: str, reason: str) -> None:
    """Declare the certificate CODE invalid. Its page then says so, since when and why."""
    if not reason.strip():
        raise click.UsageError("--reason is empty, but it is shown to everybody who checks the code: say why.")
    click.echo(_line(issued.revoke(code, reason.strip(), who("certificates"))))


@certificates.command()
@click.argument("code")
@click.option("--reason", default="", help="why; kept in the certificate's history")
def restore(code: str, reason: str) -> None:
    """Make the revoked certificate CODE valid again."""
    click.echo(_line(issued.restore(code, who("certificates"), reason.strip())))


def _line(one: CertificateView) -> str:
    state = f'revoked {one.revoked_on} by {one.revoked_by}: "{one.revoke_reason}"' if one.revoked_at else "valid"
    course = one.course_title(one.language)
    return f"{one.shown_code}  {one.issued_on}  user {one.user_id}  {one.student_name}  {course}  {state}"
