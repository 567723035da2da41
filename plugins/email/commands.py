"""`studium mail`: try the mail server, and take in what comes back."""

from __future__ import annotations

import secrets
import sys

import click

from studium.core.database import UNAVAILABLE
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.services.languages import LANGUAGES
from studium.services.mail import Mail, MailError, send_mail
from studium.services.mail.addresses import read_address
from studium.services.mail.settings import MailSettings
from studium.services.site import absolute_url, site_name
from studium.services.translation import translator

log = get_logger(__name__)
BOUNCED = "bounced"
TRY_AGAIN = 75  # sysexits.h: the mail server keeps the bounce and pipes it again
LARGEST = 2_000_000


@click.group()
def mail() -> None:
    """Try the mail server, and take in mail that came back."""


@mail.command()
@click.argument("address")
@click.option("--language", type=click.Choice(LANGUAGES), default=LANGUAGES[0])
def test(address: str, language: str) -> None:
    """Send a mail to ADDRESS now, as notices are sent, and say what became of it."""
    try:
        found = read_address(address)
        reference = send_mail(_test_mail(found, language))
    except (ValueError, MailError) as error:
        raise click.ClickException(str(error)) from error
    host = runtime().settings[MailSettings].host
    click.echo(f"{host} took the mail {reference}. Look how it arrives: headers Authentication-Results (spf, dkim, dmarc), folder."
               if host else f"There is no mail server; the mail {reference} lies in {runtime().settings.core.data_dir / 'outbox'}.")


@mail.command()
def bounce() -> None:
    """Read a bounce (RFC 3464) from standard input, for a pipe of the mail server, and switch off the address that is dead.

    Any other mail is passed over: an error would make the mail server answer it.
    """
    from studium.plugins.email.addresses import refuse
    from studium.plugins.email.bounces import read_bounces

    found = read_bounces(sys.stdin.buffer.read(LARGEST))
    if not found:
        click.echo("This is no bounce.")
    for one in found:
        counts = one.is_dead and one.is_ours
        why = "not a dead address" if not one.is_dead else "not of a mail of this site"
        try:
            people = refuse(one.address, BOUNCED) if counts else []
        except UNAVAILABLE as error:
            click.echo(f"The database is busy ({error}).", err=True)
            raise SystemExit(TRY_AGAIN) from error
        log.warning("mail_bounced", status=one.status, counts=counts, users=people)
        click.echo(f"{one.status or 'no status'}: " + (f"switched off for {len(people)}" if counts else f"passed over, {why}"))


def _test_mail(address: str, language: str) -> Mail:
    from studium.plugins.email.letters import Letter, Part, as_html, as_text

    _ = translator(language).gettext
    subject = _("A test of the school's mail")
    text = _("Mail of {school} arrives.").format(school=site_name())
    letter = Letter(language, subject, "", (Part("", text, _("To the school"), absolute_url("/")),),
                    _("Somebody who looks after the school sent this by hand."))
    return Mail(key=f"test:{secrets.token_hex(8)}", to=address, subject=subject, text=as_text(letter), html=as_html(letter),
                headers={"Auto-Submitted": "auto-generated"})
