"""Sign-in as any demo person, by saying so: only for development and tests; production does not have these routes."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, redirect, request
from pydantic import BeforeValidator, Field
from werkzeug.wrappers import Response

from studium.core import api
from studium.core.api import Schema
from studium.core.csrf import csrf
from studium.plugins.auth.people import Identity
from studium.plugins.auth.routes import AFTER_SIGN_IN, describe, keep_token, open_browser
from studium.services.redirects import safe_path

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
def sign_in_as() -> Response:
    """Sign in from a form, going on to `next`, or from JSON, answering with the user."""
    if request.form:
        asked = api.parse_json(DevelopmentSignIn, api.json_text(request.form.to_dict()))
        response: Response = redirect(safe_path(asked.next, AFTER_SIGN_IN), 303)
        token, _user = open_browser(_identity(asked), "development")
        keep_token(response, token)
        return response
    asked = api.read_json(DevelopmentSignIn)
    token, user = open_browser(_identity(asked), "development")
    response = api.data(describe(user))
    keep_token(response, token)
    return response


def _identity(asked: DevelopmentSignIn) -> Identity:
    return Identity(asked.telegram_id, asked.first_name.strip(), asked.last_name.strip(), asked.username.strip())
