"""`studium new-provider` writes a package whose conformance run is executable at once and says what to do, and it never overwrites."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from studium.core.cli import studium
from studium.core.settings import OUTSIDE_PRODUCTION
from studium.testing.providers.guard import GuardedProvider
from studium.testing.providers.rig import Site
from studium.testing.providers.rules import all_rules
from studium.testing.providers.run import judge
from studium.testing.providers.sandbox_rig import SandboxRig
from studium.testing.providers.todo import STEPS, step_of, unwritten
from studium.testing.scaffold.making import ENDING, TEMPLATES, make_package
from studium.testing.scaffold.naming import LONGEST, names_of
from tests.testing.kit_process import run_kit

ROOT = Path(__file__).parents[2]


@pytest.fixture
def new_provider(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> object:
    """`new_provider("acme-pay", ...)` runs the command in an empty folder."""
    monkeypatch.setenv("STUDIUM_DATA_DIR", str(tmp_path / "data"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return lambda *words: CliRunner().invoke(studium, ["new-provider", *words])


def test_it_writes_a_package_and_says_how_to_go_on(new_provider, tmp_path: Path) -> None:
    done: Result = new_provider("acme-pay")
    assert done.exit_code == 0, done.output
    assert "pytest" in done.output
    folder = tmp_path / "here" / "studium-acme-pay"
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["studium.plugins"] == {"acme-pay": "studium_acme_pay"}
    assert "studium" in project["dependencies"]
    assert any(found.startswith("pytest") for found in project["optional-dependencies"]["test"])
    assert {path.name for path in (folder / "studium_acme_pay").iterdir()} == {
        "__init__.py", "api.py", "provider.py", "py.typed", "settings.py"}
    assert [path for path in folder.rglob("*") if path.suffix == ENDING or "$" in path.name] == []
    assert "class AcmePayProvider(PaymentProvider)" in (folder / "studium_acme_pay" / "provider.py").read_text()


@pytest.mark.parametrize(("name", "words"), [
    ("Acme Pay", "Try: acme-pay"), ("9pay", "Try: pay"), ("a_b", "Try: a-b"), ("../x", "Try: x"),
    ("", "small letters"), ("-", "small letters"),
    ("x" * (LONGEST + 1), "at most 30"), ("acme-", "Try: acme"), ("studium-acme", "Try: acme"), ("free", "Choose another name"),
    ("stripe", "STUDIUM_STRIPE_... are settings of studium.plugins.stripe"), ("queue", "is taken"), ("acme\n", "Try: acme"),
])
def test_a_name_that_cannot_be_is_refused_with_one_that_can(new_provider, tmp_path: Path, name: str, words: str) -> None:
    done: Result = new_provider("--", name)
    assert done.exit_code == 1
    assert words in done.output
    assert list((tmp_path / "here").iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_exists_is_never_touched(new_provider, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "here" / "studium-acme-pay"
    {"folder": target.mkdir, "file": target.touch, "link": lambda: target.symlink_to(tmp_path / "nowhere")}[kind]()
    done: Result = new_provider("acme-pay")
    assert done.exit_code == 1
    assert "exists already. Nothing was written" in done.output
    assert [path.name for path in (tmp_path / "here").iterdir()] == ["studium-acme-pay"]
    assert not (target.is_dir() and list(target.iterdir()))


def test_it_goes_where_it_is_told(new_provider, tmp_path: Path) -> None:
    assert new_provider("acme", "--folder", str(tmp_path)).exit_code == 0
    assert (tmp_path / "studium-acme" / "pyproject.toml").exists()
    done: Result = new_provider("acme", "--folder", "nowhere")
    assert done.exit_code == 1
    assert "nowhere is no folder" in done.output


def test_nothing_half_written_stays_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, *_given: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(Exception, match="No space left"):
        make_package(names_of("acme"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_ordinary_installation_has_the_command_and_production_does_not() -> None:
    assert "studium.testing.scaffold" in OUTSIDE_PRODUCTION
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert pyproject["project"]["entry-points"]["pytest11"] == {"studium-providers": "studium.testing.provider_plugin"}
    code = ("import sys; import studium.testing.scaffold.commands, studium.testing.scaffold; "
            "assert not {'pytest', 'psutil', 'studium.testing.providers.rig'} & set(sys.modules)")
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0, "it needs no extra"


def test_every_template_is_filled_whatever_the_name(tmp_path: Path) -> None:
    folder = make_package(names_of("pay-24-x"), tmp_path)
    written = [path for path in folder.rglob("*") if path.is_file()]
    assert len(written) == len(list(TEMPLATES.rglob(f"*{ENDING}")))
    for path in written:
        text = path.read_text()
        assert "acme" not in text.lower(), path
        if path.suffix == ".py":
            compile(text, str(path), "exec")


@pytest.mark.slow
def test_its_code_is_clean(tmp_path: Path) -> None:
    folder = make_package(names_of("acme-pay"), tmp_path)
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "."]
    done = subprocess.run(ruff, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_the_first_run_is_red_and_ends_with_the_list_of_what_to_do(tmp_path: Path) -> None:
    folder = make_package(names_of("acme-pay"), tmp_path)
    done = run_kit(folder, "--provider-report", "out.json")
    assert done.returncode == 1, done.stdout
    lines = done.stdout.splitlines()
    start = lines.index("To do: 5 methods of AcmePayProvider, in this order:")
    assert [line.split("()")[0] for line in lines[start + 1:start + 6]] == [f"{number}. {name}" for number, name in enumerate(STEPS, 1)]
    assert "begin() turns green: begin-answer begin-same-key" in lines[start + 1]
    assert lines[start + 6].startswith("Next: Ask the service for a payment")
    assert "docs/tutorial-provider.md#begin" in lines[start + 6]
    assert start > len(lines) - 12, "it is the last thing one sees"
    assert " 0 broken, " in done.stdout
    assert '"to_do": 79' in (folder / "out.json").read_text()


@pytest.mark.slow
def test_what_the_list_promises_is_what_the_scenarios_call(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    called: set[str] = set()
    watch = GuardedProvider._watch

    def record(self: GuardedProvider, call: str, *given: object, **named: object) -> object:
        called.add(call)
        return watch(self, call, *given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(GuardedProvider, "_watch", record)
    capabilities, wrong = SandboxRig.provider.meta.capabilities, {}
    rig = SandboxRig(site)
    for rule in all_rules():
        called.clear()
        if judge(rule, rig).outcome == "kept":
            last = max(called & set(STEPS), key=[*STEPS].index, default="")
            if last != step_of(rule, capabilities):
                wrong[rule.id] = f"calls {last or 'nothing'} last, and the list says {step_of(rule, capabilities) or 'nothing'}"
    assert wrong == {}


def test_methods_that_capabilities_do_not_call_for_need_not_be_written() -> None:
    class Bare(SandboxRig.provider):  # type: ignore[name-defined, misc]
        def fetch(self, reference: str) -> object:
            raise NotImplementedError("Write it.")

        def refund(self, *_given: object) -> object:
            raise NotImplementedError("Write it.")

    assert unwritten(Bare) == ["fetch", "refund"]
    Bare.meta = type(Bare.meta)("bare", "Bare", capabilities=frozenset({"redirect"}))
    assert unwritten(Bare) == []
