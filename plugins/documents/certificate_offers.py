"""What the dashboard offers of certificates: one for each course that the person has completed."""

from __future__ import annotations

from studium.core.runtime import runtime
from studium.plugins.documents import certificates
from studium.plugins.documents.certificate_job import KIND
from studium.services.courses.catalogue import find_courses
from studium.services.offers import JobOffer
from studium.services.translation import translator
from studium.services.users import SignedInUser


def certificate_offers(user: SignedInUser, language: str) -> list[JobOffer]:
    """Issued certificates whose PDF may be made again, and completed courses whose certificate is not made yet."""
    issued = {one.course_id: one for one in certificates.all_issued(user.id)}
    titles = {one.course_id: one.course_title(language) for one in issued.values() if one.revoked_at is None}
    for course in find_courses(language):
        if course.id not in issued and _is_completed(user.id, course.id):
            titles[course.id] = course.title
    _ = translator(language).gettext
    text = _("A PDF with your name and a code by which anybody can check it.")
    return [JobOffer(KIND, {"course": course_id, "language": language}, _("Certificate: {course}").format(course=title), text)
            for course_id, title in sorted(titles.items())]


def _is_completed(user_id: int, course_id: int) -> bool:
    found = runtime().hooks.find_course_progress(user_id=user_id, course_id=course_id)
    return found is not None and found.completed_at is not None
