"""Stripe's keys."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from studium.services.providers import ProviderSettings

API = "https://api.stripe.com"
API_VERSION = "2026-10-28.endive"  # the one that the SDK 16.1 was made for; a newer SDK must not change what we read
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class StripeSettings(ProviderSettings):
    """STUDIUM_STRIPE_..."""

    prefix: ClassVar[str] = "STRIPE"
    required: ClassVar[tuple[str, ...]] = ("secret_key", "webhook_secrets")

    secret_key: SecretStr | None = Field(
        None, description="secret or restricted key of the Stripe API, sk_test_..., rk_test_..., sk_live_... or rk_live_...; without it "
        "Stripe is off")
    webhook_secrets: tuple[SecretStr, ...] = Field(
        (), description="signing secrets of the webhook endpoint, whsec_..., separated by commas; two of them while one replaces the other")
    api_base: str = Field(API, description="address of the Stripe API; another one is for simulators and must be loopback or https")

    @field_validator("secret_key")
    @classmethod
    def _in_headers(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not (value.get_secret_value().isascii() and value.get_secret_value().isprintable()):
            raise ValueError("a key of Stripe has only letters, digits and _")
        return value

    @field_validator("api_base")
    @classmethod
    def _private(cls, value: str) -> str:
        address = urlsplit(value)
        if not address.netloc or not (address.scheme == "https" or (address.scheme == "http" and address.hostname in LOOPBACK)):
            raise ValueError(f"the key would travel in the open; leave it at {API}")
        return value.rstrip("/")

    @property
    def key(self) -> str:
        """The secret key as text."""
        return self.secret_key.get_secret_value() if self.secret_key else ""

    @property
    def signing_secrets(self) -> tuple[str, ...]:
        """The secrets of webhooks as text."""
        return tuple(secret.get_secret_value() for secret in self.webhook_secrets if secret.get_secret_value())
