"""The public pages of certificates: anybody who has a code can see whether it is genuine, and nothing else about the person."""

from __future__ import annotations

from flask import make_response, redirect, render_template, request
from flask_babel import format_date
from werkzeug.wrappers import Response

from studium.core.errors import NotFound, wants_json
from studium.plugins.documents import certificates
from studium.plugins.documents.certificate_job import KIND
from studium.plugins.documents.certificates import CertificateView
from studium.plugins.documents.downloads import find_document
from studium.services.languages import language
from studium.services.users import current_user

LONGEST_CODE = 60


def find() -> Response:
    """GET /certificates?code=...: the form to enter a code, and the way from there to its page."""
    written = request.args.get("code", "").strip()[:LONGEST_CODE]
    if not written:
        return _page("documents/find_certificate.html", 200, written="")
    certificate = certificates.find(written)
    return redirect(certificate.path) if certificate else _unknown(written)


def show(code: str) -> Response:
    """GET /certificates/<code>, the code as people write it: valid, revoked, or 404 in friendly words."""
    certificate = certificates.find(code)
    if certificate is None:
        return _unknown(code[:LONGEST_CODE])
    return _page("documents/certificate.html", 200, certificate=certificate, course=certificate.course_title(language()),
                 day=lambda date: format_date(date, "long"), kind=KIND, **_for_the_owner(certificate))


def _for_the_owner(certificate: CertificateView) -> dict[str, object]:
    """Whether the reader is the owner, and where the PDF is while it lasts."""
    user = current_user()
    if user is None or user.id != certificate.user_id:
        return {"is_owner": False, "download": None}
    stored = find_document(user.id, certificate.document_id)
    return {"is_owner": True, "download": f"/documents/{certificate.document_id}" if stored and stored.path else None}


def _unknown(written: str) -> Response:
    if wants_json():
        raise NotFound("There is no certificate with this code.")
    return _page("documents/find_certificate.html", 404, written=written)


def _page(template: str, status: int, **values: object) -> Response:
    """A page that search engines leave out: a certificate is shown to those who were given its code."""
    response = make_response(render_template(template, **values), status)
    response.headers["X-Robots-Tag"] = "noindex"
    return response
