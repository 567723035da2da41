"""Parts of the site that only some may know of. A gate asks first, before a missing CSRF token or a wrong method can tell which addresses
there are behind it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import Blueprint, Flask, current_app, request

GATES = "studium.gates"
SLASHES = re.compile("//+")


def init_gates(app: Flask) -> None:
    """Ask the gates before each request; to be called before everything else that may refuse one."""
    app.extensions[GATES] = {}
    app.before_request(_ask)


def put_gate(blueprint: Blueprint, let_in: Callable[[], object]) -> None:
    """Before each request to an address that begins with the blueprint's prefix, known or unknown, by whatever method: call `let_in`,
    which raises for whoever may not know of it, such as `services.users.require_role`.
    """
    blueprint.record_once(lambda state: state.app.extensions[GATES].update({str(state.url_prefix): let_in}))


def _ask() -> None:
    path = SLASHES.sub("/", request.path)  # Werkzeug leads from /a//b to /a/b, if that is there
    for prefix, let_in in current_app.extensions[GATES].items():
        if path == prefix or path.startswith(f"{prefix}/"):
            let_in()
