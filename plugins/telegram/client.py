"""As whom the site speaks to Telegram's OpenID provider."""

from __future__ import annotations

from studium.core.runtime import runtime
from studium.services.telegram import LoginClient, TelegramSettings


def login_client() -> LoginClient | None:
    """The client of the settings; while Telegram is not set up at all, that of a plugin (a simulator in development); else None."""
    found = runtime().settings[TelegramSettings]
    if found.client_id and found.client_secret:
        return LoginClient(found.oidc_issuer, found.client_id, found.client_secret, found.proxy)
    if found.client_id or found.client_secret or found.bot_token:
        return None  # half set up: what the school tries out is Telegram, not a simulator
    other: LoginClient | None = runtime().hooks.find_simulated_login()
    return other
