"""Sign-in by a link to the bot: the site need not be reachable by Telegram, and the student types neither password nor phone number."""

from __future__ import annotations

from urllib.parse import urlsplit

from studium.plugins.telegram.challenges import start_token
from studium.services.sign_in import SignInMethod
from studium.services.telegram import BotAccount, bot_account
from studium.services.translation import N_

METHOD = SignInMethod("telegram_bot", N_("Sign in with the Telegram app"), "telegram", "telegram_bot.show", order=20,
                      hint=N_("Opens a chat with our bot. Also works from a computer, with the app on your phone."))


def deep_link_methods() -> list[SignInMethod]:
    """The method, when there is a bot."""
    return [METHOD] if bot_account() else []


def link_for(account: BotAccount, secret: str) -> str:
    """The link that the browser with this secret shows."""
    return account.link(start_token(secret))


def is_local(link: str) -> bool:
    """Whether the link is of a simulated Telegram on this computer, where no phone gets to."""
    return urlsplit(link).hostname in ("127.0.0.1", "localhost", "::1")


def qr_image(link: str) -> str:
    """The link as a QR code (ISO/IEC 18004): an SVG image in a data: address, with white around it for the dark mode."""
    import segno  # only the page that shows it pays for it

    return str(segno.make(link, error="m", micro=False).svg_data_uri(scale=4, border=4, light="#fff", dark="#000"))
