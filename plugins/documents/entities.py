"""Rows of documents: files that wait to be downloaded, and certificates, which are for good."""

from __future__ import annotations

from datetime import datetime

from pony.orm import LongStr, Optional, PrimaryKey, Required, Set, composite_key

from studium.core.database import db


class Document(db.Entity):  # type: ignore[misc]
    """A file made by a job; `path` is its name in the folder `documents/` of the data folder, `bytes` its size.

    The row outlives its file (`removed_at`) for a while, so that a late download gets an explanation rather than "not found".
    """

    _table_ = "document"
    id = PrimaryKey(str, 32)
    job_id = Required(str, 36)
    user_id = Required(int, index="idx_document__user_id")
    kind = Required(str, 100)
    filename = Required(str, 200)
    content_type = Required(str, 100)
    bytes = Required(int, size=64)
    path = Required(str, 100, unique=True)
    created_at = Required(datetime)
    expires_at = Required(datetime, index="idx_document__expires_at")
    removed_at = Optional(datetime)
    composite_key(job_id, filename)


class Certificate(db.Entity):  # type: ignore[misc]
    """One completed course of one student, once and for good; names and titles are those of the day of issue.

    `course_titles` is JSON {language: title}; `time_zone` says on which day the UTC moments were for the student; `document_id` is the
    newest PDF, which may have expired. `revoked_...` is the present state, `changes` its history.
    """

    _table_ = "certificate"
    id = PrimaryKey(int, auto=True)
    code = Required(str, 32, unique=True)
    user_id = Required(int)
    course_id = Required(int)
    student_name = Required(str, 400)
    course_titles = Required(LongStr, lazy=False)
    language = Required(str, 20)
    time_zone = Required(str, 64)
    completed_at = Required(datetime)
    issued_at = Required(datetime)
    document_id = Optional(str, 32)
    revoked_at = Optional(datetime)
    revoked_by = Optional(str, 200)
    revoke_reason = Optional(str, 1000)
    changes = Set("CertificateChange")
    composite_key(user_id, course_id)


class CertificateChange(db.Entity):  # type: ignore[misc]
    """A certificate was `revoked` or `restored`: by whom, when and why. Never changed or deleted."""

    _table_ = "certificate_change"
    id = PrimaryKey(int, auto=True)
    certificate = Required(Certificate, column="certificate", index="idx_certificate_change__certificate")
    change = Required(str, 20)
    by = Required(str, 200)
    reason = Optional(str, 1000)
    at = Required(datetime)


ENTITIES = [Document, Certificate, CertificateChange]
