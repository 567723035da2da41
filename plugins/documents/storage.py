"""Keeps a job's file in the data folder: it appears there whole or not at all, and its row is written after it.

A crash in between leaves a file without a row, which trimming removes a day later.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pony.orm import desc

from studium.core.clock import now
from studium.core.database import after_commit, transaction
from studium.core.runtime import runtime
from studium.plugins.documents.entities import Document
from studium.plugins.documents.settings import DocumentsSettings, kept_for
from studium.queue.kinds import Discard
from studium.queue.running import RunningJob

LONGEST_FILENAME = 200  # bytes in UTF-8: file systems take 255, and browsers and archive programs add to it
LONGEST_ENDING = 20
SURPLUS_AT_ONCE = 100
PARTIAL = ".partial-"


def keep(job: RunningJob, filename: str, content_type: str, write: Callable[[Path], object]) -> dict[str, Any]:
    """Let `write` make the file at the path that it is given, keep it for the job's user, and answer the job's result.

    The result is {"download": address, "filename", "bytes", "expires_at": ISO 8601, UTC}. Called again with the same file name in the
    same job, it replaces its own file and keeps the address. `filename` is the name for saving, in any script; what exceeds 200
    bytes of it is cut off. Call it outside a transaction. Raises Discard for a job that belongs to nobody.
    """
    if job.user_id is None:
        raise Discard("A document is made for a user, but this job has none.")
    filename = saved_name(filename)
    stored = folder() / f"{job.id}-{secrets.token_hex(8)}"  # new in each run, so that two runs at once do not meet
    size = _write_whole(stored, write)
    document_id, expires_at = _record(job, job.user_id, filename, content_type, stored, size)
    return {"download": f"/documents/{document_id}", "filename": filename, "bytes": size, "expires_at": f"{expires_at}Z"}


def folder() -> Path:
    """The folder of the files, made if it is missing; nobody but the owner of the process may look into it."""
    found = runtime().settings.core.data_dir / "documents"
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def saved_name(filename: str) -> str:
    """The name without what file systems refuse or people cannot see, its ending kept when it is cut."""
    clean = "".join(char if char.isprintable() and char not in '/\\:*?"<>|' else " " for char in filename)
    whole = " ".join(clean.split())
    stem, dot, ending = whole.rpartition(".")
    stem, ending = (stem, f"{dot}{ending}") if stem and len(ending) <= LONGEST_ENDING else (whole.lstrip("."), "")
    cut = stem.encode()[: LONGEST_FILENAME - len(ending.encode())].decode(errors="ignore")
    return (cut.rstrip(" .") or "document") + ending


def _write_whole(target: Path, write: Callable[[Path], object]) -> int:
    """Write beside the target, sync to disk, rename; answers the size in bytes."""
    descriptor, name = tempfile.mkstemp(prefix=PARTIAL, dir=target.parent)
    os.close(descriptor)
    partial = Path(name)
    try:
        write(partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        size = partial.stat().st_size
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return size


def _record(job: RunningJob, user_id: int, filename: str, content_type: str, stored: Path, size: int) -> tuple[str, str]:
    """Write or renew the row, and remove the file that it named before; answers its id and when it expires."""
    created_at = now().replace(microsecond=0)
    expires_at = created_at + kept_for()
    values: dict[str, Any] = {"content_type": content_type, "bytes": size, "path": stored.name, "created_at": created_at,
                              "expires_at": expires_at, "removed_at": None}
    with transaction():
        row = Document.get(job_id=job.id, filename=filename)
        if row is None:
            row = Document(id=secrets.token_hex(16), job_id=job.id, user_id=user_id, kind=job.kind, filename=filename, **values)
        else:
            before = stored.parent / row.path
            after_commit(lambda: before.unlink(missing_ok=True))
            row.set(**values)
        _remove_surplus(row)
        return row.id, expires_at.isoformat()


def _remove_surplus(row: Document) -> None:
    """Of the person's other files of this kind only the newest stay: asking again and again must not fill the disk."""
    others = Document.select(lambda other: other.user_id == row.user_id and other.kind == row.kind and other.id != row.id)
    first = runtime().settings[DocumentsSettings].most_files - 1
    for surplus in others.order_by(lambda other: (desc(other.created_at), other.id))[first : first + SURPLUS_AT_ONCE]:
        after_commit(partial((folder() / surplus.path).unlink, missing_ok=True))
        surplus.delete()


def _sync_folder(path: Path) -> None:
    """Make the rename itself durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
