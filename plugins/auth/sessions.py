"""Server-side sessions: opening, finding and closing them. The browser holds a random token, the database only its hash."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from studium.core.clock import now
from studium.core.database import UNAVAILABLE, after_commit, reading, transaction
from studium.core.facts import publish
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.plugins.auth.entities import Session, User
from studium.plugins.auth.roles import roles_of
from studium.plugins.auth.settings import AuthSettings
from studium.services.cable.publishing import close_sessions
from studium.services.facts import UserSignedIn
from studium.services.users import SignedInUser

log = get_logger(__name__)
SEEN_EVERY = timedelta(minutes=5)
LONGEST_AGENT = 300


def open_session(user: User, method: str, user_agent: str, address: str) -> str:
    """Open a session for the user and return its token, which is not stored. Needs an open transaction."""
    token = secrets.token_urlsafe(32)
    lifetime = timedelta(days=runtime().settings[AuthSettings].session_days)
    row = Session(user=user, token_hash=_hash(token), generation=user.session_token, method=method,
                  user_agent=user_agent[:LONGEST_AGENT], address=address, created_at=now(), seen_at=now(), expires_at=now() + lifetime)
    row.flush()
    publish(UserSignedIn(user_id=user.id, session_id=row.id, method=method, signed_in_at=row.created_at))
    return token


def find(token: str) -> SignedInUser | None:
    """The user of an open session; None for an unknown, closed, expired or idle one."""
    with reading():
        row = Session.get(token_hash=_hash(token))
        if row is None or not _counts(row):
            return None
        seen_long_ago = now() - row.seen_at > SEEN_EVERY
        user = row.user
        found = SignedInUser(id=user.id, display_name=user.display_name, session_id=row.id, language=user.language or None,
                             time_zone=user.time_zone, roles=roles_of(user))
    if seen_long_ago:
        _mark_seen(found.session_id)
    return found


def close(session_id: int) -> None:
    """End a session; its open WebSockets close with it."""
    with transaction():
        row = Session.get(id=session_id)
        if row is not None and row.closed_at is None:
            row.closed_at = now()
            after_commit(lambda: close_sessions([session_id]))


def _counts(row: Session) -> bool:
    idle = timedelta(days=runtime().settings[AuthSettings].idle_days)
    at: datetime = now()
    return row.closed_at is None and at < row.expires_at and at - row.seen_at < idle and row.generation == row.user.session_token


def _mark_seen(session_id: int) -> None:
    if runtime().program == "cable":
        return  # its look-ups only read; the next page visit will tell
    try:
        with transaction():
            row = Session.get(id=session_id)
            if row is not None:
                row.seen_at = now()
    except UNAVAILABLE:
        log.warning("session_not_marked_seen", session_id=session_id)  # a reader must not fail because nothing can be written


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
