"""What plugins show of a person on their account page: sections, asked of all plugins by the hook `account_sections`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from markupsafe import Markup

from studium.core.runtime import collect, runtime
from studium.services.users import SignedInUser


@dataclass(frozen=True)
class AccountSection:
    """A part of /account below its heading, which is `title`, in the reader's language.

    `name` is its id on the page, of letters, digits and hyphens, best with the plugin's name in front. `html` is what a template of the
    plugin made, `Markup(render_template("notifications/account.html", ...))`; a text that is no Markup is escaped.
    """

    name: str
    title: str
    html: Markup | str


def section_path(name: str) -> str:
    """The path of the account page, scrolled to the section of this name: the way back from the plugin's own form."""
    return f"/account#{name}"


def find_sections(user: SignedInUser, language: str) -> list[AccountSection]:
    """The sections of all plugins for this person, in the order of loading; titles and texts are in `language`."""
    return collect(partial(runtime().hooks.account_sections, user=user, language=language))
