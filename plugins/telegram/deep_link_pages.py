"""`/auth/telegram/bot`: the page that shows link, QR code and number and waits, and the end of that sign-in.

A cookie binds the challenge to the browser; whoever else has the link, or has seen the page, cannot be signed in by it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from studium.core import api
from studium.core.api import Schema
from studium.core.database import transaction
from studium.core.errors import Conflict, NotFound
from studium.core.runtime import runtime
from studium.plugins.telegram import challenges
from studium.plugins.telegram.challenges import Challenge
from studium.plugins.telegram.deep_link import METHOD, is_local, link_for, qr_image
from studium.services.languages import language
from studium.services.limits import address_group, limit, not_counted
from studium.services.redirects import safe_path
from studium.services.sign_in import AFTER_SIGN_IN, count_sign_in, sign_in
from studium.services.telegram import BotAccount, bot_account
from studium.services.users import current_user

blueprint = Blueprint("telegram_bot", __name__, template_folder="templates", static_folder="static",
                      static_url_path="/telegram/static")
PATH = "/auth/telegram/bot"
KEPT_FOR = challenges.LIFETIME + timedelta(hours=1)  # the browser's cookie: it must outlive its challenge to be told that this is over
STATUS_RATE, STRANGER_RATE = "90/minute", "120/minute"  # the page asks 30 times a minute, and may be open in two tabs


class StatusSchema(Schema):
    """How far the sign-in of this browser is: none, waiting, asked, confirmed, used, cancelled or expired; cookieless for one that keeps
    no cookies; `seconds` are left, `name` is of the person who confirmed it, "" before.
    """

    state: str
    seconds: int
    name: str


@blueprint.get(PATH)
def show() -> AnyResponse:
    """The challenge of this browser, a new one when it has none that is open. Somebody who is signed in goes on at once.

    With `over` in the query, as a page that waits asks, the end of this browser's challenge is shown rather than a new one.
    """
    account = _account()
    target = safe_path(request.args.get("next"), AFTER_SIGN_IN)
    if current_user() is not None:
        return redirect(target)
    secret, challenge = _own()
    if request.args.get("over") and not request.cookies:
        return _page(target, state="cookieless")
    if request.args.get("over") and challenge and not challenge.is_open:
        return _page(target, state=challenge.state)
    if challenge is None or not challenge.is_open:
        secret = challenges.begin(language())
        challenge = challenges.find(secret)
    link = link_for(account, secret)
    response = _page(target, state=challenge.state if challenge else "expired", challenge=challenge, bot=account.username, link=link,
                     qr=qr_image(link), link_is_local=is_local(link))
    response.set_cookie(value=secret, max_age=int(KEPT_FOR.total_seconds()), **_cookie())
    return response


@blueprint.get(f"{PATH}/status")
@not_counted
def status() -> Response:
    """`{"data": {"state", "seconds", "name"}}` of this browser's challenge, for the page that waits. It tells nobody else anything."""
    _account()
    _secret, challenge = _own()
    if challenge:
        limit(f"telegram-status:{challenge.id}", STATUS_RATE)  # of its own: a class behind one address waits together
    else:
        limit(f"telegram-status-address:{address_group(request.remote_addr)}", STRANGER_RATE)
    response = api.data(StatusSchema(state=_state(challenge), seconds=challenge.seconds if challenge else 0,
                                     name=challenge.name if challenge else ""))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post(PATH)
def finish() -> AnyResponse:
    """Sign this browser in as the person who confirmed its challenge; back to the page with the reason when that cannot be."""
    _account()
    target = request.form.get("next")
    secret, _challenge = _own()
    try:
        person = challenges.find_confirmed(secret)
        count_sign_in(person, METHOD.name)
        with transaction():  # the challenge is used if, and only if, the session is opened
            response: AnyResponse = sign_in(challenges.use(secret), METHOD.name, target, counted=True)
    except Conflict:
        if current_user() is not None:  # another tab was faster
            return redirect(safe_path(target, AFTER_SIGN_IN), 303)
        return redirect(url_for("telegram_bot.show", next=safe_path(target, AFTER_SIGN_IN), over="1"), 303)
    response.delete_cookie(**_cookie())
    flash(_("You are signed in as %(name)s. If that is not you, sign out.", name=challenges.name_of(person)), "done")
    return response


def _account() -> BotAccount:
    account = bot_account()
    if account is None:
        raise NotFound("There is no bot here to sign in with.")
    return account


def _own() -> tuple[str, Challenge | None]:
    """The browser's secret ("" for none) and its challenge."""
    secret = request.cookies.get(_cookie()["key"], "")
    return secret, challenges.find(secret) if secret else None


def _state(challenge: Challenge | None) -> str:
    """`used` as soon as this browser is signed in, in whatever tab: the end of a sign-in takes its cookie."""
    if current_user() is not None:
        return "used"
    if challenge is None:
        return "none" if request.cookies else "cookieless"
    return challenge.state


def _page(target: str, state: str, **values: object) -> Response:
    response = make_response(render_template("telegram/deep_link.html", next=target, state=state, **values))
    # Nothing to t.me, but to ourselves: over https a form without Referer is refused (Flask-WTF, WTF_CSRF_SSL_STRICT).
    response.headers.update({"Cache-Control": "no-store", "X-Robots-Tag": "noindex", "Referrer-Policy": "same-origin"})
    return response


def _cookie() -> dict[str, Any]:
    """In production no neighbouring subdomain can set it (RFC 6265bis, 4.1.3.2): whoever did could take a victim's confirmation."""
    production = runtime().settings.core.env == "production"
    return {"key": "__Host-studium_challenge" if production else "studium_challenge", "path": "/" if production else PATH,
            "secure": production, "httponly": True, "samesite": "Lax"}
