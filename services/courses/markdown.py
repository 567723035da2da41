"""Markdown of courses to safe HTML: no raw HTML, and links only to the web, to mail, or inside the course."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_SAFE_SCHEME = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_RULES = ("table", "strikethrough")

Resolve = Callable[[str], str | None]


@dataclass(frozen=True)
class Link:
    """A link or an image in a text; `line` counts from 1 in that text, `label` is the alternative text of an image."""

    target: str
    line: int
    image: bool
    label: str


def render(text: str, resolve: Resolve) -> str:
    """Return the HTML of `text`; `resolve` gives the address of a target inside the course, or None to drop the link.

    A first-level heading becomes a second-level one, because the page's title is the only first-level heading.
    """
    parser = _parser(html=False)
    tokens = parser.parse(text)
    for token in _walk(tokens):
        _set_alignment(token)
        _set_address(token, resolve)
        if token.tag == "h1":
            token.tag = "h2"
    return str(parser.renderer.render(tokens, parser.options, {}))


def find_links(text: str) -> Iterator[Link]:
    """Yield the links and images of `text` in order."""
    for token, line in _walk_with_lines(_parser(html=False).parse(text)):
        if token.type == "link_open":
            yield Link(str(token.attrGet("href") or ""), line, False, "")
        elif token.type == "image":
            yield Link(str(token.attrGet("src") or ""), line, True, token.content.strip())


def find_raw_html(text: str) -> Iterator[int]:
    """Yield the lines (from 1) where `text` holds raw HTML."""
    for token, line in _walk_with_lines(_parser(html=True).parse(text)):
        if token.type in ("html_block", "html_inline"):
            yield line


def is_local(target: str) -> bool:
    """Tell whether a target points inside the course or the page: no scheme, no host."""
    return not _SCHEME.match(target) and not target.startswith("//")


def is_safe(target: str) -> bool:
    """Tell whether a target may be shown: http, https, mailto, or inside the course."""
    return is_local(target) or _SAFE_SCHEME.match(target) is not None


def local_path(base: str, target: str) -> str:
    """Return the path in the course folder that `target` means in the file `base` (both relative, with slashes).

    The result is "" for a link inside the same page, and begins with "../" or "/" when it leaves the course.
    """
    path = unquote(re.split(r"[?#]", target, maxsplit=1)[0])
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), path)) if path else ""


def _parser(*, html: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": html}).enable(list(_RULES))
    parser.validateLink = lambda _target: True  # type: ignore[method-assign, assignment]  # is_safe() decides
    return parser


def _set_alignment(token: Token) -> None:
    """A class instead of the inline style that markdown-it gives aligned cells: the site's policy allows no inline style."""
    style = str(token.attrs.pop("style", ""))
    if style.startswith("text-align:"):
        token.attrSet("class", f"align-{style.removeprefix('text-align:')}")


def _set_address(token: Token, resolve: Resolve) -> None:
    attribute = {"link_open": "href", "image": "src"}.get(token.type)
    if attribute is None:
        return
    target = str(token.attrGet(attribute) or "")
    if not is_safe(target):
        token.attrSet(attribute, "")
    elif is_local(target) and not target.startswith("#"):
        token.attrSet(attribute, resolve(target) or "")
    elif not is_local(target):
        token.attrSet("rel", "noopener noreferrer")
    if token.type == "image":
        token.attrSet("loading", "lazy")


def _walk(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _walk(token.children or [])


def _walk_with_lines(tokens: list[Token]) -> Iterator[tuple[Token, int]]:
    line = 1
    for token in tokens:
        line = token.map[0] + 1 if token.map else line
        yield token, line
        inner = line
        for child in _walk(token.children or []):
            yield child, inner
            inner += (child.type in ("softbreak", "hardbreak")) + child.content.count("\n") * (child.type != "image")
