"""Declaring kinds of job."""

from __future__ import annotations

import types
from typing import Any

import pytest
from chores import chore

from studium.core.errors import PluginError, SettingsError
from studium.core.plugins import hookimpl
from studium.core.runtime import collect, runtime
from studium.core.settings import load_core, load_settings
from studium.queue.errors import JobError, UnknownQueue
from studium.queue.kinds import job_kind, load_kinds


def test_a_kind_has_the_documented_defaults(app):
    kind = job_kind("nap", "Take a nap")(lambda job, params: None)
    assert (kind.retries, kind.backoff, kind.timeout, kind.queue, kind.priority) == (3, 5.0, None, "default", 0)
    assert (kind.limit, kind.self_service, kind.admit, kind.unique) == (None, False, None, None)


def test_a_kind_for_an_unknown_queue_is_refused_where_it_is_declared():
    with pytest.raises(UnknownQueue, match=r"nap.*'slow'.*default, realtime"):
        job_kind("nap", "Take a nap", queue="slow")


def test_two_kinds_of_one_name_stop_the_start(app):
    plugin: Any = types.ModuleType("copycat")
    plugin.register_jobs = hookimpl(lambda: [chore])
    runtime().plugins.register(plugin, name="copycat")
    try:
        with pytest.raises(PluginError, match="Two plugins register the job kind 'chore'"):
            load_kinds()
    finally:
        runtime().plugins.unregister(plugin)


@pytest.mark.parametrize(("name", "value"), [("LEASE_SECONDS", "-1"), ("LEASE_SECONDS", "2"), ("MAX_CRASHES", "none")])
def test_a_wrong_setting_stops_the_start(app, environ, name, value):
    wrong = {**environ, f"STUDIUM_QUEUE_{name}": value}
    with pytest.raises(SettingsError, match=rf"{name}|heartbeat_seconds"):
        load_settings(load_core(wrong), collect(runtime().hooks.register_settings), wrong)


def test_params_that_are_no_model_are_refused_by_name():
    with pytest.raises(JobError, match="job kind sweep must be a pydantic model, not None; leave them out"):
        job_kind("sweep", "Sweep", params=None)
