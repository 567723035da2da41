"""What the site is called, and its address as browsers see it, for whatever names the school or is read away from the site."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from studium.core.runtime import runtime
from studium.core.settings import Section, is_loopback


class SiteSettings(Section):
    """What a school says about itself."""

    prefix: ClassVar[str] = "WEB"

    site_name: str = Field(
        "Studium", min_length=1, max_length=60, description="name of the school, in the header, in page titles and on certificates"
    )


def site_name() -> str:
    """The name of the school."""
    return runtime().settings[SiteSettings].site_name


def absolute_url(path: str) -> str:
    """The whole address of a path of the site, for print and mail: below `STUDIUM_PUBLIC_URL`, or without it where the site listens."""
    core = runtime().settings.core
    host = f"[{core.host}]" if ":" in core.host else core.host
    return (core.public_url or f"http://{host}:{core.port}").rstrip("/") + path


def loopback_url(path: str) -> str:
    """The whole address of a path of the site for programs on this machine: where it listens, on loopback whatever its settings say."""
    core = runtime().settings.core
    host = core.host if is_loopback(core.host) else "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{core.port}{path}"
