"""pyproject.toml names every package folder and every file that the installed packages need."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = ("core", "queue", "services", "plugins", "web", "testing")
FOR_THE_REPOSITORY = (".md", ".cfg")  # for people and tools; not packed
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUPTOOLS = PYPROJECT["tool"]["setuptools"]


def test_every_folder_with_python_files_is_a_listed_package() -> None:
    found = {".".join(["studium", *path.parent.relative_to(ROOT).parts]) for path in files() if path.suffix == ".py"}
    assert sorted(found) == sorted(SETUPTOOLS["packages"])


def test_every_other_file_is_package_data() -> None:
    found = {path for path in files() if path.suffix not in (".py", *FOR_THE_REPOSITORY)}
    packed = {path for package, patterns in SETUPTOOLS["package-data"].items() for pattern in patterns
              for path in ROOT.joinpath(*package.split(".")[1:]).glob(pattern)}
    assert sorted(str(path.relative_to(ROOT)) for path in found - packed) == []


def test_the_folders_are_mapped_under_the_import_package() -> None:
    assert {f"studium.{folder}": folder for folder in FOLDERS} == SETUPTOOLS["package-dir"]


def test_the_stack_for_tests_says_what_to_install_when_psutil_is_missing() -> None:
    code = "import sys; sys.modules['psutil'] = None; import studium.testing.stack"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "studium.testing.stack needs psutil. Install it with: pip install 'studium[testing]'" in done.stderr.splitlines()[-1]
    assert any(requirement.startswith("psutil") for requirement in PYPROJECT["project"]["optional-dependencies"]["testing"])


def files() -> list[Path]:
    return [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
