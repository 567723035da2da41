"""What sign-in holds on a person, for the copy of their data; tokens and their hashes stay here."""

from __future__ import annotations

from typing import Any

from studium.core.database import reading
from studium.plugins.auth.entities import ApiToken, Session, User, UserRole

USER = ("id", "telegram_id", "username", "first_name", "last_name", "photo_url", "authenticated", "language", "time_zone", "created_at",
        "updated_at")
SESSION = ("id", "method", "user_agent", "address", "created_at", "seen_at", "expires_at", "closed_at")
TOKEN = ("id", "name", "scopes", "created_at", "last_used_at", "expires_at", "closed_at")


def export_user_data(user_id: int) -> dict[str, Any]:
    """The account, its roles, sign-ins and API tokens; {} for nobody."""
    with reading():
        user = User.get(id=user_id)
        if user is None:
            return {}
        roles = UserRole.select(lambda row: row.user == user).order_by(lambda row: row.role)
        tokens = ApiToken.select(lambda row: row.user == user).order_by(lambda row: row.id)
        sessions = Session.select(lambda row: row.user == user).order_by(lambda row: row.id)
        return {
            "user": user.to_dict(USER),
            "roles": [{"role": row.role, "granted_at": row.granted_at} for row in roles],
            "sign_ins": [row.to_dict(SESSION) for row in sessions],
            "api_tokens": [row.to_dict(TOKEN) for row in tokens],
        }
