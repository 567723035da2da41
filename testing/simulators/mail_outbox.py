"""A page that shows the outbox as a mail program would, so that a newcomer reads the school's mail without a mail server."""

from __future__ import annotations

from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

from flask import Blueprint, abort, make_response, render_template, url_for
from werkzeug.wrappers import Response

from studium.core.production import development_only
from studium.services.mail import outbox

LATEST = 50
PATH = "/simulators/mail"
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'; base-uri 'self'"
blueprint = Blueprint("simulated_mail", __name__, url_prefix=PATH, template_folder="templates")


@blueprint.get("")
@development_only
def box() -> str:
    """The latest mails, the newest first."""
    mails = [(path.name, _read(path)) for path in outbox.files()[:LATEST]]
    return render_template("simulators/mail.html", mails=mails, mail=None)


@blueprint.get("/<name>")
@development_only
def one(name: str) -> str:
    """One mail: its headers and both parts."""
    message = _read(_find(name))
    plain = message.get_body(("plain",))
    return render_template("simulators/mail.html", mail=message, text=plain.get_content() if plain else "", mails=(),
                           html=url_for("simulated_mail.html_part", name=name))


@blueprint.get("/<name>/html")
@development_only
def html_part(name: str) -> Response:
    """The HTML part by itself, for a frame: it has inline styles, which no page of the site may have, and no script."""
    body = _read(_find(name)).get_body(("html",))
    if body is None:
        abort(404)
    response = make_response(body.get_content().replace("<head>", '<head><base target="_top">', 1))
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _find(name: str) -> Path:
    return outbox.find(name) or abort(404)


def _read(path: Path) -> EmailMessage:
    return message_from_bytes(path.read_bytes(), policy=default)
