"""What can go wrong with a mail. No text of these holds an address: they are logged and shown to operators.

StudiumError
└── MailError
    ├── MailDown            no usable answer, or one about the school and not about this mail; the same may get through later
    ├── RecipientRefused    there is no such mailbox (any more), says a server that knows
    └── MessageRefused      the server will never take this mail, while others may well get through
"""

from __future__ import annotations

from studium.core.errors import StudiumError


class MailError(StudiumError):
    """The root of what can go wrong with a mail."""


class MailDown(MailError):
    """The server could not be asked, wants to be left alone for now, or does not accept the school as a sender.

    `for_all`: that there is no usable connection at all, whatever the mail.
    """

    def __init__(self, text: str, *, for_all: bool = False) -> None:
        super().__init__(text)
        self.for_all = for_all


class RecipientRefused(MailError):
    """The mailbox is not there: another try would harm the school's reputation as a sender."""


class MessageRefused(MailError):
    """This mail is refused for good, such as for its size or as spam."""
