"""What may be wrong with the set-up, and how to mend it."""

from __future__ import annotations

import time
from collections.abc import Iterator

from studium.services.providers import Problem, ProviderDown, ProviderRefused

from studium_acme_pay.api import asking
from studium_acme_pay.settings import AcmePaySettings


def problems(settings: AcmePaySettings, seconds: float) -> Iterator[Problem]:
    """Asks the service."""
    key = settings.api_key.get_secret_value() if settings.api_key else ""
    if not key.startswith(("test_", "live_")):
        yield Problem("The key begins neither with test_ nor with live_.",
                      "Copy the API key, not the webhook secret, to STUDIUM_ACME_PAY_API_KEY.")
    try:
        with asking(settings, seconds) as api:
            api.get("payments", changed_since=int(time.time()))
    except ProviderRefused as error:
        yield Problem(f"The key is refused. {error}", "Make a new key in Acme Pay's dashboard and set STUDIUM_ACME_PAY_API_KEY.")
    except ProviderDown as error:
        yield Problem(str(error), "Look whether this machine may reach STUDIUM_ACME_PAY_API_BASE.")
