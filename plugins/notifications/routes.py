"""The addresses of notifications on one screen. Imported only by programs that serve pages, since Flask-Babel is heavy."""

from __future__ import annotations

from flask import Blueprint

from studium.plugins.notifications import assets, notice_pages, notices_api, preference_pages, unsubscribe_pages

blueprint = Blueprint("notifications", __name__, template_folder="templates")

blueprint.add_url_rule("/notifications", "notices", notice_pages.show)
blueprint.add_url_rule("/notifications/panel", "panel", notice_pages.show_panel)
blueprint.add_url_rule("/notifications/read", "read", notice_pages.read, methods=["POST"])
blueprint.add_url_rule("/notifications/preferences", "choose", preference_pages.choose, methods=["POST"])
blueprint.add_url_rule("/notifications/channels/<channel>/resume", "resume", preference_pages.resume, methods=["POST"])
blueprint.add_url_rule("/notifications/unsubscribe/<token>", "unsubscribe", unsubscribe_pages.ask)
blueprint.add_url_rule("/notifications/unsubscribe/<token>", "end", unsubscribe_pages.end, methods=["POST"])
blueprint.add_url_rule("/notifications/static/<version>/<filename>", "static", assets.show)
blueprint.add_url_rule("/api/v1/notifications", "api_notices", notices_api.show_all)
blueprint.add_url_rule("/api/v1/notifications/read", "api_read", notices_api.read, methods=["POST"])
