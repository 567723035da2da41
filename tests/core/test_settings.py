"""Settings are read once and refused loudly, with the name, the value and a hint, but never with a secret."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
from pydantic import Field, SecretStr, ValidationError

from studium.core.errors import SettingsError
from studium.core.settings import CoreSettings, Section, Settings, load_core, load_settings

KEY = "k" * 40


class ShopSettings(Section):
    """STUDIUM_SHOP_..."""

    prefix: ClassVar[str] = "SHOP"
    limit: int = Field(3, ge=1, description="most goods in a basket")
    password: SecretStr | None = Field(None, min_length=8, description="password of the till")
    colours: tuple[str, ...] = Field((), description="colours on offer")


def read(data_dir: Path, **environ: str) -> Settings:
    environ = {"STUDIUM_DATA_DIR": str(data_dir), "STUDIUM_SECRET_KEY": KEY} | environ
    return load_settings(load_core(environ), [ShopSettings], environ)


def refusal(data_dir: Path, **environ: str) -> str:
    with pytest.raises(SettingsError) as refused:
        read(data_dir, **environ)
    return str(refused.value)


def test_a_plugins_settings_are_read_by_its_prefix(tmp_path: Path) -> None:
    settings = read(tmp_path, STUDIUM_SHOP_LIMIT="7", STUDIUM_SHOP_COLOURS="red, blue,", STUDIUM_PORT="9000")
    assert (settings[ShopSettings].limit, settings[ShopSettings].colours, settings.core.port) == (7, ("red", "blue"), 9000)


def test_settings_cannot_be_changed_after_the_start(tmp_path: Path) -> None:
    settings = read(tmp_path)
    with pytest.raises(ValidationError):
        settings.core.port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("STUDIUM_PROT", "STUDIUM_PORT"),
        ("STUDIUM_SHOP_LIMITS", "STUDIUM_SHOP_LIMIT"),
        ("STUDIUM_SECRETKEY", "STUDIUM_SECRET_KEY"),
    ],
)
def test_an_unknown_setting_is_refused_with_the_nearest_name(tmp_path: Path, name: str, meant: str) -> None:
    said = refusal(tmp_path, **{name: "unlikely-value"})
    assert f"{name} is not a setting" in said
    assert f"Did you mean {meant}?" in said
    assert "unlikely-value" not in said


def test_names_of_other_programs_are_none_of_our_business(tmp_path: Path) -> None:
    assert read(tmp_path, STUDIUMLIKE="1", PATH="/bin").core.port == 8000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STUDIUM_PORT", "many"),
        ("STUDIUM_PORT", "70000"),
        ("STUDIUM_ENV", "prod"),
        ("STUDIUM_SHOP_LIMIT", "0"),
        ("STUDIUM_SHOP_LIMIT", ""),
        ("STUDIUM_LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_named_with_its_setting_and_what_that_is(tmp_path: Path, name: str, value: str) -> None:
    said = refusal(tmp_path, **{name: value})
    field = {**CoreSettings.env_names(), **ShopSettings.env_names()}[name]
    section = ShopSettings if "SHOP" in name else CoreSettings
    assert name in said
    assert repr(value) in said
    assert str(section.model_fields[field].description) in said


def test_several_wrong_values_are_told_together(tmp_path: Path) -> None:
    said = refusal(tmp_path, STUDIUM_PORT="x", STUDIUM_CABLE_PORT="y")
    assert "STUDIUM_PORT=" in said
    assert "STUDIUM_CABLE_PORT=" in said


@pytest.mark.parametrize("name", ["STUDIUM_SECRET_KEY", "STUDIUM_SHOP_PASSWORD"])
def test_a_wrong_secret_is_refused_without_being_shown(tmp_path: Path, name: str) -> None:
    said = refusal(tmp_path, **{name: "hush"})
    assert name in said
    assert "hush" not in said


def test_no_text_form_of_the_settings_shows_a_secret(tmp_path: Path) -> None:
    settings = read(tmp_path, STUDIUM_SHOP_PASSWORD="swordfish")
    shown = f"{settings.core!r} {settings.core} {settings[ShopSettings]!r} {settings.core.model_dump_json()}"
    assert "swordfish" not in shown
    assert KEY not in shown


def test_production_without_a_key_of_its_own_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"STUDIUM_SECRET_KEY is missing.*token_hex"):
        load_core({"STUDIUM_ENV": "production", "STUDIUM_DATA_DIR": str(tmp_path)})
    assert not (tmp_path / "secret_key").exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STUDIUM_HOST", "0.0.0.0"),
        ("STUDIUM_HOST", "::"),
        ("STUDIUM_HOST", "192.168.1.5"),
        ("STUDIUM_HOST", "learn.example"),
        ("STUDIUM_HOST", "localhost.example"),
        ("STUDIUM_HOST", ""),
        ("STUDIUM_TRUSTED_PROXIES", "1"),
        ("STUDIUM_PUBLIC_URL", "https://learn.example"),
        ("STUDIUM_PUBLIC_URL", "HTTPS://learn.example"),
        ("STUDIUM_PUBLIC_URL", "http://learn.example"),
        ("STUDIUM_PUBLIC_URL", "http://192.168.1.5:8000"),
        ("STUDIUM_PUBLIC_URL", "http://localhost.example"),
    ],
)
def test_a_server_that_forgot_to_say_production_does_not_start(tmp_path: Path, name: str, value: str) -> None:
    said = refusal(tmp_path / "new", **{name: value})
    assert f"{name}={value} would let other people in" in said
    assert "STUDIUM_ENV=production" in said
    assert not (tmp_path / "new").exists()
    for env in ("production", "test"):
        assert read(tmp_path, **{name: value, "STUDIUM_ENV": env}).core.env == env


@pytest.mark.parametrize("env", ["development", "production"])
@pytest.mark.parametrize("url", ["https://anna:swordfish@learn.example", "https://swordfish@learn.example", "http://:swordfish@localhost"])
def test_an_address_with_a_password_is_refused_without_showing_it(tmp_path: Path, env: str, url: str) -> None:
    said = refusal(tmp_path, STUDIUM_PUBLIC_URL=url, STUDIUM_ENV=env)
    assert "STUDIUM_PUBLIC_URL" in said
    assert "swordfish" not in said


def test_a_password_within_any_wrong_address_is_not_shown(tmp_path: Path) -> None:
    said = refusal(tmp_path, STUDIUM_PORT="http://anna:swordfish@proxy.example:3128/x")
    assert "http://***@proxy.example:3128/x" in said


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "localhost", "::1"])
def test_development_on_this_machine_alone_starts(tmp_path: Path, host: str) -> None:
    assert read(tmp_path, STUDIUM_HOST=host, STUDIUM_PUBLIC_URL="http://localhost:8000").core.host == host


def test_the_development_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    environ = {"STUDIUM_DATA_DIR": str(tmp_path / "new")}
    first, second = load_core(environ), load_core(environ)
    assert first.secret_key == second.secret_key
    assert len(first.secret_key.get_secret_value()) >= 32  # type: ignore[union-attr]
    assert stat.S_IMODE((tmp_path / "new" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret_key"]


def test_the_default_data_folder_counts_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path would be read by each library from a place of its own."""
    monkeypatch.chdir(tmp_path)
    assert load_core({"STUDIUM_SECRET_KEY": KEY}).data_dir == tmp_path / "data"


@pytest.mark.slow
def test_processes_that_start_at_once_agree_on_one_development_key(tmp_path: Path) -> None:
    code = "import os; from studium.core.settings import load_core; input();print(load_core(os.environ).secret_key.get_secret_value())"
    environ = {"STUDIUM_DATA_DIR": str(tmp_path / "new"), "PATH": os.environ["PATH"]}
    starting = [
        subprocess.Popen([sys.executable, "-c", code], env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    for process in starting:
        assert process.stdin is not None
        process.stdin.write("now\n")
        process.stdin.flush()
    keys = [process.communicate(timeout=60)[0].strip() for process in starting]
    assert [process.returncode for process in starting] == [0, 0, 0]
    assert len(set(keys)) == 1
    assert len(keys[0]) == 64


def test_a_kept_key_that_somebody_emptied_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret_key").write_text("\n")
    with pytest.raises(SettingsError, match=r"secret_key"):
        load_core({"STUDIUM_DATA_DIR": str(tmp_path)})


def test_every_setting_says_what_it_is() -> None:
    for section in (CoreSettings, ShopSettings):
        assert [name for name, field in section.model_fields.items() if not field.description] == []
