"""API tokens: what programs of a person sign in with. A token is shown once; the database holds its hash."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from studium.core.clock import now
from studium.core.database import UNAVAILABLE, reading, transaction
from studium.core.errors import Conflict, NotFound
from studium.core.logs import get_logger
from studium.plugins.auth.entities import ApiToken, User
from studium.plugins.auth.secret_tokens import hash_of, new_token
from studium.services.token_scopes import SCOPES
from studium.services.users import STUDENT, SignedInUser

log = get_logger(__name__)
PREFIX = "st_"  # so that people, and programs that look for leaked secrets, know one when they see it
LONGEST_NAME = 60
MOST_TOKENS = 20
USED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class TokenView:
    """A token as its owner sees it; times are naive UTC, `expires_at` None lasts until it is revoked."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None


def create(user_id: int, name: str, scopes: Collection[str], days: int | None) -> str:
    """Make a token that lasts so many days (None: until it is revoked) and return it, which is not stored.

    `name` is 1 to LONGEST_NAME characters, `scopes` some of SCOPES. Raises ValueError for others, Conflict beyond
    MOST_TOKENS, NotFound for nobody.
    """
    if not 0 < len(name) <= LONGEST_NAME or not scopes or not set(scopes) <= set(SCOPES):
        raise ValueError(f"A token has a name of 1 to {LONGEST_NAME} characters, and scopes of: {', '.join(SCOPES)}.")
    token = new_token(PREFIX)
    with transaction():
        user = User.get(id=user_id)
        if user is None:
            raise NotFound("This account was deleted.")
        if len(_open_rows(user_id)) >= MOST_TOKENS:
            raise Conflict(f"One can have {MOST_TOKENS} tokens. Revoke one that is no longer needed.", code="too-many-tokens")
        ApiToken(user=user, name=name, token_hash=hash_of(token), scopes=" ".join(scope for scope in SCOPES if scope in scopes),
                 created_at=now(), expires_at=now() + timedelta(days=days) if days else None)
    log.info("api_token_created", user_id=user_id, scopes=sorted(scopes))
    return token


def find(token: str) -> SignedInUser | None:
    """The person of a token that counts, with its scopes; None for an unknown, expired or revoked one. Roles stay with the browser."""
    if not token.startswith(PREFIX):
        return None
    with reading():
        row = ApiToken.get(token_hash=hash_of(token))
        if row is None or not _counts(row):
            return None
        user, token_id = row.user, row.id
        used_lately = row.last_used_at is not None and now() - row.last_used_at < USED_EVERY
        found = SignedInUser(id=user.id, display_name=user.display_name, session_id=None, language=user.language or None,
                             time_zone=user.time_zone, roles=frozenset({STUDENT}), scopes=frozenset(row.scopes.split()))
    if not used_lately:
        _mark_used(token_id)
    return found


def list_of(user_id: int) -> list[TokenView]:
    """The person's tokens that count, the newest first."""
    with reading():
        return [TokenView(row.id, row.name, tuple(row.scopes.split()), row.created_at, row.last_used_at, row.expires_at)
                for row in _open_rows(user_id)]


def revoke(user_id: int, token_id: int) -> bool:
    """End a token of the person, from its next use on; one that has ended stays as it is. False for somebody else's and unknown ones."""
    with transaction():
        row = ApiToken.get(id=token_id)
        if row is None or row.user.id != user_id:
            return False
        if row.closed_at is None:
            row.closed_at = now()
            log.info("api_token_revoked", user_id=user_id, token_id=token_id)
        return True


def _open_rows(user_id: int) -> list[ApiToken]:
    rows = ApiToken.select(lambda row: row.user.id == user_id and row.closed_at is None).order_by(lambda row: row.id)
    return [row for row in reversed(list(rows)) if _counts(row)]


def _counts(row: ApiToken) -> bool:
    return row.closed_at is None and (row.expires_at is None or now() < row.expires_at)


def _mark_used(token_id: int) -> None:
    try:
        with transaction():
            row = ApiToken.get(id=token_id)
            if row is not None:
                row.last_used_at = now()
    except UNAVAILABLE:
        log.warning("api_token_not_marked_used", token_id=token_id)  # a reader must not fail because nothing can be written
