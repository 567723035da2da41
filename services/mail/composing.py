"""Makes the message that travels out of a Mail: text and HTML, Message-ID, and headers that nobody can break out of.

Imports the standard library's `email`, so import this module where a mail is sent.
"""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Any

from studium.core.clock import now
from studium.services.mail.addresses import domain_of
from studium.services.mail.letter import Mail
from studium.services.mail.message_ids import message_id
from studium.services.mail.settings import MailSettings
from studium.services.site import site_name

LONGEST_LINE = 998  # RFC 5322, 2.1.1
LONGEST_SUBJECT = 200
OUTBOX_SENDER = "school@localhost.localdomain"


class _WholeAddresses(EmailPolicy):
    """Folds only what needs it: the library would cut a long address of List-Unsubscribe into encoded words, which no program reads."""

    def fold(self, name: str, value: Any) -> str:
        line = f"{name}: {value}"
        if str(value).isascii() and len(line) <= LONGEST_LINE and name.lower() not in ("to", "from", "subject"):
            return line + self.linesep
        return super().fold(name, value)

    def fold_binary(self, name: str, value: Any) -> bytes:
        return self.fold(name, value).encode("utf-8" if self.utf8 else "ascii", "surrogateescape")


POLICY = _WholeAddresses(linesep=SMTP.linesep, cte_type="7bit", raise_on_defect=False)


def compose(mail: Mail, settings: MailSettings) -> EmailMessage:
    """The message, as any server takes it: 7 bits a byte, lines of at most 998. An address whose local part is not ASCII needs SMTPUTF8."""
    sender = settings.sender or OUTBOX_SENDER
    message = EmailMessage(policy=POLICY)
    message["From"] = _address(sender, site_name())
    message["To"] = _address(mail.to, mail.name)
    if settings.reply_to:
        message["Reply-To"] = _address(settings.reply_to, "")
    message["Subject"] = one_line(mail.subject)[:LONGEST_SUBJECT] or "…"
    message["Date"] = format_datetime(now()).replace("-0000", "+0000")
    message["Message-ID"] = message_id(mail.key, mail.to, domain_of(sender))
    for name, value in mail.headers.items():
        message[name] = one_line(value)
    message.set_content(mail.text)
    message.add_alternative(mail.html, subtype="html")
    return message


def one_line(text: str) -> str:
    """The text without line breaks and other control characters, by which headers could be added (CWE-93).

    Nor can it hold an encoded word (RFC 2047), "=?utf-8?q?=0d=0a?=": the library decodes one wherever it meets it, and writes what was in
    it as it is (CVE-2024-6923).
    """
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()).replace("=?", "= ?")


def _address(address: str, name: str) -> Address:
    local, _at, domain = address.rpartition("@")
    return Address(display_name=one_line(name), username=local, domain=domain)
