"""The buyer's addresses on one screen. Imported only by programs that serve pages, since Flask-Babel is heavy."""

from __future__ import annotations

from flask import Blueprint

from studium.plugins.payments import checkout_pages, history_pages, payment_pages, receipt_pages

blueprint = Blueprint("payments", __name__, template_folder="templates", static_folder="static", static_url_path="/payments/static")

blueprint.add_url_rule("/checkout/<course>/<tier>", "checkout", checkout_pages.show)
blueprint.add_url_rule("/checkout/<course>/<tier>", "pay", checkout_pages.pay, methods=["POST"])
blueprint.add_url_rule("/payments", "history", history_pages.show)
blueprint.add_url_rule("/payments/<payment_id>", "payment", payment_pages.show)
blueprint.add_url_rule("/payments/<payment_id>/state", "state", payment_pages.show_state)
blueprint.add_url_rule("/payments/<payment_id>/continue", "go_on", payment_pages.go_on, methods=["POST"])
blueprint.add_url_rule("/payments/<payment_id>/receipt", "receipt", receipt_pages.show)
blueprint.add_url_rule("/payments/<payment_id>/receipt", "make_receipt", receipt_pages.make, methods=["POST"])
blueprint.add_url_rule("/payments/<payment_id>/receipt/file", "receipt_file", receipt_pages.show_file)
