"""Settings of the cable: limits that keep one client from harming others, and how long messages are kept."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from studium.core.settings import Section


class CableSettings(Section):
    """STUDIUM_CABLE_..."""

    prefix: ClassVar[str] = "CABLE"
    max_connections: int = Field(12_000, ge=1, description="most open WebSockets of one cable process")
    max_connections_per_user: int = Field(50, ge=1, description="most open WebSockets of one user")
    max_frame_bytes: int = Field(65_536, ge=1024, description="largest message from a browser, in bytes; a larger one closes the socket")
    frames_per_second: float = Field(100, gt=0, description="messages a second that one socket may send for long")
    frames_burst: int = Field(2_000, ge=1, description="messages that one socket may send at once; more closes it")
    ping_seconds: int = Field(25, ge=1, description="silence after which a socket is pinged; after two more it is closed")
    send_buffer_bytes: int = Field(1_000_000, ge=1024, description="unsent bytes after which a slow browser is let go")
    retention_hours: float = Field(24, gt=0, description="how long messages are kept for browsers that come back")
    replay_limit: int = Field(1_000, ge=1, description="most missed messages sent at a subscription, the newest ones")
    session_check_seconds: int = Field(
        20, ge=1, le=60, description="how often the sign-ins of open WebSockets are looked up; those of ended ones are closed")
