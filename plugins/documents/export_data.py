"""What this plugin itself holds on a person: the files that were made for them, and their certificates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from studium.core.clock import now
from studium.core.database import reading
from studium.plugins.documents.entities import Certificate, CertificateChange, Document
from studium.plugins.documents.export_archive import StoredFile
from studium.plugins.documents.storage import folder

FILE = ("id", "job_id", "kind", "filename", "content_type", "bytes", "created_at", "expires_at")
CERTIFICATE = ("code", "course_id", "student_name", "language", "time_zone", "completed_at", "issued_at", "revoked_at", "revoke_reason")


def export_user_data(user_id: int) -> dict[str, Any]:
    """Rows of files and certificates; who revoked a certificate is somebody else's data."""
    with reading():
        files = Document.select(lambda row: row.user_id == user_id).order_by(lambda row: (row.created_at, row.id))
        certificates = Certificate.select(lambda row: row.user_id == user_id).order_by(lambda row: row.id)
        return {"files": [row.to_dict(FILE) for row in files], "certificates": [_certificate(row) for row in certificates]}


def stored_files(user_id: int, *, without_kind: str) -> list[StoredFile]:
    """The person's files that can still be downloaded, the oldest first, except those of one kind of job."""
    at = now()
    with reading():
        rows = Document.select(lambda row: row.user_id == user_id and row.expires_at > at and row.kind != without_kind)
        return [StoredFile(folder() / Path(row.path).name, row.filename) for row in rows.order_by(lambda row: (row.created_at, row.id))]


def _certificate(row: Certificate) -> dict[str, Any]:
    changes = CertificateChange.select(lambda change: change.certificate == row).order_by(lambda change: change.id)
    values: dict[str, Any] = row.to_dict(CERTIFICATE)
    return values | {
        "course_titles": json.loads(row.course_titles),
        "changes": [{"change": change.change, "reason": change.reason, "at": change.at} for change in changes],
    }
