"""Many players that ask for a long video and stop reading do not take the site away from the others."""

from __future__ import annotations

import re
import shutil
import socket
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from studium.testing.stack import Stack

pytestmark = pytest.mark.faults
EXAMPLE = Path(__file__).parents[2] / "examples" / "learn-how-to-learn"
PLAYERS = 80  # more than the site has threads: 32 in each of two processes
LONG = 20_000_000


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """The site, with a free preview of 20 MB."""
    course = tmp_path / EXAMPLE.name
    shutil.copytree(EXAMPLE, course)
    with (course / "10-memory" / "welcome.webm").open("ab") as video:
        video.write(bytes(LONG))
    with Stack() as running:
        running.run("studium", "course", "import", str(course))
        yield running


def test_paused_players_leave_threads_for_the_others(stack: Stack) -> None:
    page = urllib.request.urlopen(f"{stack.url}/courses/{EXAMPLE.name}/welcome").read().decode()
    path = re.findall(r'<source src="([^"]+)"', page)[0]
    with ExitStack() as players:
        for _ in range(PLAYERS):
            player = players.enter_context(socket.create_connection(("127.0.0.1", stack.port)))
            player.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nRange: bytes=0-\r\n\r\n".encode())
        time.sleep(2)  # as far as the buffers take it
        for _ in range(10):
            assert urllib.request.urlopen(f"{stack.url}/up", timeout=3).status == 200
