"""Media: who may have it, byte ranges and conditional requests."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from studium.core.settings import Settings
from studium.web.settings import WebSettings
from tests.conftest import SignIn
from tests.web.conftest import VIDEO, MakeCourse


@pytest.fixture
def video(client: FlaskClient, course: str) -> str:
    """The address of the free preview's video."""
    return video_of_the_preview(client)


def video_of_the_preview(client: FlaskClient) -> str:
    found = re.search(r'<source src="([^"]+)"', client.get("/courses/rivers/part-1").text)
    assert found is not None
    return found[1]


CONTENT = VIDEO + b"part-1"


def fetch(client: FlaskClient, path: str, **request: Any) -> TestResponse:
    """The answer, with its file closed as a server closes it."""
    return client.open(path, buffered=True, **request)


def test_whole_file_is_private_and_not_sniffed(client: FlaskClient, video: str) -> None:
    answer = fetch(client, video)
    assert (answer.status_code, answer.data) == (200, CONTENT)
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["Cache-Control"].startswith("private")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["ETag"]
    assert answer.mimetype == "video/webm"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=100-199", 100, 199),
        ("bytes=10000-", 10000, None),
        ("bytes=-6", -6, None),
        ("bytes=0-999999", 0, None),
    ],
)
def test_range_gives_exactly_these_bytes(
    client: FlaskClient, video: str, asked: str, start: int, end: int | None
) -> None:
    answer = fetch(client, video, headers={"Range": asked})
    expected = CONTENT[start:] if end is None else CONTENT[start : end + 1]
    first = start % len(CONTENT)
    assert (answer.status_code, answer.data) == (206, expected)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(expected) - 1}/{len(CONTENT)}"
    assert answer.headers["Content-Length"] == str(len(expected))


@pytest.mark.parametrize("asked", ["bytes=999999-", "bytes=5-2", "bytes=-0"])
def test_range_outside_of_the_file_is_416_with_its_size(client: FlaskClient, video: str, asked: str) -> None:
    answer = fetch(client, video, headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(CONTENT)}"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "nonsense", "bytes=-", "bytes=" + "9" * 5000 + "-"])
def test_several_ranges_or_unknown_units_give_the_whole_file(client: FlaskClient, video: str, asked: str) -> None:
    answer = fetch(client, video, headers={"Range": asked})
    assert (answer.status_code, answer.data) == (200, CONTENT)


def test_known_file_is_not_sent_again(client: FlaskClient, video: str) -> None:
    tag = fetch(client, video).headers["ETag"]
    answer = fetch(client, video, headers={"If-None-Match": tag})
    assert (answer.status_code, answer.data) == (304, b"")


def test_range_of_another_version_gives_the_whole_new_file(client: FlaskClient, video: str) -> None:
    tag = fetch(client, video).headers["ETag"]
    assert fetch(client, video, headers={"Range": "bytes=0-9", "If-Range": tag}).status_code == 206
    stale = fetch(client, video, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
    assert (stale.status_code, stale.data) == (200, CONTENT)


@pytest.fixture
def long_video(client: FlaskClient, make_course: MakeCourse, settings: Settings) -> tuple[str, bytes, int]:
    """The address and the bytes of a video longer than two pieces, and the size of a piece."""
    piece = settings[WebSettings].range_bytes
    content = VIDEO + bytes(2 * piece)
    make_course(1, content)
    return video_of_the_preview(client), content + b"part-1", piece


@pytest.mark.parametrize(("asked", "first"), [("bytes=0-", 0), ("bytes=7-", 7), ("bytes=7-99999999999", 7), ("bytes=0-2000000", 0)])
def test_open_and_long_ranges_are_answered_with_a_first_piece(
    client: FlaskClient, long_video: tuple[str, bytes, int], asked: str, first: int
) -> None:
    path, content, piece = long_video
    tag = fetch(client, path, method="HEAD").headers["ETag"]
    for headers in ({"Range": asked}, {"Range": asked, "If-Range": tag}):
        answer = fetch(client, path, headers=headers)
        assert (answer.status_code, len(answer.data), answer.data) == (206, piece, content[first : first + piece])
        assert answer.headers["Content-Range"] == f"bytes {first}-{first + piece - 1}/{len(content)}"
        assert (answer.headers["Content-Length"], answer.headers["ETag"]) == (str(piece), tag)


def test_the_end_of_a_file_is_at_most_a_piece_too(client: FlaskClient, long_video: tuple[str, bytes, int]) -> None:
    path, content, piece = long_video
    answer = fetch(client, path, headers={"Range": f"bytes=-{piece + 1}"})
    assert (answer.status_code, answer.data == content[-piece:]) == (206, True)


def test_a_player_that_asks_on_where_each_answer_ended_gets_every_byte(
    client: FlaskClient, long_video: tuple[str, bytes, int]
) -> None:
    path, content, _piece = long_video
    got, answers = b"", 0
    while len(got) < len(content):
        got += fetch(client, path, headers={"Range": f"bytes={len(got)}-"}).data
        answers += 1
    assert (got == content, answers) == (True, 3)


@pytest.mark.parametrize("headers", [{}, {"Range": "bytes=0-9,20-29"}, {"Range": "bytes=0-", "If-Range": '"another"'}])
def test_what_is_no_single_range_of_this_version_is_the_whole_file(
    client: FlaskClient, long_video: tuple[str, bytes, int], headers: dict[str, str]
) -> None:
    path, content, _piece = long_video
    answer = fetch(client, path, headers=headers)
    assert (answer.status_code, answer.data == content) == (200, True)


def test_head_tells_the_size_and_sends_nothing(client: FlaskClient, video: str) -> None:
    answer = fetch(client, video, method="HEAD")
    assert (answer.status_code, answer.data, answer.headers["Content-Length"]) == (200, b"", str(len(CONTENT)))


def test_media_of_a_paid_lesson_is_404_for_visitors_and_there_for_students(
    client: FlaskClient, course: str, sign_in: SignIn
) -> None:
    student = client.application.test_client()
    sign_in(student)
    page = student.get("/courses/rivers/part-2").text
    found = re.findall(r'(?:src|href)="(/media/[^"]+)"', page)
    assert len(found) >= 3  # the video, its captions and its chapters
    for address in found:
        assert fetch(client, address).status_code == 404, address
        assert fetch(client, address, method="HEAD").status_code == 404, address
        assert fetch(student, address).status_code == 200, address


@pytest.mark.parametrize(
    "path", ["/media/rivers/part-1/none.webm", "/media/lakes/part-1/x.webm", "/media/rivers/-/..%2fcourse.yaml"]
)
def test_unknown_media_is_404(client: FlaskClient, course: str, path: str) -> None:
    assert client.get(path).status_code == 404
