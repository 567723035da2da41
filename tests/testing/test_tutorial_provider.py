"""docs/tutorial-provider.md is done step by step: red where it says so, then green; its end is examples/studium-acme-pay."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from studium.testing.scaffold.making import make_package
from studium.testing.scaffold.naming import names_of
from tests.testing.kit_process import run_kit
from tests.testing.tutorial import Block, apply, blocks, without_notes

EXAMPLE = Path(__file__).parents[2] / "examples" / "studium-acme-pay"
OWN = ("README.md",)  # of the example alone
MADE = {"__pycache__", ".ruff_cache", ".pytest_cache", "build", "studium_acme_pay.egg-info"}  # by running things; git does not see it
EXIT = {"green": 0, "red": 1}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return make_package(names_of("acme-pay"), tmp_path)


def test_the_tutorial_ends_with_the_example(package: Path) -> None:
    for block in blocks():
        if block.kind == "python":
            apply(block, package)
    assert texts(package) == texts(EXAMPLE)


@pytest.mark.slow
@pytest.mark.timeout(480)
def test_every_step_ends_as_the_page_says(package: Path) -> None:
    steps = blocks()
    ran = 0
    for number, block in enumerate(steps):
        if block.kind == "python":
            apply(block, package)
        elif "run" in block.options:
            run(package, block, steps[number + 1])
            ran += 1
    assert ran >= 7


def run(package: Path, block: Block, expected: Block) -> None:
    command = shlex.split(block.text)
    assert command[0] == "pytest"
    assert expected.kind == "text"
    done = run_kit(package, *command[1:])
    assert done.returncode == EXIT[expected.options["expect"]], f"{block.text}\n{done.stdout}"
    for line in expected.text.splitlines():
        assert line in done.stdout, f"{block.text}\nlacks: {line}\n{done.stdout}"


def texts(folder: Path) -> dict[str, str]:
    """The files that make the package, without notes of what is to be done."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file() and not MADE & {*path.parts}}
    return {name: without_notes(path.read_text()) if name.endswith(".py") else path.read_text() for name, path in sorted(found.items())
            if name not in OWN}
