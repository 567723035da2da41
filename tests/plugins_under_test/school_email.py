"""A school's own way to sign in: a code that goes to the e-mail address which the school knows. An example of a third-party method.

The school numbers its people itself, below zero, where no Telegram id is.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Sequence

from flask import Blueprint, redirect, render_template_string, request, session, url_for
from werkzeug.wrappers import Response

from studium.core.errors import Forbidden
from studium.core.plugins import hookimpl
from studium.services.sign_in import ExternalIdentity, SignInMethod, sign_in

PEOPLE = {"anna@school.example": ExternalIdentity(-1, "Anna", "Petrova"), "otto@school.example": ExternalIdentity(-2, "Otto")}
MAILED: dict[str, str] = {}  # stands for the post office
FORM = """<form method="post"><input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
<input name="{{ name }}"><button>Go</button></form>"""
blueprint = Blueprint("school_email", __name__, url_prefix="/auth/school")


@blueprint.get("")
def ask() -> str:
    """Ask for the address; `next` stays with this browser."""
    session["school_next"] = request.args.get("next", "")
    return render_template_string(FORM, name="address")


@blueprint.post("")
def mail() -> Response:
    """Mail a code if the school knows the address, and say nothing of whether it does."""
    address = request.form.get("address", "")
    session["school_code"], session["school_address"] = f"{secrets.randbelow(10**6):06}", address
    if address in PEOPLE:
        MAILED[address] = session["school_code"]
    return redirect(url_for("school_email.ask_code"), 303)


@blueprint.get("/code")
def ask_code() -> str:
    """Ask for the code."""
    return render_template_string(FORM, name="code")


@blueprint.post("/code")
def check() -> Response:
    """Sign in with the right code, which is of use once, right or wrong."""
    code, address = session.pop("school_code", None), session.pop("school_address", "")
    if code is None or address not in PEOPLE or not hmac.compare_digest(code.encode(), request.form.get("code", "").encode()):
        raise Forbidden("This is not the code that was mailed. Ask for a new one.")
    return sign_in(PEOPLE[address], "school_email", session.pop("school_next", ""))


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    """Its four pages."""
    return [blueprint]


@hookimpl
def register_sign_in_methods() -> Sequence[SignInMethod]:
    """After the first of Telegram's."""
    return [SignInMethod("school_email", "School e-mail", "text", "school_email.ask", order=15, hint="A code comes by mail.")]
