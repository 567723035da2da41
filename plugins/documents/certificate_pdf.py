"""Draws a certificate: one A4 page, from templates/documents/certificate.typ. Only the running job imports it: it needs heavy libraries."""

from __future__ import annotations

import io
from pathlib import Path

import segno
from babel.dates import format_date

from studium.plugins.documents.certificates import CertificateView
from studium.services import typesetting
from studium.services.site import absolute_url, site_name
from studium.services.translation import translator
from studium.services.typesetting import drawable

TEMPLATE = Path(__file__).parent / "templates" / "documents" / "certificate.typ"


def draw(certificate: CertificateView, language: str, format: str = "pdf") -> bytes:
    """The certificate in `language` as a PDF, tagged for screen readers; `format` "png" is for looking at it."""
    return typesetting.draw(TEMPLATE, _values(certificate, language), format)[0]


def _values(certificate: CertificateView, language: str) -> dict[str, str]:
    _ = translator(language).gettext
    address = absolute_url(certificate.path)
    course = drawable(certificate.course_title(language))
    return {
        "language": language,
        "document_title": _("Certificate: {course}").format(course=course),
        "school": site_name(),
        "title": _("Certificate"),
        "subtitle": _("of completion"),
        "certifies": _("This certifies that"),
        "name": drawable(certificate.student_name),
        "completed": _("has successfully completed the course"),
        "course": course,
        "date_label": _("Completed on"),
        "date": format_date(certificate.completed_on, "long", locale=language),
        "code_label": _("Certificate code"),
        "code": certificate.shown_code,
        "check_label": _("Check that it is genuine"),
        "shown_site": address.partition("://")[2].removesuffix(certificate.shown_code),
        "url": address,
        "qr": qr_image(address),
        "qr_alt": _("QR code of {address}").format(address=address),
    }


def qr_image(address: str) -> str:
    """The QR code of an address as SVG, with the quiet zone that scanners need (ISO/IEC 18004, section 6.3.8: four modules)."""
    image = io.BytesIO()
    segno.make(address, error="m", micro=False).save(image, kind="svg", border=4, dark="#1d2426", xmldecl=False)
    return image.getvalue().decode()
