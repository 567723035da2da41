"""Forms that count once. A page that is the answer to a form may be loaded anew, and the browser then sends the form again."""

from __future__ import annotations

import secrets

from flask import session

USED = "used_forms"
MOST = 8  # remembered in the browser's signed cookie


def new_form_id() -> str:
    """What a form carries in a hidden field, so that it is known again."""
    return secrets.token_urlsafe(9)


def was_used(form_id: str) -> bool:
    """Whether this browser's form has counted before; one without an id never has."""
    return bool(form_id) and form_id in session.get(USED, [])


def mark_used(form_id: str) -> None:
    """Let the form count no more in this browser."""
    if form_id:
        session[USED] = [*session.get(USED, []), form_id[:32]][-MOST:]
