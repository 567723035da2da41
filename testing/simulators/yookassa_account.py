"""The shop at the simulated YooKassa: its number, its key, and where it is asked. Light, as workers ask for it too."""

from __future__ import annotations

import hmac

from pydantic import SecretStr

from studium.core.runtime import runtime
from studium.plugins.yookassa.settings import YookassaSettings
from studium.services.site import loopback_url

PATH = "/simulators/yookassa"
SHOP_ID = "100500"
SOURCES = ("127.0.0.0/8", "::1")  # its notifications come from this machine


def settings() -> YookassaSettings:
    """What the real provider is told, so that it asks this site; receipts and currencies as the site's settings have them."""
    return runtime().settings[YookassaSettings].model_copy(update={
        "shop_id": SHOP_ID, "secret_key": SecretStr(secret_key()), "api_base": loopback_url(f"{PATH}/v3"), "sources": SOURCES})


def secret_key() -> str:
    """The secret key of the API; of no use elsewhere."""
    made = hmac.new(runtime().settings.secret.encode(), b"studium.simulated.yookassa", "sha256").hexdigest()
    return f"test_{made}"
