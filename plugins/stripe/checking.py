"""What may be wrong with Stripe's set-up, each with what to do about it. Asks Stripe for the account and its webhook endpoints."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from studium.core.clock import now_ms
from studium.plugins.stripe.events import EVENTS, NEEDED
from studium.plugins.stripe.settings import API_VERSION, LOOPBACK, StripeSettings
from studium.plugins.stripe.signatures import TOLERANCE
from studium.services.providers import Problem, ProviderContext, ProviderDown, ProviderRefused

if TYPE_CHECKING:
    from stripe import StripeClient

API_KEYS = "https://dashboard.stripe.com/apikeys"
ENDPOINTS = "https://dashboard.stripe.com/webhooks"
NOTABLE_SKEW = 30  # seconds


def problems(settings: StripeSettings, context: ProviderContext, *, livemode: bool) -> list[Problem]:
    """Everything that can be seen from here, the worst not first; asks the network only with a key that can be one."""
    found = [*_shapes(settings)] or [*_modes(context, livemode=livemode)]
    if any(problem.severity == "error" for problem in found):
        return found
    return [*found, *_asked(settings, context)]


def _shapes(settings: StripeSettings) -> Iterator[Problem]:
    if settings.key.startswith("pk_"):
        yield Problem("STUDIUM_STRIPE_SECRET_KEY holds a publishable key (pk_...), which can ask for nothing.",
                      f"Put the secret key (sk_...) or a restricted one (rk_...) there, from {API_KEYS}.")
    elif not re.fullmatch(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{8,}", settings.key):
        yield Problem("STUDIUM_STRIPE_SECRET_KEY is no key of Stripe.",
                      f"It begins with sk_test_, rk_test_, sk_live_ or rk_live_. Copy it whole from {API_KEYS}.")
    if any(not secret.startswith("whsec_") for secret in settings.signing_secrets):
        yield Problem("STUDIUM_STRIPE_WEBHOOK_SECRETS holds something that is no signing secret; Stripe's webhooks would be refused.",
                      f"Each begins with whsec_. Copy it from the endpoint's page at {ENDPOINTS}, or from `stripe listen`.")


def _modes(context: ProviderContext, *, livemode: bool) -> Iterator[Problem]:
    site = urlsplit(context.site_url)
    if livemode and site.scheme != "https":
        yield Problem(f"Stripe's live key moves real money, and this site is {context.site_url}, without https.",
                      "Use a test key (sk_test_...) here; on the real site set STUDIUM_PUBLIC_URL to its https address.")
    if not livemode and site.scheme == "https":
        yield Problem("Stripe's test key takes play money only, and this site is public: whoever knows Stripe's test cards gets courses "
                      "for nothing.", f"When you are done trying, set STUDIUM_STRIPE_SECRET_KEY to the live key from {API_KEYS}, and "
                      "STUDIUM_STRIPE_WEBHOOK_SECRETS to the secret of the live endpoint.", "warning")


def _asked(settings: StripeSettings, context: ProviderContext) -> Iterator[Problem]:
    from studium.plugins.stripe.api import asking  # with the SDK

    try:
        with asking(settings, context.timeout) as client:
            found = [*_account(client), *_endpoint(client, context)]
    except ProviderDown as error:
        found = [Problem(f"Stripe cannot be asked: {error}", "Look at this machine's network and at https://status.stripe.com, then try "
                         "again.", "warning")]
    except ProviderRefused as error:
        found = [_refused(error)]
    yield from found


def _refused(error: ProviderRefused) -> Problem:
    if error.code == "permission":
        return Problem(f"The restricted key may not read what this check looks at. {error}",
                       f"At {API_KEYS} allow it to read Webhook Endpoints and the account, or check the endpoint by eye at {ENDPOINTS}. It "
                       "must be allowed to write Checkout Sessions and Refunds, and to read Payment Intents, Charges, Disputes and Events.",
                       "warning")
    return Problem(f"Stripe refuses the key. {error}",
                   f"Copy STUDIUM_STRIPE_SECRET_KEY again from {API_KEYS}; it may have been rolled or be of another account.")


def _account(client: StripeClient) -> Iterator[Problem]:
    account = client.v1.accounts.retrieve_current()
    response = account.last_response
    yield from _clock(response.headers.get("Date", "") if response else "")
    if account.to_dict().get("charges_enabled") is False:
        yield Problem("Stripe does not let this account take payments yet.",
                      "Finish its activation at https://dashboard.stripe.com/account/onboarding.")


def _clock(date: str) -> Iterator[Problem]:
    """Compares this machine's clock with Stripe's, by the header Date of its answer."""
    try:
        skew = now_ms() / 1000 - parsedate_to_datetime(date).timestamp()
    except ValueError:
        return
    if abs(skew) > NOTABLE_SKEW:
        way = "ahead of" if skew > 0 else "behind"
        yield Problem(f"This machine's clock is {abs(skew):.0f} s {way} Stripe's; webhooks whose time is more than {TOLERANCE} s off are "
                      "refused.", "Set the clock by NTP, such as with `timedatectl set-ntp true`.",
                      "error" if abs(skew) > TOLERANCE else "warning")


def _endpoint(client: StripeClient, context: ProviderContext) -> Iterator[Problem]:
    endpoints = [found.to_dict() for found in client.v1.webhook_endpoints.list({"limit": 100}).auto_paging_iter()]
    ours = [found for found in endpoints if found["url"].rstrip("/") == context.webhook_url]
    if urlsplit(context.webhook_url).hostname in LOOPBACK and not ours:
        yield Problem(f"Stripe cannot reach {context.webhook_url}, which is this machine alone; payments are noticed by asking only.",
                      f"Run `stripe listen --forward-to {context.webhook_url}` and add the secret that it prints to "
                      "STUDIUM_STRIPE_WEBHOOK_SECRETS.", "warning")
        return
    if not ours:
        yield _no_endpoint(endpoints, context.webhook_url)
        return
    enabled = [found for found in ours if found["status"] == "enabled"]
    if not enabled:
        yield Problem(f"The webhook endpoint {context.webhook_url} is disabled at Stripe, perhaps since it failed for days.",
                      f"Enable it at {ENDPOINTS}; what was missed is found by `studium payments reconcile`.")
    for found in enabled:
        yield from _subscribed(found)


def _no_endpoint(endpoints: Iterable[dict[str, Any]], url: str) -> Problem:
    others = ", ".join(found["url"] for found in endpoints)
    said = f" It has: {others}." if others else ""
    return Problem(f"Stripe has no webhook endpoint {url} in the mode of this key.{said}",
                   f"Add it at {ENDPOINTS} with the events {', '.join(EVENTS)}, and put its secret into STUDIUM_STRIPE_WEBHOOK_SECRETS.")


def _subscribed(endpoint: dict[str, Any]) -> Iterator[Problem]:
    events = set(endpoint["enabled_events"])
    missing = [] if "*" in events else [name for name in EVENTS if name not in events]
    if missing:
        needed = bool(NEEDED & set(missing))
        yield Problem(f"The webhook endpoint {endpoint['url']} does not get {', '.join(missing)}.",
                      f"Edit its events at {ENDPOINTS} and add them.", "error" if needed else "warning")
    version = endpoint.get("api_version")
    if version and version != API_VERSION:
        yield Problem(f"The webhook endpoint {endpoint['url']} speaks the API version {version}; Studium is tested with {API_VERSION}.",
                      f"It works as long as events keep their ids. To be sure, make a new endpoint of that version at {ENDPOINTS}, add its "
                      "secret to STUDIUM_STRIPE_WEBHOOK_SECRETS, and remove the old one.", "warning")
