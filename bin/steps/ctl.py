"""Becomes supervisorctl for the Studium of this data folder: `bin/ctl status`, `bin/ctl restart cable`, `bin/ctl tail web:web_0`."""

from __future__ import annotations

import os
import sys

from environment import Refusal, complain, read_place, supervisor_command


def main() -> None:
    """Pass all arguments on."""
    try:
        place = read_place(os.environ)
        command = [*supervisor_command("supervisorctl"), *sys.argv[1:]]
    except Refusal as refusal:
        complain(refusal)
        sys.exit(1)
    os.execve(command[0], command, place.variables(os.environ))  # noqa: S606  the command is ours


if __name__ == "__main__":
    main()
