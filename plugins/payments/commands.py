"""`studium payments`: list them, tell the story of one, ask the providers, replay a webhook, look for what is wrong."""

from __future__ import annotations

import click
from pony.orm import desc

from studium.core.cli import tell, who
from studium.core.database import reading
from studium.core.runtime import runtime
from studium.plugins.payments.checking import asked
from studium.plugins.payments.entities import Payment
from studium.plugins.payments.errors import PaymentError
from studium.plugins.payments.reconcile import reconcile as ask_providers
from studium.plugins.payments.replay import replay as replay_webhook
from studium.plugins.payments.settling import look
from studium.plugins.payments.timeline import story, why_stuck
from studium.plugins.payments.transitions import STATUSES
from studium.services.provider_registry import UnknownProvider
from studium.services.providers import ProviderDown


@click.group()
def payments() -> None:
    """Look after payments."""


@payments.command("list")
@click.option("--status", type=click.Choice(STATUSES), help="only those of this status")
@click.option("--problem", is_flag=True, help="only those that somebody must look at")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000), help="how many, newest first")
def list_payments(status: str | None, problem: bool, limit: int) -> None:
    """List payments: number, id, status, amount, provider, its reference, and what is wrong."""
    with reading():
        rows = Payment.select()
        rows = rows.where(lambda row: row.status == status) if status else rows
        rows = rows.where(lambda row: row.problem is not None) if problem else rows
        for row in rows.order_by(lambda row: desc(row.created_at))[:limit]:
            wrong = f"  ! {row.problem}" if row.problem else ""
            click.echo(f"{row.number}  {row.id}  {row.status}  {asked(row)}  {row.provider}  {row.reference or '-'}{wrong}")


@payments.command()
@click.argument("payment_id")
def show(payment_id: str) -> None:
    """Tell the whole story of a payment, and why it is stuck when it is."""
    found = _find(payment_id)
    for row in story(found):
        click.echo(f"{row.at:%Y-%m-%d %H:%M:%S}  {row.kind}: {row.text}  [{row.cause}]" + (f"  {row.rule}" if row.rule else ""))
    stuck = why_stuck(found)
    click.echo(f"Stuck: {stuck}" if stuck else "Not stuck.")


@payments.command()
@click.argument("payment_id", required=False)
def reconcile(payment_id: str | None) -> None:
    """Ask the provider of one payment how it stands, or of all that are due."""
    if payment_id is None:
        done = ask_providers()
        click.echo("  ".join(f"{name} {value}" for name, value in done.as_dict().items()))
        return
    try:
        applied = look(_find(payment_id), who("payments reconcile"))
    except (ProviderDown, UnknownProvider) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{applied.before} -> {applied.after}: {applied.rule}")


@payments.command()
@click.argument("delivery_id", type=int)
@click.option("--do-it", is_flag=True, help="change what it would change; without it nothing is changed")
def replay(delivery_id: int, do_it: bool) -> None:
    """Verify the webhook DELIVERY_ID of the inbox again and show the transitions it makes against the code of today."""
    try:
        found = replay_webhook(delivery_id, not do_it, by=who("payments replay"))
    except PaymentError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"verified: {'cannot be said' if found.verified is None else 'yes' if found.verified else 'NO'}")
    for step in found.steps:
        click.echo(f"{step.event}: {step.before} -> {step.after}  {step.rule}" if step.after else f"{step.event}: {step.rule}")
    for change in found.diff:
        click.echo(f"  {change.field}: {change.before} -> {change.after}")
    if found.problem:
        raise click.ClickException(found.problem)
    click.echo("Nothing was changed: this was a dry run." if found.dry_run else "Done.")


@payments.command()
@click.argument("provider", required=False)
def doctor(provider: str | None) -> None:
    """Look whether PROVIDER, or all of them, can take money; say how to mend what is wrong. Exit code 1 when something is."""
    from studium.plugins.payments.doctor import look_at_one, look_at_payments  # for this command alone

    try:
        tell(look_at_one(provider, runtime().settings) if provider else look_at_payments(runtime().settings))
    except UnknownProvider as error:
        raise click.ClickException(str(error)) from error


def _find(text: str) -> str:
    """The id of a payment by id or number."""
    with reading():
        payment = Payment.get(id=text) or Payment.get(number=text)
    if payment is None:
        raise click.ClickException(f"There is no payment {text}. `studium payments list` shows them.")
    return str(payment.id)
