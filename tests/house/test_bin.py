"""The commands in bin/: what they say when something is missing, and that they agree with the settings."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import environment
import ports
import pytest
import readiness
import serve
from environment import Place, Refusal, read_place

from studium.core.settings import CoreSettings

ROOT = Path(__file__).parents[2]
DEFAULTS = {name: field.default for name, field in CoreSettings.model_fields.items()}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return Place(tmp_path / "data", "127.0.0.1", one.getsockname()[1], two.getsockname()[1])


def test_the_defaults_are_those_of_the_settings() -> None:
    found = read_place({})
    assert (found.host, found.port, found.cable_port) == (DEFAULTS["host"], DEFAULTS["port"], DEFAULTS["cable_port"])
    assert found.data_dir == ROOT / DEFAULTS["data_dir"]


def test_the_variables_for_the_programs_are_settings_that_studium_knows(place: Place) -> None:
    given = {name for name in place.variables({}) if name.startswith("STUDIUM_")}
    assert given <= set(CoreSettings.env_names())


def test_supervisord_conf_uses_only_variables_that_are_set(place: Place) -> None:
    used = {part.split(")")[0] for part in (ROOT / "supervisord.conf").read_text().split("%(ENV_")[1:]}
    assert used
    assert used <= set(place.variables({}))


def test_a_relative_data_folder_counts_from_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert read_place({"STUDIUM_DATA_DIR": "mine"}).data_dir == tmp_path / "mine"


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", "8000.5"])
def test_a_port_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(Refusal, match=f"STUDIUM_CABLE_PORT={text} is not a port"):
        read_place({"STUDIUM_CABLE_PORT": text})


def test_a_percent_sign_in_the_data_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refusal, match=r"percent sign.*100%.*STUDIUM_DATA_DIR="):
        read_place({"STUDIUM_DATA_DIR": str(tmp_path / "100%")})


def test_a_long_data_folder_gets_its_socket_in_a_short_private_one(tmp_path: Path) -> None:
    near = Place(tmp_path / "d", "127.0.0.1", 1, 2)
    far = Place(tmp_path / ("long" * 40), "127.0.0.1", 1, 2)
    far.make_folders()
    assert near.supervisor_socket == near.data_dir / "run" / "supervisor.sock"
    assert len(os.fsencode(far.supervisor_socket)) <= environment.LONGEST_SOCKET_PATH
    assert far.supervisor_socket.parent.stat().st_mode & 0o777 == 0o700
    far.supervisor_socket.parent.rmdir()


def test_a_taken_port_is_named_with_its_variable(place: Place) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", place.cable_port))
        other.listen()
        with pytest.raises(Refusal, match=f"port {place.cable_port} .* taken .* STUDIUM_CABLE_PORT="):
            ports.refuse_taken_ports(place)
    ports.refuse_taken_ports(place)


def test_one_port_for_both_is_refused() -> None:
    with pytest.raises(Refusal, match="are both 8000"):
        ports.refuse_taken_ports(Place(Path("/tmp"), "127.0.0.1", 8000, 8000))


def test_an_address_of_another_machine_is_refused_with_its_variable() -> None:
    with pytest.raises(Refusal, match=r"STUDIUM_HOST=192\.0\.2\.1"):  # TEST-NET-1, RFC 5737
        ports.refuse_taken_ports(Place(Path("/tmp"), "192.0.2.1", 8000, 8001))


def test_a_second_start_on_one_data_folder_is_refused(tmp_path: Path) -> None:
    twice = Place(tmp_path / "d", "127.0.0.1", 1, 2)
    twice.make_folders()
    serve.refuse_second(twice)
    with socket.socket(socket.AF_UNIX) as first:
        first.bind(str(twice.supervisor_socket))
        first.listen()
        twice.pid_file.write_text("4321\n")
        with pytest.raises(Refusal, match=r"already runs on the data folder .*kill 4321"):
            serve.refuse_second(twice)
    serve.refuse_second(twice)


@pytest.mark.parametrize("command", ["dev", "serve"])
def test_a_start_says_which_port_is_taken(place: Place, command: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", place.port))
        other.listen()
        done = run(command, STUDIUM_PORT=str(place.port), STUDIUM_CABLE_PORT=str(place.cable_port), STUDIUM_DATA_DIR=str(place.data_dir))
    assert done.returncode == 1
    assert f"port {place.port} on 127.0.0.1 is taken" in done.stderr
    assert "Traceback" not in done.stderr
    assert not place.data_dir.exists()


@pytest.mark.parametrize(("version", "sentence"), [("3.9.2", "The python3 here is 3.9.2."), ("", "There is no python3 here.")])
def test_a_missing_or_old_python_is_a_sentence(tmp_path: Path, version: str, sentence: str) -> None:
    for tool in ("sh", "dirname", "env"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    if version:
        old = tmp_path / "python3"
        old.write_text(f'#!/bin/sh\ncase "$2" in *exit*) exit 1;; esac\necho {version}\n')
        old.chmod(0o755)
    done = run("dev", PATH=str(tmp_path), PYTHON="")
    assert done.returncode == 1
    assert f"Studium needs Python 3.11 or newer. {sentence}" in done.stderr


def test_a_start_that_fails_is_explained_by_up_and_the_end_of_the_log(place: Place) -> None:
    place.make_folders()
    line = {"at": "2026-01-02T03:04:05Z", "level": "error", "event": "tail_failed", "exception": "Traceback\nOSError: disk"}
    (place.log_dir / "cable.log").write_text("an earlier line\n" + json.dumps(line) + "\n")
    with UpThatSays(place, 503, {"cable": "no sign of life for 12 s", "database": "ok"}):
        wrong = readiness.ask(place)
    assert wrong == {"cable": "no sign of life for 12 s"}
    text = readiness.explain(place, wrong)
    assert "cable: no sign of life for 12 s" in text
    assert "03:04:05 error tail_failed" in text
    assert "OSError: disk" in text
    assert readiness.ask(place) is None
    assert "web_0.log does not exist" in readiness.explain(place, None)


def test_all_is_well_when_up_says_so(place: Place) -> None:
    with UpThatSays(place, 200, {"cable": "ok"}):
        assert readiness.ask(place) == {}


def run(command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STUDIUM_")}
    return subprocess.run([str(ROOT / "bin" / command)], env={**kept, "PYTHON": sys.executable, **variables}, stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False, timeout=60)


class UpThatSays:
    """A site whose /up gives one answer."""

    def __init__(self, place: Place, status: int, checks: dict[str, str]) -> None:
        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                self.end_headers()
                self.wfile.write(json.dumps({"checks": checks}).encode())

            def log_message(self, *_arguments: object) -> None:
                return

        self._server = HTTPServer((place.host, place.port), Answer)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
