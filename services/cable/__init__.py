"""Live updates: `publish` from any process reaches every subscribed browser; the names below are all that others need."""

from studium.services.cable.publishing import last_id, publish
from studium.services.cable.streams import cable_url, sign_stream, user_stream

__all__ = ["cable_url", "last_id", "publish", "sign_stream", "user_stream"]
