"""examples/studium-acme-pay is installed with pip in an environment of its own and used through its entry point alone; then taken away."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.testing.kit_process import clean_environ, run_kit

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "studium-acme-pay"
USE = Path(__file__).with_name("use_example.py")
PIP = ("-m", "pip", "--disable-pip-version-check", "-q")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment that sees Studium and what it stands on, with the package installed by pip."""
    folder = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", str(folder / "venv")], check=True)
    python = folder / "venv" / "bin" / "python"
    packages = call(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    Path(packages, "studium-here.pth").write_text(f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n")
    copy = shutil.copytree(EXAMPLE, folder / "source", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    call(python, *PIP, "install", "--no-deps", str(copy))
    return python


@pytest.mark.slow
def test_a_package_is_installed_used_and_taken_away_again(python: Path, tmp_path: Path) -> None:
    source = shutil.copytree(EXAMPLE / "tests", tmp_path / "only-its-tests" / "tests").parent
    port = free_port()
    keys = {"STUDIUM_ACME_PAY_API_KEY": "test_key", "STUDIUM_ACME_PAY_WEBHOOK_SECRET": "whsec_play",
            "STUDIUM_ACME_PAY_API_BASE": f"http://127.0.0.1:{port}/v1"}
    place = {"STUDIUM_DATA_DIR": str(tmp_path / "data")}
    studium = "from studium.core.cli import main; main()"
    for words in (["migrate"], ["users", "demo"], ["course", "import", str(ROOT / "examples" / "learn-how-to-learn")]):
        call(python, "-c", studium, *words, cwd=tmp_path, **place)
    told = call(python, str(USE), "buy", str(source), str(port), cwd=tmp_path, **place, **keys)
    assert "/payments/" in told
    doctor = call(python, "-c", studium, "payments", "doctor", "acme-pay", cwd=tmp_path, fails=True, **place, **keys)
    assert "RED     payments by acme-pay: Acme Pay could not be asked (ConnectionError)." in doctor, "its simulator has ended"
    assert "-> Look whether this machine may reach STUDIUM_ACME_PAY_API_BASE." in doctor
    call(python, *PIP, "uninstall", "-y", "studium-acme-pay")
    assert "readable" in call(python, str(USE), "read", cwd=tmp_path, **place)
    refused = call(python, "-c", studium, "settings", cwd=tmp_path, fails=True, **place, **keys)
    assert re.search(r"STUDIUM_ACME_PAY_\w+ is not a setting of Studium", refused), "keys that are left behind are noticed"


@pytest.mark.slow
def test_its_provider_keeps_every_rule(tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLE, tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    done = run_kit(folder)
    assert done.returncode == 0, done.stdout
    assert "acme-pay: 86 rules kept, 0 broken, 4 not applicable" in done.stdout


def call(python: Path, *words: str, cwd: Path | None = None, fails: bool = False, **environ: str) -> str:
    """What it prints; it must succeed, or fail."""
    done = subprocess.run([python, *words], cwd=cwd, capture_output=True, text=True, timeout=200, check=False, env=clean_environ(**environ))
    assert (done.returncode != 0) is fails, done.stdout + done.stderr
    return done.stdout + done.stderr


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
