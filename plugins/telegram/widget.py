"""The legacy Login Widget: a page with Telegram's button, and the address that the button leads back to.

The widget has no nonce, so the site adds what it lacks: a state that binds it to this browser, and a memory of the hashes used.
"""

from __future__ import annotations

from urllib.parse import urlencode

from flask import make_response, redirect, render_template, request, url_for
from pydantic import SecretStr
from werkzeug.wrappers import Response

from studium.core.clock import now_ms
from studium.core.runtime import runtime
from studium.plugins.telegram import failures, identity, pending
from studium.plugins.telegram.methods import WIDGET, telegram_methods
from studium.plugins.telegram.widget_rule import KNOWN, is_fresh, is_signed
from studium.plugins.telegram.widget_uses import use_once
from studium.services.sign_in import sign_in
from studium.services.site import absolute_url
from studium.services.telegram import TelegramSettings
from studium.services.users import current_user

# The one page with a script of others: Telegram's, which shows the button in a frame of oauth.telegram.org that opens a window.
POLICY = (
    "default-src 'self'; script-src 'self' https://telegram.org; frame-src https://oauth.telegram.org; style-src 'self'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def show() -> Response:
    """The button, bound to this browser."""
    _bot_token()
    begun = pending.begin(request.args.get("next"))
    if current_user() is not None:  # the script of others must not run in anybody's session
        return redirect(begun.next, 303)
    back = absolute_url(url_for("telegram.end_widget")) + "?" + urlencode({"state": begun.state})
    name = runtime().settings[TelegramSettings].bot_username
    response = make_response(render_template("telegram/widget.html", bot_username=name, back=back, next=begun.next))
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin-allow-popups"
    response.headers["Cache-Control"] = "no-store"
    pending.keep(response, begun)
    return response


def end() -> Response:
    """Verify what Telegram says, and sign in."""
    token = _bot_token()
    begun = pending.find(request.args.get("state"))
    if begun is None:
        return failures.lost()
    fields, given_hash = _fields(), request.args.get("hash", "")
    if any(len(request.args.getlist(name)) > 1 for name in (*KNOWN, "hash")):
        raise failures.unbelievable("a field of the widget is given twice", begun)
    if not is_signed(fields, given_hash, token.get_secret_value()):
        raise failures.unbelievable("the hash of the widget is wrong", begun)
    person = identity.from_widget(fields)
    if person is None:
        raise failures.unbelievable("the widget gave no id", begun)
    if not is_fresh(fields.get("auth_date", ""), now_ms() // 1000) or not use_once(given_hash):
        raise failures.outdated(begun)
    response = sign_in(person, WIDGET.name, begun.next)
    pending.forget(response, begun)
    return response


def _fields() -> dict[str, str]:
    return {name: request.args[name] for name in KNOWN if name in request.args}


def _bot_token() -> SecretStr:
    token = runtime().settings[TelegramSettings].bot_token
    if token is None or WIDGET not in telegram_methods():
        raise failures.not_set_up()
    return token
