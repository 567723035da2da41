"""Settings of sign-in."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from studium.core.settings import Section


class AuthSettings(Section):
    """STUDIUM_AUTH_..."""

    prefix: ClassVar[str] = "AUTH"
    session_days: int = Field(90, ge=1, description="days after which a sign-in ends in any case")
    idle_days: int = Field(30, ge=1, description="days without a visit after which a sign-in ends")
