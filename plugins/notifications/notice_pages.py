"""/notifications: what the person was told, by day, some at a time; the panel of the bell; and marking as read, with forms."""

from __future__ import annotations

from flask import flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from studium.core.errors import BadRequest
from studium.plugins.notifications import assets
from studium.plugins.notifications.reading import MOST_IDS, NoticePage, mark_read, page_of, unread_count
from studium.plugins.notifications.shown import days_of
from studium.services.account_sections import section_path
from studium.services.users import SignedInUser, require_session

ON_A_PAGE, IN_THE_PANEL = 30, 8
SECTION = "notifications"
UNREAD = "unread"
DAMAGED = "The address of this page is damaged. Begin at its first page."


def show() -> Response:
    """GET /notifications?before=<id>&show=unread."""
    user = require_session()
    before, unread_only = _number(request.args.get("before", "")), request.args.get("show") == UNREAD
    page = page_of(user.id, before, ON_A_PAGE, unread_only)
    return _private("page", user, page, first=before is None, unread_only=unread_only, sheet=assets.address("notices.css"))


def show_panel() -> Response:
    """GET /notifications/panel: the newest, as a fragment for the bell's script."""
    user = require_session()
    return _private("panel", user, page_of(user.id, limit=IN_THE_PANEL))


def read() -> Response:
    """POST /notifications/read {id..., up_to, show}: back to the list."""
    user = require_session()
    ids = [_number(text) or 0 for text in request.form.getlist("id")[:MOST_IDS]]
    marked = mark_read(user.id, ids, _number(request.form.get("up_to", "")))
    if marked:
        flash(_("Marked as read."), "done")
    shown = UNREAD if request.form.get("show") == UNREAD else None
    return redirect(url_for("notifications.notices", show=shown), 303)


def _private(name: str, user: SignedInUser, page: NoticePage, **more: object) -> Response:
    """A page of one person that no cache keeps."""
    newest = page.notices[0].id if page.notices else 0
    response = make_response(render_template(
        f"notifications/{name}.html", days=days_of(page.notices, user), older=page.older, newest=newest, unread=unread_count(user.id),
        settings_path=section_path(SECTION), **more,
    ))
    response.headers["Cache-Control"] = "no-store"
    return response


def _number(text: str) -> int | None:
    """An id out of an address or a form, None without one; raises BadRequest for what no page of ours sends."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise BadRequest(DAMAGED)
    return int(text)
