"""Removes what nobody can download any more: files that expired, their rows some weeks later, and files that no row knows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from pony.orm import delete, select

from studium.core.clock import now
from studium.core.database import after_commit, reading, transaction
from studium.core.logs import get_logger
from studium.plugins.documents.entities import Document
from studium.plugins.documents.storage import folder
from studium.queue.kinds import job_kind
from studium.queue.periodic import PeriodicTask
from studium.queue.running import RunningJob
from studium.services.translation import N_

log = get_logger(__name__)
BATCH = 200
ROWS_OUTLIVE_FILES = timedelta(days=30)
ORPHAN_SECONDS = 24 * 3600
HOURLY = PeriodicTask("trim_documents", N_("Remove expired documents"), "trim_documents", cron="23 * * * *")


@job_kind("trim_documents", "Remove expired documents", timeout=600)
def trim_documents(job: RunningJob, _params: object) -> dict[str, Any]:
    """Remove a small batch after the other, so that nobody waits long for the write lock; answers how many of each."""
    result = {"files": 0, "rows": 0, "orphans": 0}
    for name, trim in (("files", remove_files), ("rows", remove_rows)):
        while removed := trim():
            result[name] += removed
            job.checkpoint()
    result["orphans"] = remove_orphans(job.checkpoint)
    if any(result.values()):
        log.info("documents_trimmed", **result)
    return result


def remove_files() -> int:
    """Remove at most BATCH expired files, keeping their rows; answers how many. A file that is gone already is no mistake."""
    place = folder()
    with transaction():
        at = now()
        rows = Document.select(lambda row: row.removed_at is None and row.expires_at <= at)[:BATCH]
        for row in rows:
            row.removed_at = at
            after_commit(partial((place / row.path).unlink, missing_ok=True))
    return len(rows)


def remove_rows() -> int:
    """Remove at most BATCH rows whose file is long gone; answers how many."""
    before = now() - ROWS_OUTLIVE_FILES
    with reading():
        old = list(select(row.id for row in Document if row.removed_at is not None and row.expires_at < before)[:BATCH])  # type: ignore[attr-defined]
    if not old:
        return 0
    with transaction():
        return int(delete(row for row in Document if row.id in old and row.removed_at is not None))  # type: ignore[attr-defined]


def remove_orphans(checkpoint: Callable[[], None] = lambda: None) -> int:
    """Remove files older than a day that no row names: what a crash left between a file and its row; answers how many."""
    removed = 0
    old = _old_files(folder())
    while names := list(islice(old, BATCH)):
        with reading():
            known = set(select(row.path for row in Document if row.path in names and row.removed_at is None))  # type: ignore[attr-defined]
        for name in set(names) - known:
            (folder() / name).unlink(missing_ok=True)
            removed += 1
        checkpoint()
    return removed


def _old_files(place: Path) -> Iterator[str]:
    with os.scandir(place) as entries:
        for entry in entries:
            if entry.is_file(follow_symlinks=False) and time.time() - entry.stat(follow_symlinks=False).st_mtime > ORPHAN_SECONDS:
                yield entry.name
