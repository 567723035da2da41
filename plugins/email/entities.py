"""Rows of e-mail: the addresses that people gave, and whether they are really theirs."""

from __future__ import annotations

from datetime import datetime

from pony.orm import Optional, PrimaryKey, Required, composite_key

from studium.core.clock import now
from studium.core.database import db


class EmailAddress(db.Entity):  # type: ignore[misc]
    """An address of a person; mail goes to it once they confirmed it by a link that was sent there. At most one is confirmed, one waits.

    Of the link's token only the SHA-256 is kept; `nonce` is what it is made of, together with the site's secret. `refused_at` is when a
    mail server said that there is no such mailbox, `refused_reason` a word: "bounced".
    """

    _table_ = "email_address"
    id = PrimaryKey(int, auto=True)
    user_id = Required(int)
    address = Required(str, 320, index="idx_email_address__address")
    language = Required(str, 10)
    nonce = Required(str, 64)
    token_hash = Required(str, 64, unique=True)
    asked_at = Required(datetime)
    expires_at = Required(datetime, index="idx_email_address__expires_at")
    confirmed_at = Optional(datetime)
    refused_at = Optional(datetime)
    refused_reason = Optional(str, 40)
    composite_key(user_id, address)

    @property
    def state(self) -> str:
        """confirmed, refused, expired, or waiting for its link."""
        if self.refused_at is not None:
            return "refused"
        if self.confirmed_at is not None:
            return "confirmed"
        return "expired" if self.expires_at <= now() else "waiting"


ENTITIES = [EmailAddress]
