"""The ID tokens of the simulated provider: the right one, and each of the wrong ones that a client must not believe."""

from __future__ import annotations

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from json import dumps
from typing import TYPE_CHECKING, Any

from studium.services.sign_in import ExternalIdentity
from studium.testing.simulators.openid_store import add_key, new_key, private_keys

if TYPE_CHECKING:
    from joserfc.jwk import RSAKey

Claims = dict[str, Any]

AT_THE_PAGE = {"overloaded": "temporarily_unavailable", "scope": "invalid_scope"}
CHANGES: dict[str, Callable[[Claims], Claims]] = {
    "wrong_nonce": lambda claims: claims | {"nonce": "of-another-sign-in"},
    "no_nonce": lambda claims: _without(claims, "nonce"),
    "wrong_aud": lambda claims: claims | {"aud": "999"},
    "also_aud": lambda claims: claims | {"aud": [claims["aud"], "999"]},
    "wrong_iss": lambda claims: claims | {"iss": "https://evil.example"},
    "expired": lambda claims: claims | {"iat": claims["iat"] - 7200, "exp": claims["exp"] - 7200},
    "future": lambda claims: claims | {"iat": claims["iat"] + 7200, "exp": claims["exp"] + 7200},
    "no_exp": lambda claims: _without(claims, "exp"),
    "no_id": lambda claims: _without(claims, "id"),
    "odd_id": lambda claims: claims | {"id": "7 or 1=1"},
    "only_name": lambda claims: _without(claims, "given_name", "family_name", "preferred_username", "picture") | {"name": "Мия Ли"},
}
SIGNATURES = ("alg_none", "alg_hs256", "unknown_key", "new_key", "forged", "not_a_token")
_known: dict[str, RSAKey] = {}  # by key id, which is the thumbprint of the key (RFC 7638)
FAULTS = ("", *AT_THE_PAGE, "broken", *SIGNATURES, *CHANGES)


def sign(person: ExternalIdentity, *, issuer: str, client_id: str, nonce: str, fault: str) -> str:
    """The person's ID token, wrong as `fault` says."""
    claims = _claims(person, issuer, client_id, nonce)
    if fault in CHANGES:
        claims = CHANGES[fault](claims)
    return _signed(claims, fault)


def _claims(person: ExternalIdentity, issuer: str, client_id: str, nonce: str) -> Claims:
    """As core.telegram.org/bots/telegram-login lists them; `sub` is not the Telegram id."""
    at = int(time.time())
    found = {
        "iss": issuer, "aud": client_id, "sub": str(10**18 + person.telegram_id), "iat": at, "exp": at + 3600, "nonce": nonce,
        "id": person.telegram_id, "name": f"{person.first_name} {person.last_name}".strip(), "given_name": person.first_name,
        "family_name": person.last_name, "preferred_username": person.username,
        "picture": f"https://t.me/i/userpic/320/{person.username}.jpg",
    }
    return {name: value for name, value in found.items() if value != ""}


def _signed(claims: Claims, fault: str) -> str:
    from joserfc import jwt

    if fault == "alg_none":
        return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims)}."
    if fault == "not_a_token":
        return "nonsense"
    if fault == "new_key":
        add_key()
    key = new_key() if fault == "unknown_key" else private_keys()[-1]
    if fault == "alg_hs256":  # the public key as the secret: the classic confusion of algorithms
        public = _imported(key).as_pem(private=False)
        return _hs256(claims, str(key["kid"]), public)
    text = jwt.encode({"alg": "RS256", "kid": key["kid"]}, claims, _imported(key))
    if fault == "forged":
        head, _body, signature = text.split(".")
        return f"{head}.{_part(claims | {'id': claims['id'] + 1})}.{signature}"
    return text


def _imported(key: dict[str, Any]) -> RSAKey:
    """The key to sign with; to check that its numbers are prime takes 30 ms, so once a process and key."""
    from joserfc.jwk import RSAKey

    kid = str(key["kid"])
    if kid not in _known:
        _known[kid] = RSAKey.import_key(key)
    return _known[kid]


def _hs256(claims: Claims, kid: str, secret: bytes) -> str:

    text = f"{_part({'alg': 'HS256', 'kid': kid})}.{_part(claims)}"
    return f"{text}.{_base64(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def _part(value: Claims) -> str:
    return _base64(dumps(value).encode())


def _base64(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _without(claims: Claims, *names: str) -> Claims:
    return {name: value for name, value in claims.items() if name not in names}
