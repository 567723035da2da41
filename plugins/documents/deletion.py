"""What remains of a deleted account here: no file and no name. Its certificates say that their holder withdrew them."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from studium.core.database import after_commit, transaction
from studium.plugins.documents.certificates import withdraw
from studium.plugins.documents.entities import Certificate, Document
from studium.plugins.documents.storage import folder
from studium.services.ended_accounts import stop_jobs_of

BATCH = 200


def forget(user_id: int) -> None:
    """Remove the person's files, and the name from their certificates; safe to repeat.

    Raises StillRunning while one of their jobs might still make a document. A crash between a row and its file leaves a file without
    a row, which trimming removes.
    """
    stop_jobs_of(user_id)
    while _remove_files(user_id, folder()):
        continue
    with transaction():
        for certificate in Certificate.select(lambda row: row.user_id == user_id):
            withdraw(certificate)


def _remove_files(user_id: int, place: Path) -> int:
    """At most BATCH of them; answers how many."""
    with transaction():
        rows = Document.select(lambda row: row.user_id == user_id)[:BATCH]
        for row in rows:
            after_commit(partial((place / row.path).unlink, missing_ok=True))
            row.delete()
    return len(rows)
