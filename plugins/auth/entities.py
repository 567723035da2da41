"""People, the browsers they are signed in on, the tokens of their programs, and the roles they were given."""

from __future__ import annotations

from datetime import datetime

from pony.orm import Optional, PrimaryKey, Required, Set

from studium.core.database import db


class User(db.Entity):  # type: ignore[misc]
    """A person, known by their Telegram id. Names may be missing.

    `session_token` is the generation of their sign-ins: a session counts only while it carries the same, so changing it signs them out
    everywhere at once. `authenticated` says whether they ever completed a sign-in.
    """

    _table_ = "user"
    id = PrimaryKey(int, auto=True)
    telegram_id = Required(int, size=64, unique=True)
    username = Optional(str)
    first_name = Optional(str)
    last_name = Optional(str)
    photo_url = Optional(str)
    session_token = Required(str, unique=True)
    authenticated = Required(bool, default=False)
    language = Optional(str)
    time_zone = Required(str, default="UTC")
    created_at = Required(datetime)
    updated_at = Required(datetime)
    sessions = Set("Session")
    roles = Set("UserRole")
    tokens = Set("ApiToken")

    @property
    def display_name(self) -> str:
        """First name, else username, else "User ID" (product.md E3)."""
        return self.first_name or self.username or f"User {self.telegram_id}"


class Session(db.Entity):  # type: ignore[misc]
    """One browser's sign-in; only the SHA-256 of its token is kept."""

    _table_ = "user_session"
    id = PrimaryKey(int, auto=True)
    user = Required(User, column="user", index="idx_user_session__user")
    token_hash = Required(str, unique=True)
    generation = Required(str)
    method = Required(str)
    user_agent = Optional(str)
    address = Optional(str)
    created_at = Required(datetime)
    seen_at = Required(datetime)
    expires_at = Required(datetime)
    closed_at = Optional(datetime)


class UserRole(db.Entity):  # type: ignore[misc]
    """A role beyond student that somebody gave to a person; `granted_by` is in words."""

    _table_ = "user_role"
    user = Required(User, column="user")
    role = Required(str)
    granted_by = Required(str)
    granted_at = Required(datetime)
    PrimaryKey(user, role)


class ApiToken(db.Entity):  # type: ignore[misc]
    """What a program of the person signs in with; only the SHA-256 of the token is kept. `scopes` are separated by spaces."""

    _table_ = "api_token"
    id = PrimaryKey(int, auto=True)
    user = Required(User, column="user", index="idx_api_token__user")
    name = Required(str)
    token_hash = Required(str, unique=True)
    scopes = Required(str)
    created_at = Required(datetime)
    last_used_at = Optional(datetime)
    expires_at = Optional(datetime)
    closed_at = Optional(datetime)
