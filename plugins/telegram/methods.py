"""Which ways to sign in with Telegram are set up."""

from __future__ import annotations

from studium.core.runtime import runtime
from studium.plugins.telegram.client import login_client
from studium.services.sign_in import SignInMethod
from studium.services.telegram import TelegramSettings
from studium.services.translation import N_

OPENID = SignInMethod("telegram", N_("Log in with Telegram"), "telegram", "telegram.start_openid", order=10,
                      hint=N_("Goes to Telegram's own page, which asks you whether to sign in here, and comes back."))
WIDGET = SignInMethod("telegram_widget", N_("Telegram login widget"), "telegram", "telegram.show_widget", order=30,
                      hint=N_("For when the other ways do not work."))


def telegram_methods() -> list[SignInMethod]:
    """The methods with the settings that they need."""
    settings = runtime().settings[TelegramSettings]
    return ([OPENID] if login_client() else []) + ([WIDGET] if settings.widget and settings.bot_token else [])
