"""YAML as a tree of values that remember their line and column.

Only plain data is accepted: no aliases (they are how a small file becomes a huge one), no tags, no deep nesting.
Values stay text until a reader asks for a type, so `12:34` is not turned into the number 754 on the way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml

from .mistakes import Place, Report

MAX_DEPTH = 12
_PLAIN_TAGS = {"str", "int", "float", "bool", "null", "timestamp", "merge", "value"}
_SURROGATES = re.compile("[\ud800-\udfff]")
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Scalar:
    """One value as written; `kind` is what YAML would take it for (str, int, float, bool, null, timestamp)."""

    text: str
    kind: str
    place: Place


@dataclass(frozen=True)
class Sequence:
    """A list of values."""

    items: tuple[Node, ...]
    place: Place


@dataclass(frozen=True)
class Mapping:
    """Keys and values in the order written; a repeated key is reported and only its first value kept."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place


Node = Scalar | Sequence | Mapping


class _PlainLoader(yaml.SafeLoader):
    """Composes nodes only (nothing is constructed), and refuses aliases and deep nesting."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        mark = self.peek_event().start_mark
        if self.check_event(yaml.AliasEvent):
            raise yaml.MarkedYAMLError(problem="aliases (*name) are not allowed in a course", problem_mark=mark)
        if self.depth >= MAX_DEPTH:
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH} levels", problem_mark=mark)
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


def parse_yaml(text: str, file: str, report: Report, first_line: int = 1) -> Mapping | None:
    """Parse `text` whose first line is line `first_line` of `file`; the top must be keys and values.

    Returns None after reporting a mistake. An empty text is an empty mapping.
    """
    loader: _PlainLoader | None = None
    try:
        loader = _PlainLoader(text)
        node = loader.get_single_node()
    except yaml.reader.ReaderError as problem:
        place = _place_of_offset(text, problem.position, file, first_line)
        report.error("bad-yaml", place, "a character that YAML does not allow", "Remove the control character.")
        return None
    except yaml.MarkedYAMLError as problem:
        place = _mark_place(problem.problem_mark or problem.context_mark, file, first_line)
        begun = _mark_place(problem.context_mark, file, first_line).line
        since = f" (in what was begun on line {begun})" if problem.context_mark and begun != place.line else ""
        report.error("bad-yaml", place, f"this is not valid YAML: {problem.problem}{since}", _yaml_remedy(problem))
        return None
    except (ValueError, OverflowError):
        mark = loader.get_mark() if loader else None
        report.error("bad-yaml", _mark_place(mark, file, first_line), "an escape sequence that is no character")
        return None
    if node is None:
        return Mapping((), Place(file, first_line))
    tree = _Grower(file, first_line, report).grow(node)
    if tree is None or isinstance(tree, Mapping):
        return tree
    report.error("bad-yaml", tree.place, "keys and values are expected here", "Write lines such as `title: ...`.")
    return None


class _Grower:
    """Turns PyYAML nodes into our frozen tree, reporting what a course may not contain."""

    def __init__(self, file: str, first_line: int, report: Report) -> None:
        self.place: Callable[[Any], Place] = lambda mark: _mark_place(mark, file, first_line)
        self.report = report

    def grow(self, node: yaml.Node) -> Node | None:
        """Return the tree of `node`, or None when it is refused as a whole."""
        place = self.place(node.start_mark)
        kind = node.tag.rpartition(":")[2]
        if isinstance(node, yaml.MappingNode):
            return Mapping(tuple(self._entries(node)), place)
        if isinstance(node, yaml.SequenceNode):
            grown = (self.grow(item) for item in node.value)
            return Sequence(tuple(item for item in grown if item is not None), place)
        if not node.tag.startswith("tag:yaml.org,2002:") or kind not in _PLAIN_TAGS:
            self.report.error("bad-yaml", place, f"the tag {node.tag} is not allowed", "Write the plain value.")
            return None
        if _SURROGATES.search(node.value) or _CONTROLS.search(node.value):
            self.report.error("bad-yaml", place, "the value holds a control character", "Remove the escape sequence.")
            return None
        return Scalar(node.value, kind, place)

    def _entries(self, node: yaml.MappingNode) -> list[tuple[Scalar, Node]]:
        entries: dict[str, tuple[Scalar, Node]] = {}
        for key_node, value_node in node.value:
            key, value = self.grow(key_node), self.grow(value_node)
            if not isinstance(key, Scalar):
                self.report.error("bad-yaml", self.place(key_node.start_mark), "a key must be a single word")
            elif key.text in entries:
                first = entries[key.text][0].place.line
                self.report.error(
                    "duplicate-key", key.place, f"'{key.text}' is written twice (first on line {first})", "Keep one."
                )
            elif value is not None:
                entries[key.text] = (key, value)
        return list(entries.values())


def _mark_place(mark: Any, file: str, first_line: int) -> Place:
    return Place(file, mark.line + first_line, mark.column + 1) if mark else Place(file, first_line)


def _place_of_offset(text: str, offset: int, file: str, first_line: int) -> Place:
    before = text[:offset]
    return Place(file, before.count("\n") + first_line, offset - before.rfind("\n"))


def _yaml_remedy(problem: yaml.MarkedYAMLError) -> str:
    words = str(problem.problem)
    if "mapping values are not allowed" in words:
        return "A value that contains ': ' must stand in quotes."
    if "\\t" in words:
        return "Indent with spaces, not with tabs."
    return "Put values with special characters in quotes and check the indentation."
