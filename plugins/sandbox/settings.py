"""Whether there is a sandbox: in development and tests by itself, in production never."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from studium.core.errors import SettingsError
from studium.core.runtime import runtime
from studium.services.providers import ProviderSettings


class SandboxSettings(ProviderSettings):
    """STUDIUM_SANDBOX_..."""

    prefix: ClassVar[str] = "SANDBOX"
    enabled: bool | None = Field(
        None, description="whether buyers may pay with play money; on in development unless set to false, refused in production")


def is_on() -> bool:
    """Whether this site has the sandbox."""
    return runtime().settings.core.env != "production" and runtime().settings[SandboxSettings].enabled is not False


def refuse_in_production() -> None:
    """Raise SettingsError when production is asked to take play money."""
    if runtime().settings.core.env == "production" and runtime().settings[SandboxSettings].enabled:
        raise SettingsError("STUDIUM_SANDBOX_ENABLED=true, and STUDIUM_ENV is production: in the sandbox everybody pays with a button, so "
                            "courses would be free for all. Unset STUDIUM_SANDBOX_ENABLED, or leave STUDIUM_ENV=production.")
