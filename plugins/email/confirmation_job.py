"""Sends the link by which somebody confirms an address. The letter names nobody: whoever typed the address may not be its owner."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.plugins.email.entities import EmailAddress
from studium.plugins.email.tokens import token_of
from studium.queue.kinds import Discard, job_kind
from studium.queue.running import RunningJob
from studium.services.mail import Mail, MailDown, MailError, RecipientRefused, send_mail
from studium.services.site import absolute_url, site_name
from studium.services.translation import N_, translator

PATH = "/email/confirm/"


class EmailConfirmation(BaseModel):
    """Of which row."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    address_id: int


@job_kind(
    "email_confirmation", N_("Send a link that confirms an address"), EmailConfirmation, retries=8, backoff=10.0, timeout=120, priority=10
)
def email_confirmation(job: RunningJob, params: EmailConfirmation) -> dict[str, Any]:
    """Send it, unless the address was confirmed or removed meanwhile. A run again sends the same link under the same Message-ID."""
    with reading():
        row = EmailAddress.get(id=params.address_id)
        found = (row.address, row.nonce, row.language) if row is not None and row.state == "waiting" else None
    if found is None:
        return {"dropped": "nobody waits for it any more"}
    try:
        return {"message_id": send_mail(_mail(*found))}
    except MailDown:
        raise
    except RecipientRefused as error:
        _mark_refused(params.address_id)
        raise Discard(str(error)) from error
    except MailError as error:
        raise Discard(str(error)) from error


def _mail(address: str, nonce: str, language: str) -> Mail:
    from studium.plugins.email.letters import Letter, Part, as_html, as_text

    _ = translator(language).gettext
    subject = _("Confirm your e-mail address")
    text = _("Somebody, probably you, wants {school} to send notices to this address. Press the button within three days to allow that.")
    letter = Letter(language, subject, "", (Part("", text.format(school=site_name()), _("Confirm the address"),
                                                 absolute_url(PATH + token_of(nonce))),),
                    _("If it was not you, do nothing: without the button nothing more is sent."))
    return Mail(key=f"confirm:{nonce}", to=address, subject=f"{subject}: {site_name()}", text=as_text(letter), html=as_html(letter),
                headers={"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"})


def _mark_refused(address_id: int) -> None:
    with transaction():
        row = EmailAddress.get(id=address_id)
        if row is not None:
            row.set(refused_at=now(), refused_reason="bounced")
