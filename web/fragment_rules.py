"""What a `{% cache %}` block may hold: nothing but what follows from its key, so that it is the same for every reader who meets that key.

The block's text, and every template that it brings in, is read when the template is compiled. Only names, filters and functions that are
known to depend on nothing else are let in: what is new has to be judged, and is refused until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from jinja2 import Environment, TemplateSyntaxError, nodes
from jinja2.defaults import DEFAULT_FILTERS, DEFAULT_TESTS
from jinja2.meta import find_undeclared_variables

FUNCTIONS = frozenset({  # besides their arguments they depend on the release and on the language, which every key has
    "_", "asset", "current_language", "cycler", "dict", "gettext", "icon", "joiner", "namespace", "ngettext", "npgettext", "pgettext",
    "range", "script_texts", "site_name", "url_for",
})
IN_THE_TIME_ZONE = frozenset({"day", "moment"})  # a block with one of these has the reader's time zone in its key
FILTERS = (frozenset(DEFAULT_FILTERS) - {"random"}) | IN_THE_TIME_ZONE | {
    "clock", "clock_up", "decimal", "duration", "file_size", "first_currency", "language_name", "money", "percent", "prices",
    "shown_name",
}
TESTING = {"select": 0, "reject": 0, "selectattr": 1, "rejectattr": 1}  # filters, and which argument names a test
OUT = "Or take that part out of the block: what is kept is shown to everybody."
OF_THE_READER = ("csrf_token", "current_user", "g", "get_flashed_messages", "here", "live_values", "login_url", "request", "session",
                 "user")


@dataclass(frozen=True)
class Uses:
    """What a block makes use of besides its key: times of the reader's day, and which of FUNCTIONS."""

    zoned: bool
    functions: frozenset[str]


@dataclass(frozen=True)
class _Place:
    """Which block it is, for messages, and the names of its key."""

    environment: Environment
    given: frozenset[str]
    lineno: int
    name: str | None

    def error(self, words: str) -> TemplateSyntaxError:
        """The refusal, at the line of the block."""
        return TemplateSyntaxError(f"A {{% cache %}} block {words}", self.lineno, self.name)


def refuse_open_block(environment: Environment, body: list[nodes.Node], given: Iterable[str], lineno: int, name: str | None) -> Uses:
    """Raise TemplateSyntaxError when the block could show something that its key does not have; else what it uses.

    `given` are the names of the key: those alone of the page's variables may be used in the block.
    """
    if environment.loader is None:  # pybabel's, which only collects texts and knows none of the filters
        return Uses(False, frozenset())
    place = _Place(environment, frozenset(given), lineno, name)
    block = nodes.Template(body, lineno=lineno)
    found = [block, *_brought_in(place, block, True, set())]
    filters = {name for template in found for node in template.find_all(nodes.Filter) for name in _applied(node)}
    if unknown := sorted(filters - FILTERS):
        raise place.error(f"uses the filter '{unknown[0]}', which may depend on more than its key, such as the moment. Write it outside.")
    tests = {name for template in found for name in _tests(template)}
    if unknown := sorted(tests - DEFAULT_TESTS.keys()):
        raise place.error(f"uses the test '{unknown[0]}', which may depend on more than its key. Write it outside.")
    functions = {node.name for template in found for node in template.find_all(nodes.Name)} & FUNCTIONS
    return Uses(bool(filters & IN_THE_TIME_ZONE), frozenset(functions))


def _brought_in(place: _Place, template: nodes.Template, sees_page: bool, seen: set[tuple[str, bool]]) -> Iterator[nodes.Template]:
    """Every template that is included or imported, at any depth, each after a look at what is before it."""
    _refuse_names(place, template, place.given if sees_page else frozenset())
    _refuse_addresses(place, template)
    for node in template.find_all((nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)):
        names = _texts(node.template)  # type: ignore[attr-defined]
        if not names or isinstance(node, nodes.Extends):
            raise place.error("must name what it includes or imports by a plain text, and what it brings in must not extend another.")
        inner = sees_page and node.with_context  # type: ignore[attr-defined]
        for name in names:
            if (name, inner) not in seen:
                seen.add((name, inner))
                found = _read(place.environment, name)
                yield found
                yield from _brought_in(place, found, inner, seen)


def _applied(node: nodes.Filter) -> Iterator[str]:
    """The filter, and the one that `map` applies to each element."""
    yield node.name
    if node.name == "map" and node.args:
        yield node.args[0].value if isinstance(node.args[0], nodes.Const) else "map by a variable"


def _tests(template: nodes.Template) -> Iterator[str]:
    """What stands behind `is`, and what filters such as `select` apply to each element."""
    yield from (node.name for node in template.find_all(nodes.Test))
    for node in template.find_all(nodes.Filter):
        named = node.args[TESTING[node.name] :][:1] if node.name in TESTING else []
        yield from (test.value if isinstance(test, nodes.Const) else f"of {node.name} by a variable" for test in named)


def _refuse_names(place: _Place, found: nodes.Template, given: frozenset[str]) -> None:
    if found.find(nodes.Block) is not None:
        raise place.error("cannot hold a {% block %}, which another template may fill. Put the {% cache %} inside the {% block %}.")
    bare = place.environment.overlay()
    bare.globals = {}
    found.set_environment(bare)
    for name in sorted(find_undeclared_variables(found) - FUNCTIONS - given):
        if name in OF_THE_READER:
            raise place.error(f"uses '{name}', which is another one for each reader. {OUT[3:].capitalize()}")
        raise place.error(f"uses '{name}', which is not in its key. Name it there ({{% cache {name} %}}), or give it to the macro as an "
                          f"argument. {OUT}")


def _refuse_addresses(place: _Place, found: nodes.Template) -> None:
    """A whole address has the host that the reader asked for, and one that begins with a dot depends on the page."""
    for call in found.find_all(nodes.Call):
        if not isinstance(call.node, nodes.Name) or call.node.name != "url_for":
            continue
        target = call.args[0].value if call.args and isinstance(call.args[0], nodes.Const) else "."
        options = {pair.key for pair in call.kwargs}
        if target.startswith(".") or call.dyn_args or call.dyn_kwargs or options & {"_external", "_scheme"}:
            raise place.error("makes an address with url_for() that may depend on the request. Give it the whole name of the view, as a "
                              "text, and neither _external nor _scheme.")


def _texts(expression: nodes.Expr) -> list[str]:
    try:
        value = expression.as_const()
    except nodes.Impossible:
        return []
    return [value] if isinstance(value, str) else list(value)


def _read(environment: Environment, name: str) -> nodes.Template:
    assert environment.loader is not None
    source, filename, _uptodate = environment.loader.get_source(environment, name)
    return environment.parse(source, name, filename)
