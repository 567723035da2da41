"""What Telegram's OpenID provider says of itself: its discovery document and its keys, asked for with time-outs and kept for an hour."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from studium.core.errors import StudiumError
from studium.services.telegram import CONNECT_SECONDS, READ_SECONDS, LoginClient

if TYPE_CHECKING:
    from joserfc.jwk import KeySet

KEPT_SECONDS = 3600
DISCOVERY = "/.well-known/openid-configuration"  # OpenID Connect Discovery 1.0, section 4
TIMEOUT = (CONNECT_SECONDS, READ_SECONDS)
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderDown(StudiumError):
    """The provider does not answer, or not as a provider does; its text says which and is for the log."""


@dataclass
class Provider:
    """One issuer; threads of a process share it. `metadata` and `keys` raise ProviderDown."""

    client: LoginClient
    _kept: dict[str, tuple[float, dict[str, Any]]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def metadata(self) -> dict[str, Any]:
        """The discovery document, whose issuer and endpoints are those that may be trusted."""
        found = self._get(self.client.issuer + DISCOVERY)
        if found.get("issuer") != self.client.issuer:
            raise ProviderDown(f"the discovery document is of another issuer: {found.get('issuer')!r}")
        for name in ENDPOINTS:
            if not str(found.get(name, "")).startswith(self._allowed()):
                raise ProviderDown(f"the discovery document has no usable {name}")
        return found

    def keys(self, *, fresh: bool = False) -> KeySet:
        """The public keys; `fresh` asks again, for a key that is not among those kept."""
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        url = self.metadata()["jwks_uri"]
        rows = self._get(url, fresh=fresh).get("keys")
        if not isinstance(rows, list):
            raise ProviderDown("there are no keys")
        try:
            return KeySet.import_key_set({"keys": [row for row in rows if _for_signatures(row)]})
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ProviderDown(f"a key cannot be read: {type(error).__name__}") from error

    def proxies(self) -> dict[str, str] | None:
        """For `requests`; None leaves it to the environment."""
        if self.client.proxy is None:
            return None
        proxy = self.client.proxy.get_secret_value()
        return {"http": proxy, "https": proxy}

    def _allowed(self) -> tuple[str, ...]:
        """Plain http only where the issuer itself is so, which is the simulator on this machine."""
        return ("https://", self.client.issuer + "/")

    def _get(self, url: str, *, fresh: bool = False) -> dict[str, Any]:
        with self._lock:
            at, kept = self._kept.get(url, (0.0, None))
        if kept is not None and not fresh and time.monotonic() - at < KEPT_SECONDS:
            return kept
        found = self._ask(url)
        with self._lock:
            self._kept[url] = (time.monotonic(), found)
        return found

    def _ask(self, url: str) -> dict[str, Any]:
        import requests  # only where somebody signs in

        try:
            answer = requests.get(url, timeout=TIMEOUT, proxies=self.proxies(), allow_redirects=False)
            found = answer.json() if answer.status_code == 200 else None
        except (requests.RequestException, ValueError) as error:
            raise ProviderDown(f"{url}: {type(error).__name__}") from error
        if not isinstance(found, dict):
            raise ProviderDown(f"{url}: HTTP {answer.status_code}, not a JSON object")
        return found


def _for_signatures(row: Any) -> bool:
    """Keys of the two accepted algorithms; others may be there, such as Telegram's for Ed25519 and secp256k1."""
    if not isinstance(row, dict) or row.get("use", "sig") != "sig":
        return False
    return row.get("kty") == "RSA" or (row.get("kty") == "EC" and row.get("crv") == "P-256")
