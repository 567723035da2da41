"""What e-mail holds on a person, for the copy of their data."""

from __future__ import annotations

from typing import Any

from studium.core.database import reading
from studium.plugins.email.entities import EmailAddress

COLUMNS = ("address", "language", "asked_at", "expires_at", "confirmed_at", "refused_at", "refused_reason")


def export_user_data(user_id: int) -> dict[str, Any]:
    """Their addresses; nothing of the links."""
    with reading():
        rows = EmailAddress.select(lambda row: row.user_id == user_id).order_by(lambda row: row.id)
        return {"addresses": [row.to_dict(COLUMNS) for row in rows]}
