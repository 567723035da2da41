"""Finds texts for people that are written into templates, scripts and views without being translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from jinja2 import Environment, nodes

from tests.web.pseudo_language import untranslated

TRANSLATED = {"_", "gettext", "ngettext", "N_", "pgettext", "npgettext", "lazy_gettext"}
PROSE = re.compile(r"[A-Z][a-z']+,?(?: [A-Za-z',:-]+)+[.?!…]?|[A-Za-z',:-]+(?: [A-Za-z',:-]+)+[.?!…]")
WORD = re.compile(r"[A-Z][a-z]{2,}")
EXPRESSION, STATEMENT, COMMENT = (re.compile(pattern, re.DOTALL) for pattern in (r"\{\{.*?\}\}", r"\{%.*?%\}", r"\{#.*?#\}"))
TAG = re.compile(r"<(/?\w*)\{\{.*?\}\}", re.DOTALL)
RAW = re.compile(r"\{% ?raw ?%\}|\{% ?endraw ?%\}")
JS_COMMENT = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
JS_SILENT = re.compile(r"(?:console\.\w+|new \w*Error|throw)\s*\([^;]*;")
JS_TEXT = re.compile(r""""([^"\n]*)"|'([^'\n]*)'|`([^`]*)`""")
# Who is called with words that people read: flash messages, refusals of a page, sections, offers, notices, ends and stages of jobs.
SAYERS = {
    "AccountSection", "Button", "Conflict", "Discard", "HeaderItem", "JobOffer", "NotificationEvent", "OwnerPage", "SignInMethod",
    "TooManyRequests", "flash", "job_kind", "progress",
}
FOR_PROGRAMS = {("Conflict", "title"), ("TooManyRequests", "title")}  # pages have titles of their own, by status


def in_template(source: str, environment: Environment) -> list[str]:
    """Words in the markup, and in expressions of the template."""
    return sorted({*_in_markup(source), *_in_expressions(environment.parse(source))})


def in_script(source: str) -> list[str]:
    """Sentences in a JavaScript file, but for what goes to the console and what is thrown."""
    spoken = JS_SILENT.sub("", JS_COMMENT.sub("", source))
    texts = (next(filter(None, found.groups()), "") for found in JS_TEXT.finditer(spoken))
    return sorted({text for text in texts if PROSE.fullmatch(re.sub(r"\$\{[^}]*\}", "x", text))})


def in_module(path: Path) -> list[str]:
    """Sentences that a Python file hands on untranslated to one of SAYERS."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return sorted({text for call in ast.walk(tree) if isinstance(call, ast.Call) and _name(call.func) in SAYERS for text in _said(call)})


def _in_markup(source: str) -> list[str]:
    source = TAG.sub(r"<\1x", COMMENT.sub(" ", source))  # as in <h{{ level }} class="title">
    for pattern in (RAW, EXPRESSION, STATEMENT):
        source = pattern.sub(" ", source)
    return [text for text in untranslated(source) if '="' not in text]  # which is a part of a tag that is made in pieces


def _in_expressions(node: nodes.Node) -> Iterator[str]:
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name in TRANSLATED:
        return
    if isinstance(node, nodes.Pair):  # the keys of a dict are codes
        yield from _in_expressions(node.value)
        return
    if isinstance(node, nodes.Const) and isinstance(node.value, str) and (PROSE.fullmatch(node.value) or WORD.fullmatch(node.value)):
        yield node.value
    for child in node.iter_child_nodes():
        yield from _in_expressions(child)


def _said(call: ast.Call) -> Iterator[str]:
    """The literals among the arguments, f-strings with a gap for each value."""
    named = (keyword.value for keyword in call.keywords if (_name(call.func), keyword.arg) not in FOR_PROGRAMS)
    for argument in [*call.args, *named]:
        for part in _untranslated_parts(argument):
            text = part.value if isinstance(part, ast.Constant) else "".join(
                str(one.value) if isinstance(one, ast.Constant) else "x" for one in part.values)
            if isinstance(text, str) and PROSE.search(text):
                yield text


def _untranslated_parts(node: ast.expr) -> Iterator[ast.Constant | ast.JoinedStr]:
    if isinstance(node, ast.Constant | ast.JoinedStr):
        yield node
    elif isinstance(node, ast.BinOp):
        yield from _untranslated_parts(node.left)
    elif isinstance(node, ast.IfExp):
        yield from _untranslated_parts(node.body)
        yield from _untranslated_parts(node.orelse)
    elif isinstance(node, ast.Call) and _name(node.func) in ("format", "str", "join"):
        for inner in (*([node.func.value] if isinstance(node.func, ast.Attribute) else []), *node.args):
            yield from _untranslated_parts(inner)


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
