"""What `studium doctor` and `studium payments doctor` say of payments: could each provider take money now, and would the site hear of it.

Only these commands ask; they may take seconds and reach the services.
"""

from __future__ import annotations

from collections.abc import Iterator

from studium.core.doctor_checks import clock
from studium.core.findings import Finding, ok, red, warning
from studium.core.runtime import runtime
from studium.core.settings import Settings
from studium.plugins.payments import doctor_sales, doctor_waiting, doctor_webhooks
from studium.services.provider_registry import UnknownProvider, make_provider, provider_classes, providers
from studium.services.providers import OFFLINE, PaymentProvider, ProviderDown, ProviderRefused

PRODUCTION = "production"


def look_at_payments(settings: Settings) -> Iterator[Finding]:
    """Every provider, then what is sold and what waits."""
    for found in provider_classes().values():
        yield from _look_at(found, settings, is_named=False)
    yield from _play_beside_real()
    yield from doctor_sales.look(settings)
    yield from doctor_waiting.look(None)


def look_at_one(code: str, settings: Settings) -> Iterator[Finding]:
    """One provider, the clock that its signatures go by, and what waits of it. Raises UnknownProvider."""
    found = provider_classes().get(code)
    if found is None:
        raise UnknownProvider(f"No plugin brings a payment provider {code[:40]}. There are: {', '.join(sorted(provider_classes()))}. "
                              "If it is a package of its own: is it installed in this environment?")
    yield from _look_at(found, settings, is_named=True)
    yield from clock(settings)
    yield from doctor_waiting.look(code)


def _look_at(found: type[PaymentProvider], settings: Settings, *, is_named: bool) -> Iterator[Finding]:
    name = f"payments by {found.meta.code}"
    configured = runtime().settings[found.settings_model]
    missing = configured.missing()
    simulated = bool(missing) and runtime().hooks.find_simulated_payments(code=found.meta.code) is not None
    if missing:
        yield _off(name, missing, is_begun=len(missing) < len(configured.required), is_named=is_named, simulated=simulated)
        return
    provider = make_provider(found)
    if provider is not None:
        yield from _mode(name, provider, settings)
        yield from _own(name, provider)
        yield from doctor_webhooks.look(name, provider, settings)


def _off(name: str, missing: tuple[str, ...], *, is_begun: bool, is_named: bool, simulated: bool) -> Finding:
    """A school need not use every provider; but one that is half set up, or asked about, is meant to work."""
    wanted = ", ".join(missing)
    if is_begun or (is_named and not simulated):
        return red(name, f"{wanted} {'is' if len(missing) == 1 else 'are'} missing, so it is off.",
                   f"Copy from the service's dashboard to {wanted} in the site's environment, and restart.")
    return ok(name, "a simulator stands in, outside of production only" if simulated else f"not set up; it would need {wanted}")


def _mode(name: str, provider: PaymentProvider, settings: Settings) -> Iterator[Finding]:
    env, required = settings.core.env, ", ".join(map(provider.settings.env_name, provider.settings.required))
    if env == PRODUCTION and not provider.livemode:
        yield red(name, "its keys are for tests: people get courses, and nobody really pays.",
                  f"Put the live keys into {required}." if required else "Turn it off.")
    elif env != PRODUCTION and provider.livemode and OFFLINE not in provider.meta.capabilities:
        yield warning(name, f"its keys move real money, and STUDIUM_ENV is {env}.",
                      f"Put test keys into {required}; keep live ones on the server.")


def _own(name: str, provider: PaymentProvider) -> Iterator[Finding]:
    """What it finds itself: only it knows its service."""
    try:
        problems = list(provider.check())
    except (ProviderDown, ProviderRefused) as error:
        yield red(name, f"its service could not be asked: {error}", "Look at the network and the keys; then ask again.")
        return
    except Exception as error:  # noqa: BLE001  another person's code; its text may hold a key
        yield red(name, f"its own check broke ({type(error).__name__}).", "Please report this to whoever made the provider.")
        return
    for problem in problems:
        yield (red if problem.severity == "error" else warning)(name, problem.what, problem.fix)
    if not problems:
        yield ok(name, f"set up, by its own check; {'real' if provider.livemode else 'play'} money")


def _play_beside_real() -> Iterator[Finding]:
    """Whoever may choose play money does not choose real money."""
    real = ", ".join(one.meta.code for one in providers().values() if one.livemode and OFFLINE not in one.meta.capabilities)
    play = ", ".join(one.meta.code for one in providers().values() if not one.livemode)
    if real and play:
        yield red("payments", f"play money is taken ({play}) beside real money ({real}), so everybody can have every course for nothing.",
                  "Set STUDIUM_ENV=production, where the sandbox and simulators are off, and unset the test keys of the others; or unset "
                  f"the live keys of {real}.")
