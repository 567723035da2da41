"""Who may import whom (docs/architecture.md): everything points to core. Imports inside functions and for types only count too."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAY_IMPORT = {
    "core": {"core"},
    "queue": {"core", "queue"},
    "services": {"core", "queue", "services"},
    "plugins": {"core", "queue", "services"},  # and the plugin itself
    "web": {"core", "queue", "services", "web"},
    "testing": {"core", "queue", "services", "plugins", "web", "testing"},
}
BARE = {*MAY_IMPORT} - {"queue"}  # `import queue` is the standard library's
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")  # what a statement is made of (the abstract grammar of Python)
LOOKED_AT = (*MAY_IMPORT, "tests", "bench", "bin", "examples")


def test_imports_go_down_and_never_sideways_or_up() -> None:
    broken = [fault for folder in MAY_IMPORT for path in sorted((ROOT / folder).rglob("*.py")) for fault in faults_in(path)]
    assert broken == []


def test_no_file_imports_a_folder_by_its_bare_name() -> None:
    files = [path for folder in LOOKED_AT for path in sorted((ROOT / folder).rglob("*.py"))]
    bare = [f"{path.relative_to(ROOT)}: {name}" for path in files for name in imported_names(path.read_text(), "tests.anything")
            if name.split(".")[0] in BARE]
    assert len(files) > 50
    assert bare == []


@pytest.mark.parametrize(("module", "source", "allowed"), [
    ("studium.core.app", "import studium.services.users", False),
    ("studium.core.app", "def late():\n    from studium.queue import jobs", False),
    ("studium.core.app", "if TYPE_CHECKING:\n    from studium.web import site", False),
    ("studium.core.app", "try:\n    pass\nexcept ValueError:\n    import studium.web.site", False),
    ("studium.core.app", "match 1:\n    case 1:\n        with a:\n            import studium.web.site", False),
    ("studium.core.app", "for a in b:\n    pass\nelse:\n    import studium.web.site", False),
    ("studium.core.app", "class A:\n    def b(self):\n        try: pass\n        finally:\n            import studium.web.site", False),
    ("studium.core.app", "from studium import web", False),
    ("studium.core.app", "from .settings import Settings", True),
    ("studium.queue.jobs", "from studium.core import database", True),
    ("studium.queue.jobs", "from studium.services import users", False),
    ("studium.plugins.auth.routes", "from studium.plugins.auth import people", True),
    ("studium.plugins.auth.routes", "from ..progress import merge", False),
    ("studium.plugins.auth.routes", "from studium.plugins import progress", False),
    ("studium.plugins.auth.routes", "from studium.web import site", False),
    ("studium.plugins.auth.routes", "import queue", True),
    ("studium.web.site", "from studium.plugins import auth", False),
    ("studium.web.site", "from studium.testing import stack", False),
    ("studium.testing.stack", "from studium.plugins import auth", True),
])
def test_the_rule_tells_right_from_wrong(module: str, source: str, allowed: bool) -> None:
    assert (list(forbidden(source, module)) == []) is allowed


def faults_in(path: Path) -> list[str]:
    """Each forbidden import of a file, as `file imports module`."""
    module = ".".join(["studium", *path.relative_to(ROOT).with_suffix("").parts])
    return [f"{path.relative_to(ROOT)} imports {name}" for name in forbidden(path.read_text(), module)]


def forbidden(source: str, module: str) -> Iterator[str]:
    return (name for name in imported_names(source, module) if not may_import(module, name))


def imported_names(source: str, module: str) -> Iterator[str]:
    """Every name that is imported anywhere in the source, absolute; `from a import b` counts as a.b."""
    for node in statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parent = node.module or ""
            if node.level:
                package = module.removesuffix(".__init__").split(".")
                depth = node.level - 1 if module.endswith(".__init__") else node.level
                parent = ".".join([*package[:len(package) - depth], *([node.module] if node.module else [])])
            yield from (f"{parent}.{alias.name}" for alias in node.names)


def statements(parent: ast.AST) -> Iterator[ast.AST]:
    """All statements below, however deep; expressions hold none, and are nine tenths of a tree."""
    for block in BLOCKS:
        for node in getattr(parent, block, ()):
            yield node
            yield from statements(node)


def may_import(module: str, name: str) -> bool:
    if not name.startswith("studium."):
        return True
    importer, imported = module.split("."), name.split(".")
    if imported[1] == "plugins" and importer[1] == "plugins":
        return len(imported) > 2 and len(importer) > 3 and imported[2] == importer[2]
    return imported[1] in MAY_IMPORT[importer[1]]
