"""The addresses under /owner on one screen, behind one gate. A view's module is imported when it is first asked for: most processes never
show these pages, and an idle site should be small.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from studium.core.gates import put_gate
from studium.plugins.payments.owner_pages.gate import let_owner_in

blueprint = Blueprint("owner", __name__, url_prefix="/owner", template_folder="../templates")
put_gate(blueprint, let_owner_in)


@blueprint.context_processor
def words_for_templates() -> dict[str, Any]:
    """The names of statuses, problems and the like."""
    from studium.plugins.payments.owner_pages import stored_words, words  # when a page is drawn

    return words.FUNCTIONS | stored_words.FUNCTIONS


def route(rule: str, view: str, method: str = "GET") -> None:
    """Let the function `view`, "module.name" in this folder, answer the rule; its endpoint is "module_name"."""
    module, name = view.split(".")

    def answer(**arguments: Any) -> ResponseReturnValue:
        loaded = import_module(f"studium.plugins.payments.owner_pages.{module}")
        found: ResponseReturnValue = getattr(loaded, name)(**arguments)
        return found

    blueprint.add_url_rule(rule, view.replace(".", "_"), answer, methods=[method])


route("", "front.show")
route("/payments", "payment_list.show")
route("/payments.csv", "csv_export.show")
route("/payments/<payment_id>", "payment_page.show")
route("/payments/<payment_id>/look", "payment_page.ask_provider", "POST")
route("/payments/<payment_id>/<deed>", "deeds.show")
route("/payments/<payment_id>/<deed>", "deeds.send", "POST")
route("/enrolments", "enrolment_list.show")
route("/enrolments/grant", "grant.show")
route("/enrolments/grant", "grant.send", "POST")
route("/enrolments/<int:enrolment_id>/revoke", "revoke.show")
route("/enrolments/<int:enrolment_id>/revoke", "revoke.send", "POST")
route("/coupons", "coupons.show")
route("/coupons/new", "new_coupon.show")
route("/coupons/new", "new_coupon.send", "POST")
route("/coupons/<int:coupon_id>/archive", "coupons.confirm_archive")
route("/coupons/<int:coupon_id>/archive", "coupons.archive", "POST")
route("/webhooks", "webhooks.show")
route("/webhooks/<int:delivery_id>", "webhook_page.show")
route("/webhooks/<int:delivery_id>/dry-run", "webhook_page.try_out", "POST")
route("/webhooks/<int:delivery_id>/replay", "webhook_page.do_it", "POST")
route("/drift", "drift.show")
route("/drift/sweep", "drift.start", "POST")
