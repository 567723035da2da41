"""Forgets a student who deleted their account."""

from __future__ import annotations

from studium.core.clock import now
from studium.core.database import execute, transaction
from studium.plugins.progress.entities import ForgottenStudent, LessonRow, SessionRow

TABLES = (LessonRow._table_, SessionRow._table_)


def forget(user_id: int) -> None:
    """Remove what is known of their watching, and take no more of it; safe to repeat."""
    with transaction():
        if ForgottenStudent.get(user_id=user_id) is None:
            ForgottenStudent(user_id=user_id, forgotten_at=now()).flush()
        for table in TABLES:
            execute(f"DELETE FROM {table} WHERE user_id = ?", (user_id,))
