"""Certificates as values: issuing one for a completed course, once and for good, and finding, revoking and restoring it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.errors import StudiumError
from studium.core.facts import publish
from studium.core.logs import get_logger
from studium.plugins.documents.codes import new_code, read_code, show_code
from studium.plugins.documents.entities import Certificate, CertificateChange, Document
from studium.services.courses.catalogue import CourseInfo, find_course_by_id
from studium.services.facts import CertificateIssued
from studium.services.languages import LANGUAGES
from studium.services.people import Person
from studium.services.time_zones import zone_of

log = get_logger(__name__)
REVOKED, RESTORED, WITHDRAWN = "revoked", "restored", "withdrawn"
HOLDER = "its holder"  # who withdrew a certificate; the name is gone with the account
NO_NAME = "—"
LONGEST_NAME = 400
LONGEST_REASON = 1000


class UnknownCertificate(StudiumError):
    """There is no certificate with this code."""


class Withdrawn(StudiumError):
    """The certificate was withdrawn by its holder, whose name is no longer known."""


@dataclass(frozen=True)
class CertificateView:
    """A certificate as issued; times are naive UTC, days are those of the student's time zone. `code` is without dashes."""

    code: str
    user_id: int
    course_id: int
    student_name: str
    course_titles: dict[str, str]
    language: str
    completed_on: date
    issued_on: date
    issued_at: datetime
    document_id: str
    revoked_at: datetime | None
    revoked_on: date | None
    revoked_by: str
    revoke_reason: str

    @property
    def shown_code(self) -> str:
        """The code with dashes."""
        return show_code(self.code)

    @property
    def withdrawn(self) -> bool:
        """Whether its holder withdrew it, by deleting their account; then nobody's name is on it."""
        return self.revoked_at is not None and self.revoked_by == HOLDER

    @property
    def path(self) -> str:
        """Its public page."""
        return f"/certificates/{self.shown_code}"

    def course_title(self, language: str) -> str:
        """The course's title of the day of issue, in this language if it had one."""
        return self.course_titles.get(language) or self.course_titles[self.language]


def issue(person: Person, course: CourseInfo, completed_at: datetime, language: str) -> CertificateView:
    """The certificate of this person for this course, made now if there is none; an issued one stays as it is. `completed_at` is UTC."""
    titles = {code: _title(course, code) for code in {*LANGUAGES, language}}
    with transaction():
        row = Certificate.get(user_id=person.id, course_id=course.id)
        if row is None:
            row = Certificate(code=new_code(), user_id=person.id, course_id=course.id, student_name=person.full_name[:LONGEST_NAME],
                              course_titles=json.dumps(titles, ensure_ascii=False), language=language, time_zone=person.time_zone,
                              completed_at=completed_at, issued_at=now())
            row.flush()
            log.info("certificate_issued", certificate_id=row.id, user_id=person.id, course_id=course.id)
        return _view(row)


def find(written: str) -> CertificateView | None:
    """The certificate of a code as somebody wrote it, or None."""
    code = read_code(written)
    if code is None:
        return None
    with reading():
        row = Certificate.get(code=code)
        return _view(row) if row else None


def find_issued(user_id: int, course_id: int) -> CertificateView | None:
    """The certificate of this person for this course, or None."""
    with reading():
        row = Certificate.get(user_id=user_id, course_id=course_id)
        return _view(row) if row else None


def all_issued(user_id: int | None = None) -> list[CertificateView]:
    """All certificates, or those of one person, in the order of issue."""
    with reading():
        rows = Certificate.select() if user_id is None else Certificate.select(lambda row: row.user_id == user_id)
        return [_view(row) for row in rows.order_by(Certificate.id)]


def remember_document(certificate: CertificateView, document_id: str) -> bool:
    """Note which file is the newest PDF of the certificate; False, and the file is withdrawn, when it was revoked meanwhile.

    With the first of its files `certificate_issued` is published.
    """
    with transaction():
        row = Certificate.get(code=certificate.code)
        row.document_id = document_id
        if row.revoked_at is not None:
            _withdraw_document(row)
            return False
        publish(CertificateIssued(user_id=row.user_id, course_id=row.course_id, code=certificate.shown_code, path=certificate.path,
                                  issued_at=row.issued_at), unique_key=row.code)
        return True


def revoke(written: str, reason: str, by: str) -> CertificateView:
    """Declare a certificate invalid from now on and withdraw its PDF; `by` says who, in words. A revoked one stays as it is.

    Raises UnknownCertificate.
    """
    with transaction():
        row = _row(written)
        if row.revoked_at is None:
            row.set(revoked_at=now(), revoked_by=by, revoke_reason=reason[:LONGEST_REASON])
            _withdraw_document(row)
            _note(row, REVOKED, by, reason)
        return _view(row)


def restore(written: str, by: str, reason: str = "") -> CertificateView:
    """Make a revoked certificate valid again; one that is valid stays as it is. Raises UnknownCertificate and Withdrawn."""
    with transaction():
        row = _row(written)
        if row.revoked_by == HOLDER:
            raise Withdrawn(f"The certificate {written} was withdrawn by its holder with their account, and has no name any more.")
        if row.revoked_at is not None:
            row.set(revoked_at=None, revoked_by="", revoke_reason="")
            _note(row, RESTORED, by, reason)
        return _view(row)


def withdraw(row: Certificate) -> None:
    """Within a transaction: the holder's account is deleted, so the name goes, and with it what the certificate is worth.

    The code stays known: whoever checks a paper must learn that it counts no longer, rather than that it was never issued.
    """
    if row.revoked_by == HOLDER:
        return
    row.set(student_name=NO_NAME, document_id="", time_zone="UTC", revoked_at=now(), revoked_by=HOLDER, revoke_reason="")
    _note(row, WITHDRAWN, HOLDER, "")


def _row(written: str) -> Certificate:
    code = read_code(written)
    row = Certificate.get(code=code) if code else None
    if row is None:
        raise UnknownCertificate(f"There is no certificate with the code {written}. `studium certificates list` shows them.")
    return row


def _withdraw_document(row: Certificate) -> None:
    document = Document.get(id=row.document_id) if row.document_id else None
    if document is not None and document.expires_at > now():
        document.expires_at = now()


def _note(row: Certificate, change: str, by: str, reason: str) -> None:
    CertificateChange(certificate=row, change=change, by=by, reason=reason[:LONGEST_REASON], at=now())
    log.info(f"certificate_{change}", certificate_id=row.id, by=by)


def _title(course: CourseInfo, language: str) -> str:
    found = find_course_by_id(course.id, language)
    return found.title if found else course.title


def _view(row: Certificate) -> CertificateView:
    zone = zone_of(row.time_zone)
    return CertificateView(
        code=row.code, user_id=row.user_id, course_id=row.course_id, student_name=row.student_name,
        course_titles=json.loads(row.course_titles), language=row.language, completed_on=_day(row.completed_at, zone),
        issued_on=_day(row.issued_at, zone), issued_at=row.issued_at, document_id=row.document_id,
        revoked_at=row.revoked_at, revoked_on=_day(row.revoked_at, zone) if row.revoked_at else None,
        revoked_by=row.revoked_by, revoke_reason=row.revoke_reason,
    )


def _day(moment: datetime, zone: tzinfo) -> date:
    return moment.replace(tzinfo=UTC).astimezone(zone).date()
