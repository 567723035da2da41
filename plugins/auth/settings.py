"""Settings of sign-in."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from studium.core.settings import Section

TelegramIds = tuple[Annotated[int, Field(gt=0, lt=2**63)], ...]


class AuthSettings(Section):
    """STUDIUM_AUTH_..."""

    prefix: ClassVar[str] = "AUTH"
    session_days: int = Field(90, ge=1, description="days after which a sign-in ends in any case")
    idle_days: int = Field(30, ge=1, description="days without a visit after which a sign-in ends")
    keep_ended_days: int = Field(30, ge=1, description="days for which ended sign-ins and API tokens are kept")
    ops_ids: TelegramIds = Field(
        (), description="Telegram ids of the people with the role ops (jobs, the server), separated by commas, such as 1001,1002")
    owner_ids: TelegramIds = Field(
        (), description="Telegram ids of the people with the role owner (courses, money), separated by commas")
