"""The YooKassa API over HTTP (yookassa.ru/developers/using-api/interaction-format), all calls together within a time limit.

Whatever goes wrong becomes one of the contract's errors, so nothing of `requests` gets out; it is imported only where something is asked.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from studium.plugins.yookassa.settings import YookassaSettings
from studium.services.money import MoneyError
from studium.services.providers import ProviderDown, ProviderRefused

if TYPE_CHECKING:
    import requests

Body = dict[str, Any]
KEY = re.compile(r"[0-9a-zA-Z:+_.-]{1,64}")  # of the header Idempotence-Key
PROCESSING, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, TIMEOUT, TOO_MANY = 202, 401, 403, 404, 408, 429
CODES = {UNAUTHORIZED: "authentication", FORBIDDEN: "permission", NOT_FOUND: "not-found"}
TRIES = 2
PAUSE, LONGEST_PAUSE = 0.5, 2.0  # seconds before the second try
ENOUGH = 3.0  # seconds that must be left for it
MOST = 100  # objects on a page


class AskAgain(ProviderDown):
    """No answer, and the same call with the same key may get one in a moment."""

    def __init__(self, message: str, pause: float = PAUSE) -> None:
        super().__init__(message)
        self.pause = min(pause, LONGEST_PAUSE)


class YookassaClient:
    """A few calls that together take at most so many seconds. Each raises ProviderDown and ProviderRefused."""

    def __init__(self, settings: YookassaSettings, session: requests.Session, seconds: float) -> None:
        self._settings, self._session, self._seconds = settings, session, seconds
        self.renew()

    def renew(self) -> None:
        """From now on there is the whole time again, as for each page of a long list."""
        self._end = time.monotonic() + self._seconds

    def get(self, path: str, **params: str | int) -> Body:
        """GET; a path below the API's address, and parameters of the query, of which `_gte` stands for `.gte`."""
        return self._ask("GET", path, params={name.replace("_gte", ".gte"): value for name, value in params.items()})

    def post(self, path: str, body: Mapping[str, Any], key: str) -> Body:
        """POST of JSON with an Idempotence-Key: the same key and body get the same answer for 24 hours."""
        if not KEY.fullmatch(key):
            raise ProviderRefused("An idempotence key has 1 to 64 letters, digits and -+_.: at YooKassa.", "idempotence-key")
        return self._ask("POST", path, json=body, headers={"Idempotence-Key": key})

    def pages(self, path: str, **params: str | int) -> Iterator[list[Body]]:
        """The objects of a list, page by page, the newest first."""
        cursor: Mapping[str, str] = {}
        while True:
            page = self.get(path, **params, limit=MOST, **cursor)
            yield list(page["items"])
            if not page.get("next_cursor"):
                return
            cursor = {"cursor": str(page["next_cursor"])}

    def _ask(self, method: str, path: str, **given: Any) -> Body:
        for left in reversed(range(TRIES)):
            try:
                return self._once(method, path, **given)
            except AskAgain as error:
                if not left or self._end - time.monotonic() < error.pause + ENOUGH:
                    raise
                time.sleep(error.pause)
        raise AssertionError("the last try answers or raises")

    def _once(self, method: str, path: str, **given: Any) -> Body:
        import requests

        left = self._end - time.monotonic()
        if left <= 0:
            raise ProviderDown("There was no time left to ask YooKassa.")
        try:
            answer = self._session.request(
                method, f"{self._settings.api_base}/{path}", auth=(self._settings.shop_id or "", self._settings.key), timeout=left,
                allow_redirects=False, **given)
        except requests.Timeout:
            raise ProviderDown("YooKassa did not answer in time.") from None
        except requests.ConnectionError:
            raise AskAgain("YooKassa could not be reached, or the connection broke.") from None
        except requests.RequestException as error:
            raise ProviderDown(f"The exchange with YooKassa broke ({type(error).__name__}).") from None
        return _read(answer)


@contextmanager
def asking(settings: YookassaSettings, seconds: float) -> Iterator[YookassaClient]:
    """A client for what is inside, where an answer that is not as documented counts as none: ProviderDown."""
    import requests  # 5 MB that a process pays for only when it asks

    try:
        with requests.Session() as session:
            yield YookassaClient(settings, session, seconds)
    except (AttributeError, KeyError, TypeError, ValueError, MoneyError) as error:
        raise ProviderDown(f"YooKassa's answer is not as its documentation has it ({type(error).__name__}: {error}).") from error


def _read(answer: requests.Response) -> Body:
    """The object. What nobody knows the outcome of is ProviderDown (202, 408, 429, 5xx, a page of HTML), a reasoned 4xx ProviderRefused."""
    status = answer.status_code
    body = _json(answer)
    if status == 200 and body is not None:
        return body
    if status in (PROCESSING, TOO_MANY):
        raise AskAgain(f"YooKassa answered {status}: not yet.", _pause(body))
    told = body is not None and body.get("type") == "error"
    if not 400 <= status < 500 or status == TIMEOUT or not (told or status == UNAUTHORIZED):
        raise ProviderDown(f"YooKassa answered {status}{'' if body is not None else ' with something that is no JSON'}.")
    raise _refused(status, body or {})


def _refused(status: int, error: Body) -> ProviderRefused | ProviderDown:
    parameter = str(error.get("parameter") or "")
    text = f"YooKassa: {str(error.get('description') or status)[:300]}" + (f" ({parameter[:100]})" if parameter else "")
    if "idempotence" in f"{parameter} {text}".lower():
        return ProviderDown(f"{text}. Another call with this key came before, and may be under way.")
    return ProviderRefused(text, CODES.get(status) or str(error.get("code") or "refused")[:100])


def _json(answer: requests.Response) -> Body | None:
    try:
        found = answer.json()
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _pause(body: Body | None) -> float:
    """`retry_after` is in milliseconds."""
    after = (body or {}).get("retry_after")
    return max(PAUSE, after / 1000) if isinstance(after, int | float) else PAUSE
