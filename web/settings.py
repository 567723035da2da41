"""Settings of the site."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from studium.core.settings import Section


class WebSettings(Section):
    """How the site serves media, for how long browsers come by https alone, and whether parts of pages are kept."""

    prefix: ClassVar[str] = "WEB"

    range_bytes: int = Field(
        2_000_000, ge=10_000, description="most bytes of a video or audio file in one answer to a range request; players ask for more"
    )
    hsts_seconds: int = Field(
        31_536_000, ge=0, description="seconds that a browser which came by https comes by nothing else (Strict-Transport-Security, in "
        "production); 0 sends none, and browsers that were told before keep to it"
    )
    fragments: bool = Field(
        True, description="whether parts of pages that are the same for many readers are kept ready-made in the cache; false makes them "
        "anew for each page, for comparison"
    )
