"""The account at the simulated Stripe: its key, its signing secret, and where it is asked. Light, as workers ask for it too."""

from __future__ import annotations

import hmac

from pydantic import SecretStr

from studium.core.runtime import runtime
from studium.plugins.stripe.settings import StripeSettings
from studium.services.site import loopback_url

PATH = "/simulators/stripe"


def settings() -> StripeSettings:
    """What the real provider is told, so that it asks this site; the key is of no use elsewhere."""
    return StripeSettings(secret_key=SecretStr(api_key()), webhook_secrets=(SecretStr(webhook_secret()),), api_base=loopback_url(PATH))


def api_key() -> str:
    """The secret key of the API."""
    return f"sk_test_{_made('key')}"


def webhook_secret() -> str:
    """The signing secret of the one endpoint."""
    return f"whsec_{_made('webhook')}"


def _made(what: str) -> str:
    return hmac.new(runtime().settings.secret.encode(), f"studium.simulated.stripe.{what}".encode(), "sha256").hexdigest()
