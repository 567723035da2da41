"""The way out that every message carries: a page that asks, and the POST of RFC 8058 that ends this kind of message at once.

The signed address is the permission: a mail program has neither cookies nor a token against forgery. It says nothing of the person.
"""

from __future__ import annotations

from flask import make_response, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.csrf import csrf
from studium.core.errors import NotFound
from studium.core.runtime import runtime
from studium.plugins.notifications import unsubscribing
from studium.plugins.notifications.preferences import unsubscribe
from studium.services.account_sections import section_path
from studium.services.limits import LimitSettings, limit, not_counted
from studium.services.notifications.registry import all_channels, events
from studium.services.people import find_person

EVERYTHING = "everything"


def ask(token: str) -> Response:
    """GET /notifications/unsubscribe/<token>: changes nothing, as programs that look for danger follow addresses in mail."""
    _user_id, channel, event = _read(token)
    return _page("ask", channel, event)


@csrf.exempt
@not_counted
def end(token: str) -> Response:
    """POST to the same {List-Unsubscribe=One-Click, or everything}: 200 once it counts, again and again.

    One click on a message of several kinds ends them all but what is urgent, which was none of them; a person on the page is asked for all.
    """
    user_id, channel, event = _read(token)
    limit(f"unsubscribe:{user_id}", runtime().settings[LimitSettings].writes)
    everything = EVERYTHING in request.form
    event = None if everything else event
    if find_person(user_id) is not None:  # who has deleted their account gets nothing anyway
        unsubscribe(user_id, channel, event, urgent=everything)
    return _page("ended", channel, event, everything)


def _read(token: str) -> tuple[int, str, str | None]:
    found = unsubscribing.read(token)
    if found is None:
        raise NotFound(_("This address is damaged. Open it from the message once more, or change what you are told on your account page."))
    return found


def _page(name: str, channel: str, event: str | None, everything: bool = True) -> Response:
    known, kind = all_channels().get(channel), events().get(event or "")
    response = make_response(render_template(
        "notifications/unsubscribe.html", step=name, everything=everything, channel=_(known.title) if known else channel,
        event=_(kind.title) if kind else event, settings_path=section_path("notifications"), return_to="/", signs_in_to="/account",
    ))
    response.headers.update({"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex"})
    return response
