"""Optional parts of libraries stay out of our processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from studium.core.lean_imports import without


def test_a_hidden_module_looks_absent_and_can_be_imported_afterwards() -> None:
    sys.modules.pop("this", None)
    with without("this"), pytest.raises(ModuleNotFoundError):
        __import__("this")
    assert "this" not in sys.modules


def test_a_loaded_module_stays() -> None:
    with without("sys"):
        assert __import__("sys") is sys


@pytest.mark.slow
def test_a_worker_loads_neither_rich_nor_gevent() -> None:
    script = "import sys, studium.queue.program; print([name for name in ('rich', 'gevent') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("program", ["worker", "cable"])
@pytest.mark.slow
def test_programs_without_pages_carry_no_libraries_of_pages(program: str, environ: Mapping[str, str]) -> None:
    heavy = ("babel", "flask_babel", "flask_wtf", "markdown_it", "requests", "stripe", "typst", "wtforms", "yaml")
    script = (f"import sys; from studium.core.app import create_app; create_app(program={program!r}); "
              f"print([name for name in {heavy} if name in sys.modules])")
    given = {**os.environ, **environ, "STUDIUM_EXTRA_PLUGINS": ""}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=given)
    assert done.stdout == "[]\n"
