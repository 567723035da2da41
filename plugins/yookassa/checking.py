"""What may be wrong with YooKassa's set-up, each with what to do about it. Asks YooKassa for the shop and its last payment."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from studium.core.settings import is_loopback
from studium.plugins.yookassa.client import Body, YookassaClient, asking
from studium.plugins.yookassa.notifications import EVENTS, PUBLISHED
from studium.plugins.yookassa.settings import VAT, YookassaSettings
from studium.services.providers import Problem, ProviderContext, ProviderDown, ProviderRefused

KEYS = "https://yookassa.ru/my/merchant/integration/api-keys"
NOTIFICATIONS = "https://yookassa.ru/my/merchant/integration/http-notifications"
PORTS = (None, 443, 8443)
OLD_VAT = (4, 6)  # 20 % became 22 % on 1 January 2026


def problems(settings: YookassaSettings, context: ProviderContext, *, livemode: bool) -> list[Problem]:
    """Everything that can be seen from here; asks the network only with a key that can be one."""
    found = [*_keys(settings), *_modes(context, livemode=livemode), *_webhook(settings, context), *_vat(settings)]
    if any(problem.what.startswith("STUDIUM_YOOKASSA_SECRET_KEY") for problem in found):
        return found
    return [*found, *_asked(settings, context, livemode=livemode)]


def _keys(settings: YookassaSettings) -> Iterator[Problem]:
    if not settings.key.startswith(("test_", "live_")):
        yield Problem("STUDIUM_YOOKASSA_SECRET_KEY is no key of YooKassa.", f"It begins with live_ or test_. Make one at {KEYS}.")


def _modes(context: ProviderContext, *, livemode: bool) -> Iterator[Problem]:
    site = urlsplit(context.site_url)
    if livemode and site.scheme != "https":
        yield Problem(f"The key moves real money, and this site is {context.site_url}, without https.",
                      "Use the key of a test shop (test_...) here; on the real site set STUDIUM_PUBLIC_URL to its https address.")
    if not livemode and site.scheme == "https":
        yield Problem("The key of a test shop takes play money only, and this site is public: whoever knows YooKassa's test cards gets "
                      "courses for nothing.", "When you are done trying, set STUDIUM_YOOKASSA_SHOP_ID and STUDIUM_YOOKASSA_SECRET_KEY to "
                      f"those of the real shop, from {KEYS}.", "warning")


def _webhook(settings: YookassaSettings, context: ProviderContext) -> Iterator[Problem]:
    """YooKassa does not tell a shop which address its notifications go to; only the address itself can be looked at."""
    address = urlsplit(context.webhook_url)
    if is_loopback(address.hostname or ""):
        yield Problem(f"YooKassa cannot reach {context.webhook_url}, which is this machine alone; payments are noticed by asking only.",
                      "Nothing needs to be done on a machine for trying things out. A public site has STUDIUM_PUBLIC_URL.", "warning")
    elif address.scheme != "https" or address.port not in PORTS:
        yield Problem(f"YooKassa sends notifications to https on port 443 or 8443 only, not to {context.webhook_url}.",
                      f"Set STUDIUM_PUBLIC_URL to the site's https address. Then enter {context.webhook_url} with the events "
                      f"{', '.join(EVENTS)} at {NOTIFICATIONS}.")
    if settings.sources and address.scheme == "https":
        yield Problem(f"Notifications are taken from {', '.join(settings.sources)} only, by STUDIUM_YOOKASSA_SOURCES.",
                      f"Unset it, so that the addresses that YooKassa publishes count: {', '.join(PUBLISHED)}.", "warning")


def _vat(settings: YookassaSettings) -> Iterator[Problem]:
    if settings.receipts and settings.vat_code in OLD_VAT:
        yield Problem(f"Receipts say VAT {VAT[settings.vat_code]} (STUDIUM_YOOKASSA_VAT_CODE={settings.vat_code}), which is 22 % since "
                      "January 2026.", "Ask the accountant; 22 % is the code 11, and 22/122 is 12.", "warning")


def _asked(settings: YookassaSettings, context: ProviderContext, *, livemode: bool) -> Iterator[Problem]:
    try:
        with asking(settings, context.timeout) as client:
            found = [*_shop(client, settings, livemode=livemode), *_currency(client, settings)]
    except ProviderDown as error:
        found = [Problem(f"YooKassa cannot be asked: {error}", "Look at this machine's network, then try again.", "warning")]
    except ProviderRefused as error:
        found = [Problem(f"YooKassa refuses the shop's number or key. {error}",
                         f"Copy STUDIUM_YOOKASSA_SHOP_ID and make a new STUDIUM_YOOKASSA_SECRET_KEY at {KEYS}.")]
    yield from found


def _shop(client: YookassaClient, settings: YookassaSettings, *, livemode: bool) -> Iterator[Problem]:
    """By GET /me, which YooKassa may keep from ordinary shops; then the list of payments shows whether the key is good."""
    try:
        shop = client.get("me")
    except ProviderRefused as error:
        if error.code == "authentication":
            raise
        return
    if bool(shop.get("test")) == livemode:
        yield Problem(f"The key is of {'the real' if livemode else 'a test'} shop by its beginning, and YooKassa says the opposite.",
                      f"Copy the key again from {KEYS}.")
    if shop.get("status") == "disabled":
        yield Problem("YooKassa does not let this shop take payments.", "Finish its registration at https://yookassa.ru/my, or ask their "
                      "support why it is off.")
    yield from _receipts(shop, settings)


def _receipts(shop: Body, settings: YookassaSettings) -> Iterator[Problem]:
    fiscal = shop.get("fiscalization")
    needs = bool(fiscal.get("enabled")) if isinstance(fiscal, dict) else shop.get("fiscalization_enabled")
    if needs and not settings.receipts:
        yield Problem("The shop sends fiscal receipts through YooKassa, and STUDIUM_YOOKASSA_RECEIPTS is off: payments would be refused.",
                      "Set STUDIUM_YOOKASSA_RECEIPTS=true, and STUDIUM_YOOKASSA_VAT_CODE as the accountant says.")
    if needs is False and settings.receipts:
        yield Problem("STUDIUM_YOOKASSA_RECEIPTS is on, and the shop sends no fiscal receipts through YooKassa.",
                      "Turn receipts on in the shop's settings at https://yookassa.ru/my, or unset STUDIUM_YOOKASSA_RECEIPTS.", "warning")


def _currency(client: YookassaClient, settings: YookassaSettings) -> Iterator[Problem]:
    """The shop's currency is seen at its last payment only."""
    currencies = {one["amount"]["currency"] for one in client.get("payments", limit=1)["items"]} - set(settings.currencies)
    if currencies:
        yield Problem(f"The shop's last payment is in {currencies.pop()}; STUDIUM_YOOKASSA_CURRENCIES is {','.join(settings.currencies)}.",
                      "Name the shop's own currency there; YooKassa refuses others.", "warning")
