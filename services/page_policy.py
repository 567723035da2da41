"""What the page of this request may do beyond the site's content security policy, said by the view that makes it."""

from __future__ import annotations

from flask import g

from studium.core.runtime import runtime


def let_forms_leave() -> None:
    """A form of this page is answered by a redirect to another site, such as a payment service's; browsers ask the policy for that too
    (Content Security Policy Level 3, section 6.4.1). Outside production also to simulators without https.
    """
    g.form_targets = " https:" if runtime().settings.core.env == "production" else " https: http:"


def form_targets() -> str:
    """The sources to add to `form-action`, with a leading space."""
    return str(g.get("form_targets", ""))
