"""The addresses of the plugin on one screen. Imported only by programs that serve pages, since Flask-Babel is heavy."""

from __future__ import annotations

from flask import Blueprint

from studium.plugins.documents import certificate_pages, downloads
from studium.services.token_scopes import READ, token_scope

blueprint = Blueprint("documents", __name__, template_folder="templates", static_folder="static", static_url_path="/documents/static")

blueprint.add_url_rule("/documents/<document_id>", "download", token_scope(READ)(downloads.show))
blueprint.add_url_rule("/certificates", "find_certificate", certificate_pages.find)
blueprint.add_url_rule("/certificates/<code>", "certificate", certificate_pages.show)
