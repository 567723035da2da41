"""Whether a payment service can bring its webhooks: the address, whether it leads here, and what was refused lately."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from studium.core.clock import now
from studium.core.database import reading
from studium.core.findings import Finding, ok, red, warning
from studium.core.settings import Settings, is_loopback
from studium.plugins.payments.entities import WebhookRejection
from studium.services.providers import WEBHOOK, PaymentProvider

SECONDS = 10
USUAL_PORTS = (None, 443, 8443)
METHOD_NOT_ALLOWED = 405
MANY = 5  # refused deliveries in two days; anybody on the internet can send a few
PROXY = "Let the reverse proxy pass POST /webhooks/ as it is (docs/examples), without sign-in, redirects or challenges."
REASONS = {
    "signature": "Copy the signing secret of exactly this webhook address from the service's dashboard; each address has its own.",
    "stale": "Set the clock (timedatectl set-ntp true), or see whether deliveries are delayed on their way.",
    "source": "STUDIUM_TRUSTED_PROXIES must be the number of proxies before the site, or their address is taken for the sender's.",
}


def look(name: str, provider: PaymentProvider, settings: Settings) -> Iterator[Finding]:
    """The address, and what was refused there."""
    if WEBHOOK not in provider.meta.capabilities:
        return
    yield _address(name, provider.context.webhook_url, settings)
    yield from _refused(name, provider.meta.code)


def _address(name: str, url: str, settings: Settings) -> Finding:
    parts = urlsplit(url)
    if settings.core.env != "production" and is_loopback(parts.hostname or ""):
        return ok(name, f"webhooks come to {url}, from this machine only; payments are asked after all the same")
    if settings.core.public_url is None:
        return red(name, "STUDIUM_PUBLIC_URL is not set, so nobody can say where webhooks come to.",
                   "Set it to the site's address, such as https://learn.example.")
    if parts.scheme != "https" or is_loopback(parts.hostname or ""):
        return red(name, f"services send webhooks to public https addresses only, and this is {url}.",
                   "Set STUDIUM_PUBLIC_URL to the site's https address, behind a proxy with a certificate (docs/examples).")
    if parts.port not in USUAL_PORTS:
        return red(name, f"services send webhooks to port 443, some to 8443, none to {parts.port}.", "Let the proxy listen on port 443.")
    return _reach(name, url)


def _reach(name: str, url: str) -> Finding:
    """Ask the address by GET, which the site's own page refuses in a way of its own, and which counts as no delivery."""
    import requests  # only where it is needed

    try:
        answer = requests.get(url, timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as error:
        return red(name, f"{url} does not answer from here ({type(error).__name__}).",
                   f"Look at the DNS entry, the certificate and the firewall. {PROXY}")
    if answer.status_code == METHOD_NOT_ALLOWED and "POST" in answer.headers.get("Allow", ""):
        return ok(name, f"webhooks come to {url}: enter exactly this at the service")
    return red(name, f"{url} answers {answer.status_code} instead of taking webhooks.", PROXY)


def _refused(name: str, code: str) -> Iterator[Finding]:
    first = (now() - timedelta(days=1)).date().isoformat()
    with reading():
        rows = [(row.reason, row.count) for row in WebhookRejection.select(lambda row: row.provider == code and row.day >= first)]
    for reason in sorted({reason for reason, _count in rows}):
        count = sum(number for found, number in rows if found == reason)
        if count >= MANY:
            yield warning(name, f"{count} webhooks were refused since yesterday: {reason}.",
                          REASONS.get(reason, "If they are the service's own, report it to whoever made the provider; else it is noise."))
