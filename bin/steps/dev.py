"""`bin/dev`: sets up what is missing, runs the whole of Studium in the foreground, and leaves nothing behind when it ends."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time

import virtualenv
from environment import Place, Refusal, complain, read_place, supervisor_command
from filling import fill
from ports import refuse_taken_ports
from processes import Supervised
from readiness import ask, explain
from serve import PRIVATE, refuse_second

SECONDS_TO_START = 30.0
WELCOME = """
Studium is up after {seconds:.1f} s:  {url}

  1. Sign in (top right) as Anna, Борис or Mia; in development nobody needs a password.
  2. Open the course, play a lesson and watch the bar grow; open the page in a second tab to see it move there too.
  3. Have a greeting or a learning report made under "My learning". As Olga, see all jobs: {url}/ops/jobs

Logs: {logs}/    Stop everything: Ctrl-C
"""
PLAIN_WELCOME = "\nStudium is up after {seconds:.1f} s:  {url}\n\nLogs: {logs}/    Stop everything: Ctrl-C\n"


class Stop:
    """How often we were asked to stop, by Ctrl-C, kill or a closing terminal."""

    def __init__(self) -> None:
        self.asked = 0
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._hear)

    def _hear(self, *_arguments: object) -> None:
        self.asked += 1
        if self.asked == 1:
            print("\nStopping (again Ctrl-C: at once) ...", flush=True)


def main() -> None:
    """Exit code 0 after a stop that was asked for, else 1 with a reason."""
    argparse.ArgumentParser(description=__doc__, epilog="Settings are environment variables: docs/settings.md.").parse_args()
    began = time.monotonic()
    try:
        place = read_place(os.environ)
        refuse_second(place)
        refuse_taken_ports(place)
        virtualenv.prepare()
        os.umask(PRIVATE)
        place.make_folders()
        environ = place.variables(os.environ)
        fill(place, environ)
        code = run(place, environ, began)
    except Refusal as refusal:
        complain(refusal)
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def run(place: Place, environ: dict[str, str], began: float) -> int:
    """Run supervisord until we are asked to stop or it ends by itself."""
    stop = Stop()
    supervised = Supervised(supervisor_command("supervisord"), environ)
    try:
        problem = _wait_until_up(place, supervised, stop, began) or _wait_for_end(supervised, stop)
    finally:
        _stop(supervised, stop)
    if problem:
        print(problem, file=sys.stderr)
    return 1 if problem else 0


def _wait_until_up(place: Place, supervised: Supervised, stop: Stop, began: float) -> str | None:
    print("Starting ...", flush=True)
    end = time.monotonic() + SECONDS_TO_START
    wrong = None
    while time.monotonic() < end and not stop.asked and not supervised.ended:
        wrong = ask(place)
        if wrong == {}:
            welcome = PLAIN_WELCOME if os.environ.get("STUDIUM_ENV") == "production" else WELCOME
            print(welcome.format(seconds=time.monotonic() - began, url=place.url, logs=place.log_dir), flush=True)
            return None
        time.sleep(0.1)
    if stop.asked or supervised.ended:
        return None
    return f"\nStudium did not get well within {SECONDS_TO_START:.0f} s. /up says:\n{explain(place, wrong)}"


def _wait_for_end(supervised: Supervised, stop: Stop) -> str | None:
    while not stop.asked:
        if supervised.ended:
            return f"\nsupervisord {supervised.how_it_ended}; everything it ran is stopped. See log/supervisord.log in the data folder."
        time.sleep(0.1)
    return None


def _stop(supervised: Supervised, stop: Stop) -> None:
    supervised.ask_to_stop()
    while not supervised.ended and stop.asked < 2:
        time.sleep(0.05)
    if stop.asked >= 2:
        supervised.kill()
    supervised.sweep()


if __name__ == "__main__":
    main()
