"""The Acme Pay API over HTTP. Whatever goes wrong becomes ProviderDown or ProviderRefused, with words that hold no key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from studium.services.money import MoneyError
from studium.services.providers import ProviderDown, ProviderRefused

from studium_acme_pay.settings import AcmePaySettings

Body = dict[str, Any]
NOT_FOUND, TIMEOUT, TOO_MANY = 404, 408, 429


class Api:
    """Calls with the school's key; each ends within so many seconds."""

    def __init__(self, settings: AcmePaySettings, seconds: float) -> None:
        self._settings, self._seconds = settings, seconds

    def get(self, path: str, **query: str | int) -> Body:
        """GET; `path` is below the API's address, with ids quoted."""
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: Mapping[str, Any], key: str) -> Body:
        """POST of JSON; the service answers the same to the same key."""
        return self._ask("POST", path, json=body, headers={"Idempotency-Key": key})

    def _ask(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **given: Any) -> Body:
        import requests  # 5 MB that a process pays for only when it asks

        key = self._settings.api_key
        sent = {"Authorization": f"Bearer {key.get_secret_value() if key else ''}", **(headers or {})}
        try:
            answer = requests.request(
                method, f"{self._settings.api_base.rstrip('/')}/{path}", headers=sent, allow_redirects=False,
                timeout=self._seconds / 2, **given)  # to connect, and as much again to wait
        except requests.RequestException as error:
            raise ProviderDown(f"Acme Pay could not be asked ({type(error).__name__}).") from None  # its text may hold the address
        return _read(answer.status_code, _json(answer))


@contextmanager
def asking(settings: AcmePaySettings, seconds: float) -> Iterator[Api]:
    """The API for what is inside; an answer that is not as its documentation has it counts as none, since nobody knows what it did."""
    try:
        yield Api(settings, seconds)
    except (AttributeError, KeyError, TypeError, ValueError, MoneyError) as error:
        raise ProviderDown(f"The answer of Acme Pay is not as its documentation has it ({type(error).__name__}: {error}).") from error


def _read(status: int, body: Body | None) -> Body:
    """The object. What nobody knows the outcome of is ProviderDown: 5xx, 408, 429, no JSON; a reasoned 4xx is ProviderRefused."""
    if status in (200, 201) and body is not None:
        return body
    if not 400 <= status < 500 or status in (TIMEOUT, TOO_MANY) or body is None:
        raise ProviderDown(f"Acme Pay answered {status}{'' if body is not None else ' with something that is no JSON object'}.")
    told = body.get("error")
    told = told if isinstance(told, dict) else {}
    code = "not-found" if status == NOT_FOUND else str(told.get("code") or status)[:100]
    raise ProviderRefused(f"Acme Pay: {str(told.get('message') or status)[:300]}", code)


def _json(answer: Any) -> Body | None:
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
