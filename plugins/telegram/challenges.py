"""Challenges: begun by a browser, claimed by a person's Telegram, confirmed by the right number, and used by that same browser once.

The browser keeps a secret in a cookie; the link's token is made from it, so a reloaded page shows the same link though neither is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from pony.orm import delete

from studium.core.clock import now
from studium.core.database import reading, transaction
from studium.core.errors import Conflict
from studium.core.runtime import runtime
from studium.plugins.telegram.entities import TelegramChallenge
from studium.plugins.telegram.wrong_answers import COUNTED_FOR, seconds_refused
from studium.services.sign_in import ExternalIdentity

LIFETIME = timedelta(minutes=10)
KEPT_FOR = COUNTED_FOR  # wrong answers count for so long
TOKEN_LENGTH = 32  # hex characters: 128 bits
CHOICES = 3  # numbers that the bot offers, one of them the right one
OPEN = ("waiting", "asked", "confirmed")


@dataclass(frozen=True)
class Challenge:
    """A challenge as others see it; `seconds` are left, `name` is of the person who confirmed it ("" before)."""

    id: int
    state: str
    number: int
    choices: tuple[int, ...]
    language: str
    expires_at: datetime
    seconds: int
    name: str

    @property
    def is_open(self) -> bool:
        """Whether it can still end in a sign-in."""
        return self.state in OPEN


def begin(language: str) -> str:
    """Make a challenge for a browser; the secret that only this browser is to know."""
    secret = secrets.token_urlsafe(32)
    choices = random.SystemRandom().sample(range(10, 100), CHOICES)
    with transaction():
        TelegramChallenge(token_hash=hash_of(start_token(secret)), browser_hash=hash_of(secret), number=choices[0],
                          choices=" ".join(map(str, sorted(choices))), language=language, created_at=now(), expires_at=now() + LIFETIME)
    return secret


def start_token(secret: str) -> str:
    """The token of the link, 32 hex characters that cannot be guessed from anything but the browser's secret and the site's key."""
    key, text = runtime().settings.secret.encode(), f"studium.telegram.start:{secret}".encode()
    return hmac.new(key, text, hashlib.sha256).hexdigest()[:TOKEN_LENGTH]


def hash_of(text: str) -> str:
    """What is stored of a secret; a plain hash is enough for 128 random bits and more."""
    return hashlib.sha256(text.encode()).hexdigest()


def find(secret: str) -> Challenge | None:
    """The challenge of the browser with this secret."""
    with reading():
        row = TelegramChallenge.get(browser_hash=hash_of(secret))
        return _view(row) if row else None


def claim(token_hash: str, person: ExternalIdentity) -> Challenge | None:
    """The person opened the link: from now on it is theirs, and asked of them. Needs an open transaction.

    None when the link is unknown, over, confirmed already, or was opened by somebody else before. Opening it twice is no mistake.
    """
    row = TelegramChallenge.get(token_hash=token_hash)
    if row is None or row.state not in ("waiting", "asked") or row.telegram_id not in (None, person.telegram_id):
        return None
    row.set(telegram_id=person.telegram_id, first_name=person.first_name, last_name=person.last_name, username=person.username)
    return _view(row)


def answer(challenge_id: int, telegram_id: int, number: int | None) -> str:
    """The person chose a number (None: it was not them). Needs an open transaction.

    Answers "confirmed"; "wrong", "refused" or, after too many wrong ones, "too_often", which cancel the challenge; "over" when there is
    nothing to answer for this person.
    """
    row = TelegramChallenge.get(id=challenge_id)
    if row is None or row.telegram_id != telegram_id or row.state != "asked":
        return "over"
    outcome = _outcome(row, number)
    if outcome == "confirmed":
        row.confirmed_at = now()
        return outcome
    row.cancelled_at = now()
    if outcome == "wrong":
        row.wrong_at = now()
    return outcome


def _outcome(row: TelegramChallenge, number: int | None) -> str:
    """Too often comes before right, so that links opened beforehand are no further guesses."""
    if number is None:
        return "refused"
    if seconds_refused(row.telegram_id):
        return "too_often"
    return "confirmed" if number == row.number else "wrong"


def cancel_all(telegram_id: int) -> int:
    """Cancel what the person was asked, or has confirmed and no browser has used yet; how many. Needs an open transaction."""
    rows = [row for row in TelegramChallenge.select(lambda row: row.telegram_id == telegram_id) if row.state in OPEN]
    for row in rows:
        row.cancelled_at = now()
    return len(rows)


def find_confirmed(secret: str) -> ExternalIdentity:
    """The person who confirmed the challenge of the browser with this secret. Raises Conflict when it is not confirmed, used, or over."""
    with reading():
        return _person(_confirmed(secret))


def use(secret: str) -> ExternalIdentity:
    """As find_confirmed, and then it is used: it works once. Needs an open transaction."""
    row = _confirmed(secret)
    row.used_at = now()
    return _person(row)


def name_of(person: ExternalIdentity) -> str:
    """What the page calls the person that it signs in: what the account will be called."""
    return person.first_name or person.username or f"User {person.telegram_id}"


def trim() -> int:
    """Remove the challenges that ended a day ago; how many."""
    before = now() - KEPT_FOR
    with transaction():
        return int(delete(row for row in TelegramChallenge if row.expires_at < before))  # type: ignore[attr-defined]


def _confirmed(secret: str) -> TelegramChallenge:
    row = TelegramChallenge.get(browser_hash=hash_of(secret))
    if row is None or row.state != "confirmed":
        raise Conflict("This sign-in is not confirmed. Open the sign-in page and begin again.")
    return row


def _person(row: TelegramChallenge) -> ExternalIdentity:
    return ExternalIdentity(telegram_id=row.telegram_id, first_name=row.first_name, last_name=row.last_name, username=row.username)


def _view(row: TelegramChallenge) -> Challenge:
    seconds = max(0, int((row.expires_at - now()).total_seconds()))
    name = name_of(_person(row)) if row.state == "confirmed" else ""
    choices = tuple(int(one) for one in row.choices.split())
    return Challenge(row.id, row.state, row.number, choices, row.language, row.expires_at, seconds, name)
