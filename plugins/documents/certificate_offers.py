"""What the dashboard offers of certificates: one for each course that the person has completed."""

from __future__ import annotations

from studium.plugins.documents import certificates
from studium.plugins.documents.certificate_job import KIND
from studium.services.courses.catalogue import find_courses
from studium.services.offers import JobOffer
from studium.services.progress import find_courses_progress
from studium.services.translation import translator
from studium.services.users import SignedInUser


def certificate_offers(user: SignedInUser, language: str) -> list[JobOffer]:
    """Issued certificates whose PDF may be made again, and completed courses whose certificate is not made yet."""
    issued = {one.course_id: one for one in certificates.all_issued(user.id)}
    titles = {one.course_id: one.course_title(language) for one in issued.values() if one.revoked_at is None}
    others = {course.id: course.title for course in find_courses(language) if course.id not in issued}
    progress = find_courses_progress(user.id, others)
    titles |= {course_id: others[course_id] for course_id, found in progress.items() if found.completed_at is not None}
    _ = translator(language).gettext
    text = _("A PDF with your name and a code by which anybody can check it.")
    return [JobOffer(KIND, {"course": course_id, "language": language}, _("Certificate: {course}").format(course=title), text)
            for course_id, title in sorted(titles.items())]
