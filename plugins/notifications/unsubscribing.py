"""The signed word in an unsubscribe address: whose message, in which channel, of which event. It never expires, as mail does not."""

from __future__ import annotations

from itsdangerous import BadData, URLSafeSerializer

from studium.core.runtime import runtime

SALT = "studium.notifications.unsubscribe"
PATH = "/notifications/unsubscribe/"


def token(user_id: int, channel: str, event: str | None) -> str:
    """What an address carries that ends messages of this event, or with None all messages, in this channel for this person."""
    return str(_serializer().dumps([user_id, channel, event]))


def read(token: str) -> tuple[int, str, str | None] | None:
    """The person, channel and event of a token; None for one that this site did not make."""
    try:
        found = _serializer().loads(token)
    except BadData:
        return None
    match found:
        case [int(user_id), str(channel), str() | None as event]:
            return user_id, channel, event
    return None


def unsubscribe_path(user_id: int, channel: str, event: str | None) -> str:
    """The path of the page that asks, and of the POST of RFC 8058 that does it at once."""
    return PATH + token(user_id, channel, event)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(runtime().settings.secret, salt=SALT)
