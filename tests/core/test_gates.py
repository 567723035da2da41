"""Gates: asked first, for every address that begins with the prefix, and for no other."""

from __future__ import annotations

import pytest
from flask import Blueprint, Flask, abort

from studium.core.gates import init_gates, put_gate


@pytest.fixture
def hidden() -> Flask:
    """A site with a page behind a gate that lets nobody in, and something that would refuse later."""
    app = Flask("hidden")
    init_gates(app)
    app.before_request(lambda: abort(400))
    blueprint = Blueprint("hidden", __name__, url_prefix="/school/secret")
    put_gate(blueprint, lambda: abort(404))
    blueprint.add_url_rule("/page", "page", lambda: "here")
    app.register_blueprint(blueprint)
    return app


@pytest.mark.parametrize("path", [
    "/school/secret", "/school/secret/page", "/school/secret/nowhere", "/school/secret/", "/school//secret/page", "/school/secret//page",
    "/school///secret", "/school/%73ecret/page", "/school%2fsecret/page",
])  # fmt: skip
def test_the_gate_comes_before_everything_else(hidden: Flask, path: str) -> None:
    assert {hidden.test_client().open(path, method=method).status_code for method in ("GET", "POST", "DELETE")} == {404}


@pytest.mark.parametrize("path", ["/", "/school", "/school/secrets", "/school/secret.txt", "/other/school/secret", "/School/Secret"])
def test_no_other_address_is_behind_it(hidden: Flask, path: str) -> None:
    assert hidden.test_client().get(path).status_code == 400
