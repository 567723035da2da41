"""Server-side sessions: opening, finding and closing them. The browser holds a random token, the database only its hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pony.orm import select

from studium.core.clock import now
from studium.core.database import UNAVAILABLE, after_commit, query, reading, transaction
from studium.core.facts import publish
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.plugins.auth.entities import Session, User
from studium.plugins.auth.roles import roles_of
from studium.plugins.auth.secret_tokens import hash_of, new_token
from studium.plugins.auth.settings import AuthSettings
from studium.plugins.auth.user_agents import Device, read_device
from studium.services.cable.publishing import close_sessions
from studium.services.facts import SignedInOnNewDevice, UserSignedIn
from studium.services.users import SignedInUser

log = get_logger(__name__)
SEEN_EVERY = timedelta(minutes=5)
LONGEST_AGENT = 300
STILL_OPEN = """
SELECT s.id FROM user_session s JOIN "user" u ON u.id = s."user"
WHERE s.id IN ({marks}) AND s.closed_at IS NULL AND s.expires_at > ? AND s.seen_at > ? AND s.generation = u.session_token"""


@dataclass(frozen=True)
class SessionView:
    """A session as its owner sees it; times are naive UTC, `user_agent` is what the browser said of itself at sign-in."""

    id: int
    method: str
    user_agent: str
    address: str
    created_at: datetime
    seen_at: datetime


def open_session(user: User, method: str, user_agent: str, address: str) -> str:
    """Open a session for the user and return its token, which is not stored. Needs an open transaction."""
    token, device = new_token(), read_device(user_agent)
    is_new = _is_new(user, device)
    lifetime = timedelta(days=runtime().settings[AuthSettings].session_days)
    row = Session(user=user, token_hash=hash_of(token), generation=user.session_token, method=method,
                  user_agent=user_agent[:LONGEST_AGENT], address=address, created_at=now(), seen_at=now(), expires_at=now() + lifetime)
    row.flush()
    publish(UserSignedIn(user_id=user.id, session_id=row.id, method=method, signed_in_at=row.created_at))
    if is_new:
        publish(SignedInOnNewDevice(user_id=user.id, session_id=row.id, method=method, device=device.in_words, signed_in_at=row.created_at))
    return token


def find(token: str) -> SignedInUser | None:
    """The user of an open session; None for an unknown, closed, expired or idle one."""
    with reading():
        row = Session.get(token_hash=hash_of(token))
        if row is None or not _counts(row):
            return None
        seen_long_ago = now() - row.seen_at > SEEN_EVERY
        user = row.user
        found = SignedInUser(id=user.id, display_name=user.display_name, session_id=row.id, language=user.language or None,
                             time_zone=user.time_zone, roles=roles_of(user))
        session_id = row.id
    if seen_long_ago:
        _mark_seen(session_id)
    return found


def close(session_id: int) -> None:
    """End a session; its open WebSockets close with it."""
    with transaction():
        row = Session.get(id=session_id)
        if row is not None:
            _close([row])


def close_one(user_id: int, session_id: int) -> bool:
    """End a session of the person; one that has ended stays as it is. False for somebody else's and unknown ones."""
    with transaction():
        row = Session.get(id=session_id)
        if row is None or row.user.id != user_id:
            return False
        _close([row])
        return True


def close_others(user_id: int, keep: int) -> int:
    """End all sessions of the person but the one to keep; answers how many there were."""
    with transaction():
        return _close(Session.select(lambda row: row.user.id == user_id and row.id != keep and row.closed_at is None)[:])


def list_of(user_id: int) -> list[SessionView]:
    """The person's sessions that count, the one seen last first."""
    with reading():
        rows = Session.select(lambda row: row.user.id == user_id and row.closed_at is None).prefetch(User)
        found = [SessionView(row.id, row.method, row.user_agent, row.address, row.created_at, row.seen_at)
                 for row in rows if _counts(row)]
    return sorted(found, key=lambda one: (one.seen_at, one.id), reverse=True)


def address_of(session_id: int) -> str | None:
    """Where the session was opened from; None for an unknown one, and when nobody knows."""
    with reading():
        row = Session.get(id=session_id)
        return row.address or None if row is not None else None


def find_open(session_ids: Sequence[int]) -> set[int]:
    """Which of the sessions count, by one look at the database: the cable asks for all open sockets."""
    marks = ", ".join("?" * len(session_ids))
    at = now()
    with reading():
        found = query(STILL_OPEN.format(marks=marks), [*session_ids, _text(at), _text(at - _idle())])
    return {session_id for (session_id,) in found}


def _is_new(user: User, device: Device) -> bool:
    """Whether the person signed in before, but never with this browser on this system; the version does not count, it changes weekly."""
    if user.id is None:
        return False  # made in this transaction
    known = {read_device(agent) for agent in select(row.user_agent for row in Session if row.user == user)}  # type: ignore[attr-defined]
    return bool(known) and device not in known


def _close(rows: Sequence[Session]) -> int:
    """Within a transaction: end those that are open; answers how many."""
    ended = [row for row in rows if row.closed_at is None]
    for row in ended:
        row.closed_at = now()
    if ended:
        session_ids = [row.id for row in ended]
        after_commit(lambda: close_sessions(session_ids))
    return len(ended)


def _counts(row: Session) -> bool:
    at: datetime = now()
    return row.closed_at is None and at < row.expires_at and at - row.seen_at < _idle() and row.generation == row.user.session_token


def _idle() -> timedelta:
    return timedelta(days=runtime().settings[AuthSettings].idle_days)


def _text(at: datetime) -> str:
    return at.isoformat(" ", "microseconds")


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
