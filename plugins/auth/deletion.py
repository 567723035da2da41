"""Deletes an account: at once what makes it one, and by a fact what everybody else holds on the person."""

from __future__ import annotations

from pony.orm import select

from studium.core.clock import now
from studium.core.database import after_commit, transaction
from studium.core.facts import publish
from studium.core.logs import get_logger
from studium.plugins.auth.entities import Session, User
from studium.services.cable.publishing import close_sessions
from studium.services.ended_accounts import remove_jobs_of, stop_jobs_of
from studium.services.facts import UserDeleted

log = get_logger(__name__)


def delete_account(user_id: int) -> None:
    """Remove the person with their sign-ins, tokens and roles, and tell everybody; again for somebody who is gone does nothing.

    One transaction: after a crash either all of it is done and the fact will be delivered, or nothing is. Sockets close with the
    commit, or when the cable looks at their sessions next.
    """
    with transaction():
        user = User.get(id=user_id)
        if user is None:
            return
        session_ids = list(select(row.id for row in Session if row.user == user and row.closed_at is None))  # type: ignore[attr-defined]
        publish(UserDeleted(user_id=user_id, deleted_at=now()), unique_key=str(user_id))
        user.delete()
        after_commit(lambda: close_sessions(session_ids))
        after_commit(lambda: log.info("account_deleted", user_id=user_id))


def remove_jobs(user_id: int) -> None:
    """Stop and remove the jobs of a deleted account; raises StillRunning while one has not ended."""
    stop_jobs_of(user_id)
    remove_jobs_of(user_id)
