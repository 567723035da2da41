"""Reads typed fields out of a mapping: every wrong, missing or unknown one is reported where it stands."""

from __future__ import annotations

from collections.abc import Sequence as SequenceType

from .literals import ID_RULE, SLUG_RULE, is_id, is_slug, language_name
from .mistakes import Place, Report, nearest
from .yamltree import Mapping, Node, Scalar, Sequence

Texts = dict[str, str]
_TRUE = {"true", "yes", "on"}


class Fields:
    """The fields of one mapping; making it reports the keys that are not in `known`."""

    def __init__(self, mapping: Mapping, known: SequenceType[str], report: Report) -> None:
        """Wrap `mapping`; `known` are the keys that may appear."""
        self.place = mapping.place
        self.report = report
        self._nodes: dict[str, Node] = {}
        for key, value in mapping.entries:
            if key.text in known:
                self._nodes[key.text] = value
            else:
                report.error("unknown-key", key.place, f"unknown key '{key.text[:80]}'", nearest(key.text, known))

    def __contains__(self, key: str) -> bool:
        """Tell whether the key is written."""
        return key in self._nodes

    def place_of(self, key: str) -> Place:
        """Return where the key's value stands, or the whole mapping when it is missing."""
        return self._nodes[key].place if key in self._nodes else self.place

    def node(self, key: str) -> Node | None:
        """Return the value as written; an empty one counts as missing."""
        node = self._nodes.get(key)
        return None if isinstance(node, Scalar) and node.kind == "null" else node

    def scalar(self, key: str, *, required: bool = False) -> Scalar | None:
        """Return a single value that is not empty."""
        node = self.node(key)
        if node is None:
            if required:
                self._missing(key)
            return None
        if isinstance(node, Scalar) and node.text.strip():
            return node
        self.report.error("wrong-type", node.place, f"'{key}' must be a single value that is not empty")
        return None

    def text(self, key: str, *, required: bool = False) -> str | None:
        """Return a single value as text."""
        found = self.scalar(key, required=required)
        return found.text.strip() if found else None

    def identifier(self, key: str = "id") -> str | None:
        """Return a stable id."""
        found = self.scalar(key, required=True)
        if found is None or is_id(found.text):
            return found.text if found else None
        self.report.error("bad-id", found.place, f"'{found.text[:80]}' is not an id", f"An id is {ID_RULE}.")
        return None

    def slug(self, key: str = "slug") -> str | None:
        """Return a part of a web address."""
        found = self.scalar(key)
        if found is None or is_slug(found.text):
            return found.text if found else None
        self.report.error(
            "bad-slug", found.place, f"'{found.text[:80]}' cannot be part of an address", f"A slug is {SLUG_RULE}."
        )
        return None

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        node = self.node(key)
        if node is None:
            return default
        if isinstance(node, Scalar) and node.kind == "bool":
            return node.text.lower() in _TRUE
        self.report.error("wrong-type", node.place, f"'{key}' must be true or false")
        return default

    def number(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number between `low` and `high`."""
        found = self.scalar(key)
        if found is None:
            return None
        if found.text.isascii() and found.text.isdigit() and len(found.text) < 10 and low <= int(found.text) <= high:
            return int(found.text)
        self.report.error("wrong-type", found.place, f"'{key}' must be a whole number from {low} to {high}")
        return None

    def choice(self, key: str, options: SequenceType[str]) -> str | None:
        """Return one of `options`."""
        found = self.scalar(key)
        if found is None or found.text in options:
            return found.text if found else None
        self.report.error(
            "bad-value", found.place, f"'{found.text[:80]}' is not possible for '{key}'", nearest(found.text, options)
        )
        return None

    def items(self, key: str, *, required: bool = False) -> tuple[Node, ...]:
        """Return the values of a list."""
        node = self.node(key)
        if node is None:
            if required:
                self._missing(key)
            return ()
        if isinstance(node, Sequence):
            return node.items
        self.report.error("wrong-type", node.place, f"'{key}' must be a list", "Begin each item with '- '.")
        return ()

    def scalars(self, key: str) -> list[Scalar]:
        """Return a list of single values."""
        found = []
        for item in self.items(key):
            if isinstance(item, Scalar) and item.text.strip():
                found.append(item)
            else:
                self.report.error("wrong-type", item.place, f"each item of '{key}' must be a single value")
        return found

    def mappings(self, key: str, known: SequenceType[str], *, required: bool = False) -> list[Fields]:
        """Return a list of mappings as fields."""
        found = []
        for item in self.items(key, required=required):
            if isinstance(item, Mapping):
                found.append(Fields(item, known, self.report))
            else:
                self.report.error(
                    "wrong-type",
                    item.place,
                    f"each item of '{key}' must be keys and values",
                    f"Keys: {', '.join(known)}.",
                )
        return found

    def texts(self, key: str, languages: SequenceType[str], *, required: bool = False) -> Texts:
        """Return a text for each language; a plain text is in the course's main language (the first of `languages`)."""
        node = self.node(key)
        if node is None:
            if required:
                self._missing(key)
            return {}
        return read_texts(node, key, languages, self.report)

    def _missing(self, key: str) -> None:
        self.report.error("missing-key", self.place, f"'{key}' is missing", f"Add '{key}: ...'.")


def read_texts(node: Node, key: str, languages: SequenceType[str], report: Report) -> Texts:
    """Read `text` or `{en: text, ru: text}`; `languages` may be empty when the course's own list is unreadable."""
    main = languages[0] if languages else "en"
    if isinstance(node, Scalar) and node.kind != "null" and node.text.strip():
        return {main: node.text.strip()}
    if not isinstance(node, Mapping):
        report.error(
            "wrong-type",
            node.place,
            f"'{key}' must be a text, or a text for each language",
            f"Write '{key}: {{{main}: ...}}'.",
        )
        return {}
    texts = _texts_of(node, key, languages, report)
    for language in languages:
        if language not in texts and texts:
            report.warning(
                "missing-language",
                node.place,
                f"'{key}' has no text in {language_name(language)} ({language})",
                "Readers see another language here.",
            )
    return texts


def _texts_of(node: Mapping, key: str, languages: SequenceType[str], report: Report) -> Texts:
    texts: Texts = {}
    for language, value in node.entries:
        if languages and language.text not in languages:
            cut = isinstance(value, Scalar) and value.kind == "null"  # {ru: one, two} is read as two keys
            report.error(
                "unknown-language",
                language.place,
                f"'{language.text[:80]}' is not a language of this course",
                "A text with a comma must stand in quotes here." if cut else nearest(language.text, languages),
            )
        elif isinstance(value, Scalar) and value.kind != "null" and value.text.strip():
            texts[language.text] = value.text.strip()
        else:
            report.error("wrong-type", value.place, f"'{key}' needs a text for {language.text[:80]}")
    if not node.entries:
        report.error("missing-key", node.place, f"'{key}' is empty")
    return texts
