"""Downloads of documents: for the owner only, while they last."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from flask import make_response, render_template, send_file
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.clock import now
from studium.core.database import reading
from studium.core.errors import NotFound, Problem, render, wants_json
from studium.plugins.documents.entities import Document
from studium.plugins.documents.storage import folder
from studium.services.users import require_user

ID = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True)
class Stored:
    """A document that belongs to the reader; `path` is None when it can no longer be downloaded."""

    filename: str
    content_type: str
    path: Path | None


def show(document_id: str) -> Response:
    """GET and HEAD /documents/<id>; 404 for what does not exist and for what is somebody else's, 410 for what has expired."""
    found = find_document(require_user().id, document_id)
    if found is None:
        raise NotFound("There is no such document.")
    if found.path is None:
        return _gone(found)
    try:
        return _send(found, found.path)
    except FileNotFoundError:  # removed between the look-up and now
        return _gone(found)


def find_document(user_id: int, document_id: str) -> Stored | None:
    """The person's document of this id; None for an unknown id and for somebody else's."""
    if not ID.fullmatch(document_id):
        return None
    with reading():
        row = Document.get(id=document_id, user_id=user_id)
        if row is None:
            return None
        lasts = row.removed_at is None and row.expires_at > now()
        return Stored(row.filename, row.content_type, folder() / row.path if lasts else None)


def _send(found: Stored, path: Path) -> Response:
    """The file, or the part that a Range header asks for; the name goes out in any script (RFC 6266, section 4.3)."""
    response = send_file(path, found.content_type, as_attachment=True, download_name=found.filename, conditional=True, etag=False)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def _gone(found: Stored) -> Response:
    """410 (RFC 9110, section 15.5.11): it was here, and what to do now."""
    if wants_json():
        detail = _("This file was removed after its time. Make it again; that takes a moment.")
        return render(Problem(detail, status=410, code="gone", title="The file is no longer here"))
    response = make_response(render_template("documents/gone.html", filename=found.filename), 410)
    response.headers["Cache-Control"] = "private, no-store"
    return response
