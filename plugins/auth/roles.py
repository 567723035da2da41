"""Roles: who besides a student a person is, by a row (`studium users grant`) or by a setting, and since when."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from studium.core.clock import now
from studium.core.database import after_commit, reading, transaction
from studium.core.errors import StudiumError
from studium.core.logs import get_logger
from studium.core.runtime import runtime
from studium.plugins.auth.entities import User, UserRole
from studium.plugins.auth.settings import AuthSettings
from studium.services.users import OPS, OWNER, STUDENT

log = get_logger(__name__)
GRANTABLE = (OWNER, OPS)
SETTINGS = {OWNER: "STUDIUM_AUTH_OWNER_IDS", OPS: "STUDIUM_AUTH_OPS_IDS"}


@dataclass(frozen=True)
class GrantedRole:
    """A role of a person; by a setting there is no time, and a person who has never signed in has no name."""

    telegram_id: int
    display_name: str | None
    role: str
    granted_by: str
    granted_at: datetime | None


def roles_of(user: User) -> frozenset[str]:
    """The person's roles as they are now, in one query; needs an open reading or transaction."""
    rows = UserRole.select(lambda row: row.user == user)
    return frozenset({STUDENT, *(row.role for row in rows), *_roles_by_setting(user.telegram_id)})


def grant(telegram_id: int, role: str, by: str) -> bool:
    """Give the person the role; False when they have it already. Raises StudiumError for an unknown person or role."""
    _check(role)
    with transaction():
        user = _find(telegram_id)
        if UserRole.get(user=user, role=role) is not None:
            return False
        UserRole(user=user, role=role, granted_by=by, granted_at=now())
        after_commit(lambda: log.info("role_granted", telegram_id=telegram_id, role=role, by=by))
        return True


def revoke(telegram_id: int, role: str, by: str) -> bool:
    """Take the role from the person, at once; False when they do not have it.

    Raises StudiumError for an unknown person or role, and for a role that a setting gives.
    """
    _check(role)
    if role in _roles_by_setting(telegram_id):
        raise StudiumError(f"{telegram_id} has the role {role} by the setting {SETTINGS[role]}. Take the id out there and restart.")
    with transaction():
        row = UserRole.get(user=_find(telegram_id), role=role)
        if row is None:
            return False
        row.delete()
        after_commit(lambda: log.info("role_revoked", telegram_id=telegram_id, role=role, by=by))
        return True


def granted_roles() -> list[GrantedRole]:
    """Every role beyond student, of rows and of settings, by role and Telegram id."""
    with reading():
        found = [*_by_rows(), *_by_settings()]
    return sorted(found, key=lambda one: (one.role, one.telegram_id, one.granted_by))


def _by_rows() -> Iterator[GrantedRole]:
    for row in UserRole.select().prefetch(User):
        yield GrantedRole(row.user.telegram_id, row.user.display_name, row.role, row.granted_by, row.granted_at)


def _by_settings() -> Iterator[GrantedRole]:
    for role, telegram_ids in _ids_in_settings().items():
        for telegram_id in telegram_ids:
            user = User.get(telegram_id=telegram_id)
            yield GrantedRole(telegram_id, user and user.display_name, role, SETTINGS[role], None)


def _roles_by_setting(telegram_id: int) -> set[str]:
    return {role for role, telegram_ids in _ids_in_settings().items() if telegram_id in telegram_ids}


def _ids_in_settings() -> dict[str, tuple[int, ...]]:
    settings = runtime().settings[AuthSettings]
    return {OWNER: settings.owner_ids, OPS: settings.ops_ids}


def _find(telegram_id: int) -> User:
    user = User.get(telegram_id=telegram_id)
    if user is None:
        raise StudiumError(f"Nobody with the Telegram id {telegram_id} has signed in yet. They have to sign in once; or put the id into "
                           f"{SETTINGS[OPS]} or {SETTINGS[OWNER]}.")
    return user


def _check(role: str) -> None:
    if role not in GRANTABLE:
        raise StudiumError(f"There is no role {role!r} to grant or revoke; there are: {', '.join(GRANTABLE)}.")
