"""The form that makes an API token, as it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from studium.plugins.auth.tokens import LONGEST_NAME
from studium.services.token_scopes import READ, SCOPES

DAYS = (30, 90, 365, 0)  # 0: until it is revoked


@dataclass(frozen=True)
class TokenForm:
    """What was entered, and what is wrong with it: field -> sentence."""

    name: str = ""
    scopes: tuple[str, ...] = (READ,)
    chosen_days: int = DAYS[1]
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def days(self) -> int | None:
        """How long the token lasts; None until it is revoked."""
        return self.chosen_days or None

    def with_error(self, name: str, sentence: str) -> TokenForm:
        """The same with one more error."""
        return replace(self, errors={**self.errors, name: sentence})


def read_token_form(values: MultiDict[str, str]) -> TokenForm:
    """The form with its errors; wrong choices fall back to what the form begins with."""
    name = " ".join(values.get("name", "").split())
    scopes = tuple(scope for scope in SCOPES if scope in values.getlist("scope"))
    known = {str(days): days for days in DAYS}
    form = TokenForm(name[:LONGEST_NAME], scopes, known.get(values.get("days", ""), DAYS[1]))
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        form = form.with_error("name", _("Give it a name of 1 to %(most)d characters, such as the program's.", most=LONGEST_NAME))
    if not scopes or set(values.getlist("scope")) - set(SCOPES):
        form = form.with_error("scope", _("Choose at least one thing that it may do."))
    if values.get("days", "") not in known:
        form = form.with_error("days", _("Choose one of these."))
    return form
