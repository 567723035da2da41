"""Writes the package: each template becomes a file, in one step, where nothing was before."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from string import Template

from studium.core.errors import StudiumError
from studium.testing.scaffold.naming import Names

TEMPLATES = Path(__file__).parent / "templates"
ENDING = ".in"  # so that neither Python nor pytest nor pip takes a template for a module, a test or a package


class CannotMake(StudiumError):
    """The package cannot be written there; the text says why."""


def make_package(names: Names, folder: Path) -> Path:
    """Write it below `folder` and answer where; raises CannotMake. Nothing that exists is touched, and no half of it stays."""
    target = folder / names.distribution
    if not folder.is_dir():
        raise CannotMake(f"{folder} is no folder. Make it first, or name another by --folder.")
    if os.path.lexists(target):
        raise CannotMake(f"{target} exists already. Nothing was written; choose another name or --folder, or remove it yourself.")
    try:
        draft = Path(tempfile.mkdtemp(prefix=f".{names.distribution}-", dir=folder))
    except OSError as error:
        raise CannotMake(f"{folder} cannot be written: {error.strerror}.") from error
    try:
        for path, text in files(names):
            (draft / path).parent.mkdir(parents=True, exist_ok=True)
            (draft / path).write_text(text, encoding="utf-8")
        draft.chmod(0o755)  # mkdtemp's are for their owner alone
        draft.rename(target)
    except OSError as error:
        raise CannotMake(f"{target} cannot be written: {error.strerror}.") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return target


def files(names: Names) -> Iterator[tuple[Path, str]]:
    """Each file's path in the package, and its text."""
    for template in sorted(TEMPLATES.rglob(f"*{ENDING}")):
        path = template.relative_to(TEMPLATES)
        parts = [names.package if part == "package" else part for part in path.parts[:-1]]
        name = path.name.removesuffix(ENDING)
        yield Path(*parts, ".gitignore" if name == "gitignore" else name), _filled(template, names)


def _filled(template: Path, names: Names) -> str:
    return Template(template.read_text(encoding="utf-8")).substitute(names.values())
