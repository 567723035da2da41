"""The bell in the header of every page: how much is unread, and the way to it."""

from __future__ import annotations

from flask import render_template
from markupsafe import Markup

from studium.plugins.notifications import assets
from studium.plugins.notifications.reading import unread_count
from studium.services.header_items import HeaderItem
from studium.services.users import SignedInUser

MOST_SHOWN = 99


def bell(user: SignedInUser) -> HeaderItem:
    """The bell for this person, with one query."""
    unread = unread_count(user.id)
    html = render_template("notifications/bell.html", unread=unread, shown=count_words(unread))
    return HeaderItem(Markup(html), assets.address("notifications.js"), assets.address("bell.css"))  # noqa: S704  a template made it


def count_words(unread: int) -> str:
    """The number on the bell; from a hundred on it is not counted out."""
    return str(unread) if unread <= MOST_SHOWN else f"{MOST_SHOWN}+"
