"""Settings of the site."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from studium.core.settings import Section


class WebSettings(Section):
    """What a school may say about itself, and how it serves media."""

    prefix: ClassVar[str] = "WEB"

    site_name: str = Field(
        "Studium", min_length=1, max_length=60, description="name of the school, in the header and in page titles"
    )
    range_bytes: int = Field(
        2_000_000, ge=10_000, description="most bytes of a video or audio file in one answer to a range request; players ask for more"
    )
