"""The section "Telegram" of the account page: whether the bot may write to this person, and how that begins and ends."""

from __future__ import annotations

from flask import render_template
from flask_babel import gettext as _
from markupsafe import Markup

from studium.plugins.telegram import chats
from studium.plugins.telegram.bot_reading import NOTICES
from studium.plugins.telegram.notices import SECTION
from studium.services.account_sections import AccountSection
from studium.services.telegram import bot_account
from studium.services.users import SignedInUser


def telegram_section(user: SignedInUser) -> list[AccountSection]:
    """The section; none without a bot, and for people who sign in without Telegram."""
    account = bot_account()
    telegram_id = chats.find_telegram_ids([user.id]).get(user.id) if account else None
    if account is None or telegram_id is None:
        return []
    state, link = chats.state_of(account.id, telegram_id), account.link(NOTICES)
    html = Markup(render_template("telegram/account.html", state=state, bot=account.username, link=link))  # noqa: S704  escaped by Jinja
    return [AccountSection(SECTION, _("Messages in Telegram"), html)]
