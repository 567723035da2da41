"""OpenID Connect with Telegram (core.telegram.org/bots/telegram-login): code flow with PKCE, state and nonce.

The protocol is Authlib's, the signature joserfc's; both are imported where somebody signs in, for they are large.
"""

from __future__ import annotations

from typing import Any

from studium.core.clock import now_ms
from studium.core.errors import StudiumError
from studium.plugins.telegram.pending import Pending
from studium.plugins.telegram.provider import TIMEOUT, Provider, ProviderDown

SCOPE = "openid profile"  # without `profile` there is no claim `id`
ALGORITHMS = ("RS256", "ES256")  # not `none`, and nothing whose key could be a public one
LEEWAY = 60  # seconds that two clocks may differ


class Unbelievable(StudiumError):
    """The answer cannot be verified; its text is for the log and holds no token."""


def authorization_url(provider: Provider, pending: Pending, redirect_uri: str) -> str:
    """Where the browser goes to be asked by Telegram. Raises ProviderDown."""
    url, _state = _session(provider, redirect_uri).create_authorization_url(
        provider.metadata()["authorization_endpoint"], state=pending.state, nonce=pending.nonce, code_verifier=pending.code_verifier)
    return str(url)


def fetch_claims(provider: Provider, pending: Pending, redirect_uri: str, code: str) -> dict[str, Any]:
    """What Telegram says of the person for this code. Raises ProviderDown and Unbelievable."""
    return _verified(provider, _id_token(provider, pending, redirect_uri, code), pending.nonce)


def _id_token(provider: Provider, pending: Pending, redirect_uri: str, code: str) -> str:
    import requests
    from authlib.common.errors import AuthlibBaseError

    try:
        answer = _session(provider, redirect_uri).fetch_token(
            provider.metadata()["token_endpoint"], code=code, code_verifier=pending.code_verifier,
            timeout=TIMEOUT, proxies=provider.proxies(), allow_redirects=False)
    except AuthlibBaseError as error:
        raise Unbelievable(f"the token endpoint refused: {str(error.error)[:100]!r}") from error
    except (requests.RequestException, ValueError) as error:
        raise ProviderDown(f"token endpoint: {type(error).__name__}") from error
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise Unbelievable("the token endpoint gave no id_token")
    return token


def _verified(provider: Provider, token: str, nonce: str) -> dict[str, Any]:
    """The claims of a token that is signed by the provider, for this site, now, and for this sign-in (OpenID Connect Core 3.1.3.7)."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    client_id = provider.client.client_id
    rules = jwt.JWTClaimsRegistry(
        now=now_ms() // 1000, leeway=LEEWAY, iss={"essential": True, "value": provider.client.issuer},
        aud={"essential": True}, exp={"essential": True}, iat={"essential": True},
        nonce={"essential": True, "value": nonce})
    try:
        claims = _decoded(provider, token)
        rules.validate(claims)
    except (JoseError, ValueError) as error:
        raise Unbelievable(f"{type(error).__name__}: {error}"[:200]) from error
    if claims["aud"] not in (client_id, [client_id]) or claims.get("azp", client_id) != client_id:
        raise Unbelievable("the token is for others too")
    return claims


def _decoded(provider: Provider, token: str) -> dict[str, Any]:
    """The signed claims; a key that is not known yet is asked for once, since providers change their keys."""
    from joserfc import jwt
    from joserfc.errors import BadSignatureError, InvalidKeyIdError

    try:
        return jwt.decode(token, provider.keys(), algorithms=ALGORITHMS).claims
    except (InvalidKeyIdError, BadSignatureError):
        return jwt.decode(token, provider.keys(fresh=True), algorithms=ALGORITHMS).claims


def _session(provider: Provider, redirect_uri: str) -> Any:
    from authlib.integrations.requests_client import OAuth2Session

    return OAuth2Session(
        client_id=provider.client.client_id, client_secret=provider.client.client_secret.get_secret_value(), scope=SCOPE,
        redirect_uri=redirect_uri, code_challenge_method="S256", token_endpoint_auth_method="client_secret_basic")  # noqa: S106
