"""The links to these pages in the owner's navigation."""

from __future__ import annotations

from flask_babel import gettext as _

from studium.services.owner_pages import OwnerPage

ORDER = 10  # before those of other plugins: the first is the front page


def links() -> list[OwnerPage]:
    """In the reader's language."""
    pages = {"/owner": _("Overview"), "/owner/payments": _("Payments"), "/owner/enrolments": _("Enrolments"),
             "/owner/coupons": _("Coupons"), "/owner/webhooks": _("Webhooks"), "/owner/drift": _("Comparison")}
    return [OwnerPage(title, path, ORDER) for path, title in pages.items()]
