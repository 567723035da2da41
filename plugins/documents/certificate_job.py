"""The job that makes a certificate: it issues the certificate once and draws its PDF as often as it is asked to."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from studium.core.errors import Conflict, NotFound
from studium.core.runtime import runtime
from studium.plugins.documents import certificates, storage
from studium.plugins.documents.certificates import CertificateView
from studium.plugins.documents.settings import kept_for
from studium.queue.kinds import Discard, job_kind
from studium.queue.running import RunningJob
from studium.services.courses.catalogue import CourseInfo, find_course, find_course_by_id
from studium.services.people import Person, find_person
from studium.services.progress import CourseProgress
from studium.services.translation import N_, translator

KIND = "certificate"
BY_ID = "id:"  # no slug begins so, while a slug may well be a number
ID = re.compile(rf"(?:{BY_ID})?([0-9]{{1,18}})")


class CertificateParams(BaseModel):
    """Of which course (its slug, or its id as a number), and in which language the PDF is."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    course: Annotated[str, BeforeValidator(lambda value: f"{BY_ID}{value}" if type(value) is int else value)] = Field(
        min_length=1, max_length=100)
    language: Literal["en", "ru"] = "en"


def admit(user_id: int, params: CertificateParams) -> None:
    """Refuse a course that does not exist (NotFound) or of which there is no certificate for this person (Conflict)."""
    _ = translator(params.language).gettext
    course = _find_course(params)
    if course is None:
        raise NotFound(_("There is no such course."))
    issued = certificates.find_issued(user_id, course.id)
    if issued is not None and issued.revoked_at is not None:
        raise Conflict(_("This certificate was revoked, so its PDF cannot be made again."))
    if issued is None and _progress(user_id, course).completed_at is None:
        raise Conflict(_("The certificate can be made as soon as you have completed all required lessons of the course."))


def unique(user_id: int | None, params: CertificateParams) -> str:
    """One active job a person and course, however the course is named."""
    course = _find_course(params)
    return f"{user_id}:{course.id if course else params.course}"


@job_kind(KIND, N_("Certificate"), params=CertificateParams, timeout=60, self_service=True, admit=admit, unique=unique, keep=kept_for,
          tells={"failed"})
def make_certificate(job: RunningJob, params: CertificateParams) -> dict[str, Any]:
    """Look the facts up, issue the certificate unless that is done, draw it, and keep the PDF for its owner."""
    _ = translator(params.language).gettext
    job.progress(5, _("Looking at what you have completed"))
    person, course = _person(job, params), _course(params)
    job.checkpoint()
    certificate = _issue(person, course, params)
    job.progress(40, _("Drawing the certificate"))
    job.checkpoint()
    from studium.plugins.documents.certificate_pdf import draw  # heavy; an idle worker does without it

    pdf = draw(certificate, params.language)
    job.progress(90, _("Storing the file"))
    job.checkpoint()
    title = _("Certificate")
    filename = f"{title} - {certificate.course_title(params.language)}.pdf"
    kept = storage.keep(job, filename, "application/pdf", lambda path: path.write_bytes(pdf))
    if not certificates.remember_document(certificate, kept["download"].rpartition("/")[2]):
        raise Discard(_("This certificate was revoked, so its PDF cannot be made again."))
    return kept | {"page": certificate.path}


def _person(job: RunningJob, params: CertificateParams) -> Person:
    person = find_person(job.user_id)
    if person is None:
        raise Discard(translator(params.language).gettext("The account that asked for this no longer exists."))
    return person


def _course(params: CertificateParams) -> CourseInfo:
    course = _find_course(params)
    if course is None:
        raise Discard(translator(params.language).gettext("The course no longer exists."))
    return course


def _issue(person: Person, course: CourseInfo, params: CertificateParams) -> CertificateView:
    """The certificate that was issued, else a new one; what `admit` asked is asked again, since time has passed."""
    _ = translator(params.language).gettext
    issued = certificates.find_issued(person.id, course.id)
    if issued is None:
        completed_at = _progress(person.id, course).completed_at
        if completed_at is None:
            raise Discard(_("The course is not completed: a required lesson is missing."))
        return certificates.issue(person, course, completed_at, params.language)
    if issued.revoked_at is not None:
        raise Discard(_("This certificate was revoked, so its PDF cannot be made again."))
    return issued


def _find_course(params: CertificateParams) -> CourseInfo | None:
    """By slug, as addresses have it; by id also a course that is no longer on offer."""
    named = find_course(params.course, params.language)
    if named is not None:
        return named
    by_id = ID.fullmatch(params.course)
    return find_course_by_id(int(by_id[1]), params.language) if by_id else None


def _progress(user_id: int, course: CourseInfo) -> CourseProgress:
    found: CourseProgress | None = runtime().hooks.find_course_progress(user_id=user_id, course_id=course.id)
    return found or CourseProgress(course.id, 0, 0, 0)
