"""An OpenID provider that answers as Telegram's does: discovery, keys, a page where one chooses a demo person, and the token endpoint.

It is strict where Telegram is (client secret by HTTP Basic, PKCE, one use of a code), and gives wrong answers when it is asked to.
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, abort, jsonify, redirect, render_template, request
from pydantic import SecretStr
from werkzeug.wrappers import Response as AnyResponse

from studium.core.csrf import csrf
from studium.core.errors import BadRequest
from studium.core.runtime import runtime
from studium.plugins.auth.demo import DEMO
from studium.services.site import absolute_url
from studium.services.telegram import LoginClient
from studium.testing.simulators.openid_faults import AT_THE_PAGE, FAULTS, sign
from studium.testing.simulators.openid_store import keep_code, private_keys, take_code

PATH = "/simulators/openid"
CLIENT_ID = "1000000001"
PUBLIC_PARTS = ("kty", "kid", "use", "alg", "n", "e")
blueprint = Blueprint("simulated_openid", __name__, url_prefix=PATH, template_folder="templates")
csrf.exempt(blueprint)  # who calls the token endpoint is a server


def login_client() -> LoginClient:
    """The site as a client of this provider, which is the same site; its secret is of no use elsewhere."""
    return LoginClient(absolute_url(PATH), CLIENT_ID, SecretStr(_client_secret()))


@blueprint.get("/.well-known/openid-configuration")
def discovery() -> Response:
    """The names and values are those of Telegram's document, as far as a client needs them."""
    issuer = absolute_url(PATH)
    return jsonify({
        "issuer": issuer, "authorization_endpoint": f"{issuer}/auth", "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/.well-known/jwks.json", "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"], "scopes_supported": ["openid", "profile"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic"], "code_challenge_methods_supported": ["S256"],
    })


@blueprint.get("/.well-known/jwks.json")
def keys() -> Response:
    """The public halves."""
    return jsonify({"keys": [{part: key[part] for part in PUBLIC_PARTS} for key in private_keys()]})


@blueprint.get("/auth")
def ask() -> AnyResponse:
    """A page where one is a demo person and says yes or no; links rather than forms, as the way leads back to the site."""
    asked = _asked()
    fault = request.args.get("fault", "")
    answer = request.args.get("answer")
    if answer is None:
        query = request.args.to_dict()
        return Response(render_template("simulators/openid.html", people=DEMO, faults=FAULTS, fault=fault, query=query))
    if answer == "no":
        return _back(asked, error="access_denied")
    if fault in AT_THE_PAGE:
        return _back(asked, error=AT_THE_PAGE[fault])
    person = next((one for one in DEMO if str(one.identity.telegram_id) == answer), None)
    if person is None:
        raise BadRequest("There is no such demo person.")
    return _back(asked, code=keep_code(asked | {"telegram_id": person.identity.telegram_id, "fault": fault}))


@blueprint.post("/token")
def token() -> AnyResponse:
    """The ID token for a code (RFC 6749 section 4.1.3, RFC 7636 section 4.6)."""
    who = request.authorization
    if who is None or who.username != CLIENT_ID or not hmac.compare_digest((who.password or "").encode(), _client_secret().encode()):
        return _refuse("invalid_client", 401)
    if request.form.get("grant_type") != "authorization_code":
        return _refuse("unsupported_grant_type")
    asked = take_code(request.form.get("code", ""))
    if asked is None or asked["redirect_uri"] != request.form.get("redirect_uri") or not _proves(asked["code_challenge"]):
        return _refuse("invalid_grant")
    if asked["fault"] == "broken":
        abort(500)
    person = next(one.identity for one in DEMO if one.identity.telegram_id == asked["telegram_id"])
    signed = sign(person, issuer=absolute_url(PATH), client_id=CLIENT_ID, nonce=asked["nonce"], fault=asked["fault"])
    response = jsonify({"access_token": "not-for-use", "token_type": "Bearer", "expires_in": 3600, "id_token": signed})
    response.headers["Cache-Control"] = "no-store"
    return response


def _asked() -> dict[str, Any]:
    """The request of a well-behaved client; a wrong client or address gets a page and is never sent back to (RFC 6749 section 4.1.2.1)."""
    given = request.args
    back = given.get("redirect_uri", "")
    if given.get("client_id") != CLIENT_ID or urlsplit(back).path != "/auth/telegram/callback":
        raise BadRequest("This client or its redirect_uri is not registered with the simulator.")
    if given.get("response_type") != "code" or "openid" not in given.get("scope", "").split():
        raise BadRequest("The simulator wants response_type=code and the scope openid.")
    if given.get("code_challenge_method") != "S256" or not given.get("code_challenge"):
        raise BadRequest("The simulator wants PKCE with S256.")
    return {"redirect_uri": back, "state": given.get("state", ""), "nonce": given.get("nonce", ""), "scope": given["scope"],
            "code_challenge": given["code_challenge"]}


def _back(asked: dict[str, Any], **answer: str) -> AnyResponse:
    return redirect(f"{asked['redirect_uri']}?{urlencode(answer | {'state': asked['state']})}", 303)


def _proves(challenge: str) -> bool:
    digest = hashlib.sha256(request.form.get("code_verifier", "").encode()).digest()
    return hmac.compare_digest(urlsafe_b64encode(digest).rstrip(b"="), challenge.encode())


def _refuse(error: str, status: int = 400) -> AnyResponse:
    response = jsonify({"error": error})
    response.status_code = status
    return response


def _client_secret() -> str:
    return hmac.new(runtime().settings.secret.encode(), b"studium.simulated.openid", hashlib.sha256).hexdigest()
