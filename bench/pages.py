"""How much work the pages that everybody reads are: `python bench/pages.py [--courses 12] [--lessons 50] [--seconds 4] [--rounds 3]`.

Imports courses into a temporary data folder, runs the whole stack, and asks for the catalogue, a course and a lesson: as a visitor, as a
student who has just come, and as one in the middle of the course. Prints JSON, medians of the rounds: answers a second over a few kept
connections, and the milliseconds of processor time that the web processes spend on one answer. With `--without-cache` no fragment is kept.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path

import psutil
from school import Student, plant_students

from studium.core.app import create_app
from studium.core.clock import now
from studium.core.database import db, transaction
from studium.plugins.progress.entities import LessonRow
from studium.services.courses.apply import import_course
from studium.services.courses.catalogue import find_courses
from studium.services.courses.folder import read_course
from studium.services.courses.store import media_store
from studium.testing.stack import Stack

CONNECTIONS = 4
SECONDS_100 = 100_000
PATHS = {"catalogue": "/", "course": "/courses/course-1", "lesson": "/courses/course-1/part-1"}
TEXT = "## Why it matters\n\nA *paragraph* of [some words](https://example.org) that a **reader** takes half a minute for. " * 3 + (
    "\n\n| one | two |\n|---|---|\n| 1 | 2 |\n\n- first\n- second\n- third\n\n```python\nprint('hello')\n```\n\n")
COURSE = ("id: course-{n}\nlanguages: [en, ru]\ntitle: {{en: Course {n}, ru: Курс {n}}}\nsummary: {{en: About it, ru: О нём}}\n"
          "description: |\n")
LESSON = "---\nid: part-{n}\ntitle: {{en: Part {n}, ru: Часть {n}}}\n{more}---\n{text}"
VIDEO = b"\x1a\x45\xdf\xa3" + bytes(range(256)) * 40


def main() -> None:
    """Import, run, ask, print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--courses", type=int, default=12)
    arguments.add_argument("--lessons", type=int, default=50)
    arguments.add_argument("--seconds", type=float, default=4.0, help="of asking for one page, in each round")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--without-cache", action="store_true", help="sets STUDIUM_WEB_FRAGMENTS=false")
    asked = arguments.parse_args()
    stack = Stack(environ={"STUDIUM_WEB_FRAGMENTS": "false"} if asked.without_cache else {})
    stack.run("studium", "migrate")
    import_courses(stack, asked.courses, asked.lessons)
    new, busy = plant_students(stack, 2)
    plant_progress(stack, busy.user_id, asked.lessons // 2)
    readers = {"visitor": "", "new student": cookie_of(new), "student": cookie_of(busy)}
    with stack:
        pages = {f"{page}, {reader}": measure(stack, path, cookie, asked.seconds, asked.rounds)
                 for page, path in PATHS.items() for reader, cookie in readers.items()}
    print(json.dumps({"courses": asked.courses, "lessons": asked.lessons, "fragments": not asked.without_cache, "pages": pages}, indent=1))


def import_courses(stack: Stack, courses: int, lessons: int) -> None:
    """Courses with as many lessons each, in modules of ten: a free video first, then texts and videos in turn."""
    app = create_app(stack.environ, program="cli")
    with app.app_context(), tempfile.TemporaryDirectory() as folder:
        for number in range(1, courses + 1):
            source, report = read_course(write_course(Path(folder) / f"course-{number}", number, lessons))
            if source is None:
                raise SystemExit("\n".join(str(mistake) for mistake in report.mistakes))
            import_course(source, media_store())
    db.disconnect()


def write_course(folder: Path, number: int, lessons: int) -> Path:
    """The folder of one course, as authors write it."""
    folder.mkdir()
    indented = "".join(f"  {line}\n" for line in TEXT.splitlines())
    (folder / "course.yaml").write_text(COURSE.format(n=number) + indented, encoding="utf-8")
    for n in range(1, lessons + 1):
        module = folder / f"{(n - 1) // 10 + 10}-module"
        if not module.exists():
            module.mkdir()
            (module / "_index.md").write_text(f"---\nid: m{(n - 1) // 10}\ntitle: {{en: Module, ru: Модуль}}\n---\n", encoding="utf-8")
        more = "" if n % 2 == 0 else f'video: {{src: part-{n}.webm, duration: "1:40"}}\n' + ("preview: true\n" if n == 1 else "")
        (module / f"{n + 100}-part-{n}.md").write_text(LESSON.format(n=n, more=more, text=TEXT * 4), encoding="utf-8")
        if more:
            (module / f"part-{n}.webm").write_bytes(VIDEO + f"{number}.{n}".encode())
    return folder


def plant_progress(stack: Stack, user_id: int, completed: int) -> None:
    """The person has completed so many lessons of the first course, and begun the next one."""
    app = create_app(stack.environ, program="cli")
    with app.app_context():
        course = next(course for course in find_courses("en") if course.slug == "course-1")
        with transaction():
            for info in course.lessons[: completed + 1]:
                done = info.index < completed
                LessonRow(user_id=user_id, lesson_id=info.id, course_id=course.id, covered=SECONDS_100 if done else 30_000,
                          segments="[[0, 100000]]" if done else "[[0, 30000]]", last_watched_at=now(), completed=done,
                          completed_at=now() if done else None)
    db.disconnect()


def cookie_of(student: Student) -> str:
    """The cookie of a signed-in browser."""
    return f"studium_session={student.token}"


def measure(stack: Stack, path: str, cookie: str, seconds: float, rounds: int) -> dict[str, float]:
    """Medians over the rounds of asking for one page as fast as a few connections can."""
    ask_for(stack, path, cookie, 1.0)
    found = [one_round(stack, path, cookie, seconds) for _round in range(rounds)]
    return {name: round(statistics.median(one[name] for one in found), 2) for name in found[0]}


def one_round(stack: Stack, path: str, cookie: str, seconds: float) -> dict[str, float]:
    """Answers a second, and processor milliseconds of the web processes for one answer."""
    before, began = web_cpu(stack), time.monotonic()
    answers = ask_for(stack, path, cookie, seconds)
    return {"answers_per_second": answers / (time.monotonic() - began), "cpu_ms": 1000 * (web_cpu(stack) - before) / answers}


def ask_for(stack: Stack, path: str, cookie: str, seconds: float) -> int:
    """Ask for the page over all connections at once; how often it was answered."""
    answers = [0] * CONNECTIONS
    end = time.monotonic() + seconds

    def ask(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", stack.port)
        while time.monotonic() < end:
            connection.request("GET", path, headers={"Cookie": cookie} if cookie else {})
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise SystemExit(f"{path} answers {answer.status}.")
            answers[number] += 1
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(answers)


def web_cpu(stack: Stack) -> float:
    """Processor seconds of the web processes so far."""
    return sum(sum(psutil.Process(pid).cpu_times()[:2]) for pid in stack.pids("--name web"))


if __name__ == "__main__":
    main()
