"""The template tag `{% cache course, heading, tags=["..."], ttl=60 %} ... {% endcache %}`: a part of a page, made once for all readers.

The key is what stands behind `cache`, together with the release, the block's own text and place, the language and, where the block
writes times, the time zone. web/fragment_rules.py sees to it that nothing else can be in the block. docs/cache.md tells how to use it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from flask import Flask, request
from flask_babel import get_locale, get_timezone
from jinja2 import Environment, TemplateRuntimeError, nodes
from jinja2.ext import Extension
from jinja2.parser import Parser
from markupsafe import Markup

from studium.core.runtime import runtime
from studium.services.cache import cache
from studium.services.languages import language
from studium.services.release import release

from .fragment_rules import refuse_open_block
from .settings import WebSettings

OPTIONS = ("tags", "ttl")
PLAIN = (bool, int, float, str)


@dataclass(frozen=True)
class Span:
    """How long a block may be kept: until one of the tags is deleted, and at most `ttl` seconds (None: no end)."""

    tags: frozenset[str]
    ttl: float | None


_made: ContextVar[tuple[Span, ...]] = ContextVar("studium_fragments_made", default=())  # the blocks around the one that is being made


def init_fragments(app: Flask) -> None:
    """Let the templates of the app know the tag."""
    app.jinja_env.add_extension(FragmentCache)


class FragmentCache(Extension):
    """The tag; Jinja makes one of these an environment."""

    tags: ClassVar[set[str]] = {"cache"}  # type: ignore[misc]  # Jinja declares it of the object

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._blocks: WeakKeyDictionary[Parser, int] = WeakKeyDictionary()

    def parse(self, parser: Parser) -> nodes.Node:
        """A call of `render` with the key; raises TemplateSyntaxError for a block that could be of one reader."""
        lineno = next(parser.stream).lineno
        ordinal = self._blocks[parser] = self._blocks.get(parser, 0) + 1
        parts, options = _read_arguments(parser)
        body = parser.parse_statements(("name:endcache",), drop_needle=True)
        given = {part.name for part in parts if isinstance(part, nodes.Name)}
        uses = refuse_open_block(self.environment, body, given, lineno, parser.name)
        place = f"{parser.name} {ordinal} {hashlib.sha256(repr((parts, body)).encode()).hexdigest()}"
        functions = nodes.Dict([nodes.Pair(nodes.Const(name), nodes.Name(name, "load")) for name in sorted(uses.functions)])
        arguments: list[nodes.Expr] = [nodes.Const(place), nodes.Const(uses.zoned), functions, nodes.List(parts)]
        arguments += [options.get(name) or nodes.Const(None) for name in OPTIONS]
        return nodes.CallBlock(self.call_method("render", arguments), [], [], body).set_lineno(lineno)

    def render(
        self, place: str, zoned: bool, functions: Mapping[str, Any], parts: list[Any], tags: Sequence[str] | None, ttl: float | None,
        caller: Callable[[], str],
    ) -> str:
        """The kept text of the block, or a new one. Raises TemplateRuntimeError for what cannot be a key, for a variable that has the name
        of one of the site's functions, and where the block around this one would be kept longer than it.
        """
        self._refuse_variables(place, functions)
        if isinstance(tags, str):
            raise TemplateRuntimeError(f"In {place.split()[0]} a {{% cache %}} block has tags='{tags}'. Give a list: tags=['{tags}'].")
        span = Span(frozenset(tags or ()), ttl)
        _refuse_longer_outer(span)
        key = _key(place, zoned, parts)
        if not self._keeps():
            return caller()

        def make() -> str:
            with _making(span):
                return str(caller())

        kept = cache().fetch(key, make, ttl=ttl, tags=sorted(span.tags))
        return Markup(kept if isinstance(kept, str) else make())  # noqa: S704  # made by a template, which has escaped it

    def _refuse_variables(self, place: str, functions: Mapping[str, Any]) -> None:
        for name, value in functions.items():
            if value is not self.environment.globals.get(name):
                raise TemplateRuntimeError(
                    f"In {place.split()[0]} a {{% cache %}} block uses '{name}', which is a variable of the page there, not the site's "
                    "function. Give the variable another name, and name it in the key.")

    def _keeps(self) -> bool:
        """Not where templates change under a running program, nor where the setting or a program without a release says no."""
        return not self.environment.auto_reload and release() is not None and runtime().settings[WebSettings].fragments


def _read_arguments(parser: Parser) -> tuple[list[nodes.Expr], dict[str, nodes.Expr]]:
    parts: list[nodes.Expr] = []
    options: dict[str, nodes.Expr] = {}
    while parser.stream.current.type != "block_end":
        if parts or options:
            parser.stream.expect("comma")
        token = parser.stream.current
        if token.type == "name" and parser.stream.look().type == "assign":
            parser.stream.skip(2)
            if token.value not in OPTIONS or token.value in options:
                known = " and ".join(OPTIONS)
                parser.fail(f"A {{% cache %}} block knows the options {known}, once each, not '{token.value}'.", token.lineno)
            options[token.value] = parser.parse_expression()
        elif options:
            parser.fail("In {% cache %} the key goes before tags= and ttl=.", token.lineno)
        else:
            parts.append(parser.parse_expression())
    return parts, options


def _key(place: str, zoned: bool, parts: Sequence[Any]) -> str:
    reader = [language(), str(get_locale()), str(get_timezone()) if zoned else "", request.script_root]
    named = json.dumps([release(), place, reader, [_plain(part, place) for part in parts]])
    return f"fragment:{hashlib.sha256(named.encode()).hexdigest()}"


def _plain(part: Any, place: str) -> Any:
    """What stands for a value in the key; two values that a block could show differently never have the same."""
    if part is None or type(part) in PLAIN:
        return part
    if type(part) is Markup:
        return {"markup": str(part)}
    if type(part) in (list, tuple):
        return [_plain(one, place) for one in part]
    own = getattr(part, "cache_key", None)
    if isinstance(own, tuple):
        return {f"{type(part).__module__}.{type(part).__qualname__}": _plain(own, place)}
    raise TemplateRuntimeError(
        f"In {place.split()[0]} the key of a {{% cache %}} block holds {part!r:.80}, and nothing says when that changes. Give texts, "
        "numbers, lists of them, or an object with a cache_key: a tuple that differs whenever anything of the object does."
    )


def _refuse_longer_outer(inner: Span) -> None:
    for outer in _made.get():
        if missing := sorted(inner.tags - outer.tags):
            raise TemplateRuntimeError(f"A {{% cache %}} block with the tag '{missing[0]}' stands in one without it, which would be kept "
                                       "when the tag is deleted. Give the outer block the tag, too.")
        if inner.ttl is not None and (outer.ttl is None or outer.ttl > inner.ttl):
            raise TemplateRuntimeError(f"A {{% cache %}} block with ttl={inner.ttl} stands in one that is kept longer. Give the outer "
                                       "block a ttl that is no longer.")


@contextmanager
def _making(span: Span) -> Iterator[None]:
    token = _made.set((*_made.get(), span))
    try:
        yield
    finally:
        _made.reset(token)
