"""The pytest plugin: `pytest --provider-rig mypkg.tests.rig:Rig` adds one test for each rule; `--provider-report FILE` writes JSON.

Loaded in every pytest where Studium is installed, so it imports nothing of it until the option is there.
"""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from studium.testing.providers.rig import ProviderRig
    from studium.testing.providers.rules import Rule
    from studium.testing.providers.verdict import Verdict

OPTION, REPORT, RULE = "--provider-rig", "--provider-report", "--provider-rule"
VERDICT = "studium-provider-verdict"
KIT = pytest.StashKey["Kit"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The three options."""
    group = parser.getgroup("studium", "conformance of a payment provider (docs/provider-conformance.md)")
    group.addoption(OPTION, metavar="MODULE:CLASS", help="run every rule against the provider of this rig")
    group.addoption(REPORT, metavar="FILE", help="write the result as JSON")
    group.addoption(RULE, metavar="ID", action="append", default=[], help="only this rule, or this chapter; may be repeated")


def pytest_configure(config: pytest.Config) -> None:
    """Find the rig; a wrong name stops the run with the reason."""
    named = config.getoption(OPTION)
    if named:
        config.stash[KIT] = Kit(config, _load(config, named))
        config.pluginmanager.register(config.stash[KIT], "studium-provider-kit")


def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """One test for each rule, after those that are there."""
    kit = config.stash.get(KIT, None)
    if kit is not None:
        wanted = set(config.getoption(RULE))
        items.extend(RuleItem.from_parent(session, name=f"provider rule {rule.id}", rule=rule, nodeid=f"provider::{rule.id}")
                     for rule in kit.rules(wanted))


class RuleItem(pytest.Item):
    """One rule as a test."""

    def __init__(self, *, rule: Rule, **given: Any) -> None:
        super().__init__(**given)
        self.rule = rule

    def runtest(self) -> None:
        """Judge, and pass, fail or skip."""
        verdict = self.config.stash[KIT].judge(self.rule)
        self.user_properties.append((VERDICT, asdict(verdict)))  # which pytest-xdist brings to the process that reports
        if verdict.outcome == "not applicable":
            pytest.skip(f"not applicable: {verdict.why}")
        if verdict.outcome == "broken":
            pytest.fail(str(verdict), pytrace=False)

    def reportinfo(self) -> tuple[Path, None, str]:
        """How it is called in lists."""
        return self.path, None, f"{self.config.stash[KIT].rig.provider.meta.code}: {self.rule.id}"


class Kit:
    """The site of one run, opened for the first rule; the rig on it; and the verdicts so far, of all processes of the run."""

    def __init__(self, config: pytest.Config, rig: type[ProviderRig]) -> None:
        self.config = config
        self.rig = rig
        self.verdicts: list[Verdict] = []
        self._open = ExitStack()
        self._made: ProviderRig | None = None

    def rules(self, wanted: set[str]) -> Iterator[Rule]:
        """All rules, or those of these ids and chapters."""
        from studium.testing.providers.rules import all_rules

        known = all_rules()
        if unknown := wanted - {rule.id for rule in known} - {rule.chapter for rule in known}:
            raise pytest.UsageError(f"{RULE}: there is no rule and no chapter {', '.join(sorted(unknown))}.")
        yield from (rule for rule in known if not wanted or {rule.id, rule.chapter} & wanted)

    def judge(self, rule: Rule) -> Verdict:
        """The verdict on a rule."""
        from studium.testing.providers.run import judge

        self._made = self._made or self._make()
        return judge(rule, self._made)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the verdict."""
        from studium.testing.providers.verdict import Verdict

        if report.when == "call":
            self.verdicts += [Verdict(**value) for value in _told(report)]

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """A method that is not written yet fails its rules, and is told once, in the list of what to do, not once for each."""
        return ("to do", "t", "TO DO") if report.when == "call" and any(value["todo"] for value in _told(report)) else None

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """The counts, and what does not apply, with its reason: nothing is left out in silence."""
        from studium.testing.providers.report import summary
        from studium.testing.providers.todo import todo_list

        terminalreporter.section("provider conformance")
        for verdict in self.verdicts:
            if verdict.outcome == "not applicable":
                terminalreporter.write_line(str(verdict))
        terminalreporter.write_line(summary(self.rig, self.verdicts))
        for line in todo_list(self.rig, self.verdicts):
            terminalreporter.write_line(line, yellow=True)

    def pytest_unconfigure(self) -> None:
        """End the site, and write the report."""
        self._open.close()
        path = self.config.getoption(REPORT)
        if path and not hasattr(self.config, "workerinput"):
            from studium.testing.providers.report import write_report

            write_report(Path(path), self.rig, self.verdicts)

    def _make(self) -> ProviderRig:
        from studium.core.database import db
        from studium.testing.providers.site_server import make_site, serving

        folder = Path(tempfile.mkdtemp(prefix="studium-conformance-"))
        self._open.callback(shutil.rmtree, folder, ignore_errors=True)
        app = make_site(folder, self.rig.plugins)
        self._open.callback(db.disconnect)
        return self.rig(self._open.enter_context(serving(app, folder)))


def _told(report: pytest.TestReport) -> list[Any]:
    return [value for name, value in report.user_properties if name == VERDICT]


def _load(config: pytest.Config, named: str) -> type[ProviderRig]:
    from studium.testing.providers.rig import ProviderRig

    module, _colon, name = named.partition(":")
    if str(config.invocation_params.dir) not in sys.path:
        sys.path.insert(0, str(config.invocation_params.dir))  # as `python -m pytest` does
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise pytest.UsageError(f"{OPTION} {named}: {error}. Write it as MODULE:CLASS, such as mypkg.tests.rig:Rig.") from error
    if not (isinstance(found, type) and issubclass(found, ProviderRig)):
        raise pytest.UsageError(f"{OPTION} {named}: {name} is no subclass of studium.testing.providers.ProviderRig.")
    return found
