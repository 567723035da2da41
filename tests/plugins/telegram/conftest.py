"""Fixtures of the tests about Telegram."""

from __future__ import annotations

from tests.plugins.telegram.bot_fixtures import finish, network, phone, state, waiting

__all__ = ["finish", "network", "phone", "state", "waiting"]
