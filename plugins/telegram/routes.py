"""`/auth/telegram/...`: the begin and the end of a sign-in with OpenID Connect, and of one with the legacy widget."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, request, url_for
from werkzeug.wrappers import Response

from studium.core.runtime import runtime
from studium.plugins.telegram import failures, identity, openid, pending, widget
from studium.plugins.telegram.client import login_client
from studium.plugins.telegram.failures import SignInFailed
from studium.plugins.telegram.methods import OPENID
from studium.plugins.telegram.provider import Provider, ProviderDown
from studium.services.sign_in import sign_in
from studium.services.site import absolute_url

blueprint = Blueprint("telegram", __name__, template_folder="templates", url_prefix="/auth/telegram")
blueprint.register_error_handler(SignInFailed, failures.show)
PROVIDER = "studium.telegram.provider"


@blueprint.get("")
def start_openid() -> Response:
    """Send the browser to Telegram, which asks the person."""
    begun = pending.begin(request.args.get("next"))
    try:
        response: Response = redirect(openid.authorization_url(_provider(), begun, _redirect_uri()), 303)
    except ProviderDown as error:
        raise failures.down(str(error), begun) from error
    pending.keep(response, begun)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/callback")
def end_openid() -> Response:
    """Telegram sends the browser back: with a code for who it is, or with the reason why not."""
    begun = pending.find(request.args.get("state"))
    if begun is None:
        return failures.lost()
    code = _code(begun)
    try:
        claims = openid.fetch_claims(_provider(), begun, _redirect_uri(), code)
    except ProviderDown as error:
        raise failures.down(str(error), begun) from error
    except openid.Unbelievable as error:
        raise failures.unbelievable(str(error), begun) from error
    person = identity.from_claims(claims)
    if person is None:
        raise failures.unbelievable("the token has no claim `id`", begun)
    response = sign_in(person, OPENID.name, begun.next)
    pending.forget(response, begun)
    return response


def _code(begun: pending.Pending) -> str:
    """The code in the answer of the authorization endpoint (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207)."""
    error = request.args.get("error")
    if error == "access_denied":
        raise failures.refused(begun)
    if error in ("server_error", "temporarily_unavailable"):
        raise failures.down(error, begun)
    issuer = request.args.get("iss", _provider().client.issuer)
    code = request.args.get("code", "")
    if error or issuer != _provider().client.issuer or not code:
        raise failures.unbelievable(f"authorization endpoint: error={error!r:.60} iss={issuer!r:.60}", begun)
    return code


def _provider() -> Provider:
    """The provider of this process, with what it has said of itself so far. Raises SignInFailed when none is set up."""
    client = login_client()
    if client is None:
        raise failures.not_set_up()
    kept: Provider | None = current_app.extensions.get(PROVIDER)
    if kept is None or kept.client != client:
        kept = current_app.extensions[PROVIDER] = Provider(client)
    return kept


def _redirect_uri() -> str:
    """The address that Telegram sends back to, as registered with it. Without a public address it is the one that the browser uses:
    while developing, localhost and 127.0.0.1 are the same server but have different cookies.
    """
    if runtime().settings.core.public_url:
        return absolute_url(url_for("telegram.end_openid"))
    return url_for("telegram.end_openid", _external=True)


blueprint.add_url_rule("/widget/button", "show_widget", widget.show)
blueprint.add_url_rule("/widget", "end_widget", widget.end)
