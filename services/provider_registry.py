"""The payment providers of this site: asked of the plugins once a process, made from their settings or, in development, a simulator."""

from __future__ import annotations

from functools import partial

from flask import current_app

from studium.core.errors import PluginError, StudiumError
from studium.core.runtime import collect, runtime
from studium.services.providers import PaymentProvider, ProviderContext, ProviderSettings
from studium.services.site import absolute_url, site_name

EXTENSION = "studium-payment-providers"


class UnknownProvider(StudiumError):
    """No plugin brings a payment provider of this code, or it is not set up."""


def provider_classes() -> dict[str, type[PaymentProvider]]:
    """The providers of all plugins by code, set up or not. Two of one code raise PluginError."""
    found: dict[str, type[PaymentProvider]] = {}
    for provider in collect(partial(runtime().hooks.register_payment_providers)):
        code = provider.meta.code
        if found.setdefault(code, provider) is not provider:
            raise PluginError(f"Two plugins bring a payment provider '{code}'. Remove one of them from the settings.")
    return found


def providers() -> dict[str, PaymentProvider]:
    """The providers that are set up, by code, in the order of their `order`."""
    made: dict[str, PaymentProvider] | None = current_app.extensions.get(EXTENSION)
    if made is None:
        classes = sorted(provider_classes().values(), key=lambda found: (found.meta.order, found.meta.code))
        made = {found.meta.code: provider for found in classes if (provider := make_provider(found)) is not None}
        current_app.extensions[EXTENSION] = made
    return made


def find_provider(code: str) -> PaymentProvider:
    """The provider of this code; raises UnknownProvider."""
    found = providers().get(code)
    if found is None:
        raise UnknownProvider(f"There is no payment provider '{code[:40]}' here. Set up: {', '.join(providers()) or 'none'}.")
    return found


def make_provider(provider: type[PaymentProvider]) -> PaymentProvider | None:
    """The provider with its settings, else with those of a simulator; None when it is not set up."""
    settings = provider_settings(provider)
    return None if settings is None else provider(settings, provider_context(provider.meta.code))


def provider_settings(provider: type[PaymentProvider]) -> ProviderSettings | None:
    """What is set up for it, else what the simulators know (development), else None."""
    configured: ProviderSettings = runtime().settings[provider.settings_model]
    if not configured.missing():
        return configured
    simulated: ProviderSettings | None = runtime().hooks.find_simulated_payments(code=provider.meta.code)
    return simulated


def provider_context(code: str) -> ProviderContext:
    """The site as a provider sees it."""
    return ProviderContext(absolute_url(""), absolute_url(f"/webhooks/{code}"), site_name())
