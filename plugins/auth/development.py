"""Sign-in as any demo person, by saying so: only for development and tests; production does not have these routes."""

from __future__ import annotations

from typing import Annotated, cast

from flask import Blueprint, request
from pydantic import BeforeValidator, Field
from werkzeug.wrappers import Response

from studium.core import api
from studium.core.api import Schema
from studium.core.csrf import csrf
from studium.core.errors import Forbidden
from studium.core.production import development_only
from studium.plugins.auth.routes import describe
from studium.services.limits import not_counted
from studium.services.sign_in import DEVELOPMENT, ExternalIdentity, keep_token, open_session, sign_in
from studium.services.users import SignedInUser, find_user

blueprint = Blueprint("auth_development", __name__)


def _no_truth(value: object) -> object:
    """JSON true is not the number 1, though Python says so."""
    if isinstance(value, bool):
        raise ValueError("it is a number")
    return value


class DevelopmentSignIn(Schema):
    """Who to be; `telegram_id` is any positive whole number of 63 bits."""

    telegram_id: Annotated[int, BeforeValidator(_no_truth)] = Field(gt=0, lt=2**63)
    first_name: str = Field("", max_length=64)
    last_name: str = Field("", max_length=64)
    username: str = Field("", max_length=32)
    next: str = ""
    csrf_token: str = ""


@blueprint.post("/auth/dev")
@csrf.exempt
@not_counted
@development_only
def sign_in_as() -> Response:
    """Sign in from a form, going on to `next`, or from JSON, answering with the user."""
    _refuse_other_sites()
    if request.form:
        asked = api.parse_json(DevelopmentSignIn, api.json_text(request.form.to_dict()))
        return sign_in(_identity(asked), DEVELOPMENT, asked.next)
    opened = open_session(_identity(api.read_json(DevelopmentSignIn)), DEVELOPMENT)
    response = api.data(describe(cast(SignedInUser, find_user(opened.token))))
    keep_token(response, opened)
    return response


def _refuse_other_sites() -> None:
    """There is no CSRF token here, so what browsers say of a form's origin has to do (Fetch Metadata); programs say nothing."""
    origin = request.headers.get("Origin")
    if request.headers.get("Sec-Fetch-Site") == "cross-site" or origin not in (None, request.host_url.rstrip("/")):
        raise Forbidden("Another site's page may not sign anybody in here.")


def _identity(asked: DevelopmentSignIn) -> ExternalIdentity:
    return ExternalIdentity(asked.telegram_id, asked.first_name.strip(), asked.last_name.strip(), asked.username.strip())
