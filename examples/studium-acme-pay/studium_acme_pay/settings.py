"""Keys and address of Acme Pay."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr
from studium.services.providers import ProviderSettings


class AcmePaySettings(ProviderSettings):
    """STUDIUM_ACME_PAY_...; the provider is off until all of `required` are set."""

    prefix: ClassVar[str] = "ACME_PAY"
    required: ClassVar[tuple[str, ...]] = ("api_key", "webhook_secret")

    api_key: SecretStr | None = Field(None, description="key of the Acme Pay API: test_... for play money, live_... for real money")
    webhook_secret: SecretStr | None = Field(None, description="secret by which Acme Pay signs its webhooks")
    api_base: str = Field("https://api.acme-pay.example/v1", description="address of the Acme Pay API; a simulator's while you write")
