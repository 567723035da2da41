"""Files of jobs, for plugins that keep none themselves."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from studium.core.database import transaction
from studium.core.errors import PluginError
from studium.core.runtime import runtime
from studium.queue import jobs
from studium.services import documents
from tests.conftest import SignIn


def test_hook_find_document_store_keeps_the_file_of_another_plugins_job(
    app: Flask, client: FlaskClient, sign_in: SignIn, run_jobs: Callable[[], int]
) -> None:
    user = sign_in(client)
    with app.app_context(), transaction():
        job_id = jobs.enqueue("leaflet", user_id=user["id"]).id
    run_jobs()
    with app.app_context():
        result = jobs.find_job(job_id).result
    assert result is not None
    answer = client.get(result["download"], buffered=True)
    assert (answer.status_code, answer.text, result["bytes"]) == (200, "About the school.", 17)
    assert app.test_client().get(result["download"], headers={"Accept": "application/json"}).status_code == 401


def test_without_a_plugin_that_keeps_files_the_error_says_what_to_do(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        monkeypatch.setattr(runtime().hooks, "find_document_store", lambda: None)
        with pytest.raises(PluginError, match="list of plugins"):
            documents.kept_for()
