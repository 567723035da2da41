"""Asks for the certificate as soon as a course is completed, so that the student finds it waiting."""

from __future__ import annotations

from studium.core.database import transaction
from studium.core.logs import get_logger
from studium.plugins.documents import certificates
from studium.plugins.documents.certificate_job import CertificateParams, make_certificate, unique
from studium.queue import jobs
from studium.services.courses.catalogue import CourseInfo, find_course_by_id
from studium.services.facts import CourseCompleted
from studium.services.languages import LANGUAGES
from studium.services.people import Person, find_person

log = get_logger(__name__)


def ask_for_certificate(fact: CourseCompleted) -> None:
    """Enqueue the job, unless the certificate is issued already or its job is active: a fact may be delivered twice.

    Raises TooManyJobs when the student has as many active jobs as they may; the delivery is then tried again later.
    """
    person, course = find_person(fact.user_id), find_course_by_id(fact.course_id)
    if person is None or course is None:
        log.warning("certificate_not_asked_for", user_id=fact.user_id, course_id=fact.course_id, user_gone=person is None)
        return
    params = CertificateParams.model_validate({"course": course.id, "language": _language(person, course)})
    with transaction():
        if certificates.find_issued(person.id, course.id) is None:
            jobs.enqueue(make_certificate, params, user_id=person.id, unique_key=unique(person.id, params))


def _language(person: Person, course: CourseInfo) -> str:
    """The person's own language, else the course's."""
    return next((code for code in (person.language, *course.languages) if code in LANGUAGES), LANGUAGES[0])
