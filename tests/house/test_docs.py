"""The documents say what the code does: settings, hooks, links, a README in each folder."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP_FOLDERS = ("core", "queue", "services", "plugins", "web", "testing", "tests", "bench", "bin", "docs", "examples")
PLUGINS = sorted(path.parent.relative_to(ROOT).as_posix() for path in ROOT.glob("plugins/*/__init__.py"))
DOCUMENTS = sorted({*ROOT.glob("*.md"), ROOT / "examples/README.md",
                    *(path for folder in TOP_FOLDERS if folder != "examples" for path in (ROOT / folder).rglob("*.md"))})
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)")
CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def test_the_pages_of_settings_and_hooks_are_those_that_the_code_makes() -> None:
    compared = subprocess.run([sys.executable, "bin/steps/reference.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert compared.returncode == 0, compared.stderr


@pytest.mark.parametrize("page", ["core/hookspecs.py", "services/hookspecs.py"])
def test_every_hook_has_a_text_and_a_place_in_the_hooks_page(page: str) -> None:
    documented = (ROOT / "docs" / "hooks.md").read_text()
    hooks = re.findall(r"@hookspec[^\n]*\ndef (\w+)\(.*?\n    \"\"\"(.+?)\"\"\"", (ROOT / page).read_text(), re.DOTALL)
    assert len(hooks) == (ROOT / page).read_text().count("@hookspec"), "a hook has no docstring"
    for name, text in hooks:
        assert f"def {name}(" in documented
        assert len(text) > 40, f"{name} needs more than a few words"


@pytest.mark.parametrize("folder", [*TOP_FOLDERS, *PLUGINS])
def test_a_short_readme_says_what_the_folder_is_for(folder: str) -> None:
    readme = ROOT / folder / "README.md"
    assert readme.exists(), f"{folder} has no README.md"
    assert len(readme.read_text().splitlines()) <= (20 if folder != "docs" else 60)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    targets = [target for target in LINK.findall(CODE.sub("", document.read_text())) if not re.match(r"[a-z]+:", target)]
    assert [target for target in targets if not (document.parent / target).exists()] == []


def test_every_page_is_in_the_index() -> None:
    index = LINK.findall((ROOT / "docs" / "README.md").read_text())
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")} - {"README.md"}
    assert sorted(pages - set(index)) == []
