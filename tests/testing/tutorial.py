"""Reads docs/tutorial-provider.md as a list of steps, and does them to a package."""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "tutorial-provider.md"
BLOCK = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of the page: `kind` python, sh or text, its options, its lines."""

    kind: str
    options: dict[str, str]
    text: str


def blocks() -> list[Block]:
    """Those that do or expect something, in the order of the page."""
    found = [Block(kind, _options(info), text) for kind, info, text in BLOCK.findall(PAGE.read_text())]
    return [block for block in found if block.options]


def apply(block: Block, folder: Path) -> None:
    """Write a new file, or put the block in the place of a function, a line, or after a function."""
    path = folder / block.options["file"]
    if "replaces" not in block.options and "after" not in block.options:
        assert not path.exists(), path
        path.write_text(block.text)
        return
    source = path.read_text()
    name = block.options.get("replaces") or block.options["after"]
    begin, end = _function(source, name) if name.isidentifier() else _line(source, name)
    lines = source.splitlines(keepends=True)
    kept = lines[:begin] if "replaces" in block.options else [*lines[:end], "\n"]
    path.write_text("".join([*kept, block.text, *lines[end:]]))


def without_notes(source: str) -> str:
    """A file of the scaffold as it is when its notes are done: without the paragraph "To do" of its first docstring."""
    done = re.sub(r"\n\nTo do: [^\"]*\n\"\"\"", '\n"""', source, count=1)
    return re.sub(r'\A("""[^\n]*)\n"""', r'\1"""', done)


def _options(info: str) -> dict[str, str]:
    return dict((word.split("=", 1) if "=" in word else (word, "")) for word in shlex.split(info))


def _function(source: str, name: str) -> tuple[int, int]:
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef) and node.name == name]
    assert len(found) == 1, name
    assert found[0].end_lineno is not None
    return found[0].lineno - 1, found[0].end_lineno


def _line(source: str, text: str) -> tuple[int, int]:
    lines = source.splitlines()
    assert lines.count(text) == 1, f"{text!r} is there {lines.count(text)} times"
    return lines.index(text), lines.index(text) + 1
