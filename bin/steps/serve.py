"""Becomes supervisord, which runs all programs in the foreground: what `bin/serve` does in production, under systemd."""

from __future__ import annotations

import os
import socket
import sys

from environment import Place, Refusal, complain, read_place, supervisor_command
from ports import refuse_taken_ports

PRIVATE = 0o077  # databases and logs are for the user of the site alone


def main() -> None:
    """Check that nothing runs on this data folder or on its ports yet, then become supervisord."""
    try:
        place = read_place(os.environ)
        refuse_second(place)
        refuse_taken_ports(place)
        os.umask(PRIVATE)
        place.make_folders()
        command = supervisor_command("supervisord")
    except Refusal as refusal:
        complain(refusal)
        sys.exit(1)
    os.execve(command[0], command, place.variables(os.environ))  # noqa: S606  the command is ours


def refuse_second(place: Place) -> None:
    """Raise Refusal when a supervisord already answers for this data folder."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(place.supervisor_socket))
        except OSError:
            return
    pid = place.pid_file.read_text().strip() if place.pid_file.exists() else "unknown"
    raise Refusal(f"Studium already runs on the data folder {place.data_dir} (process {pid}). "
                  f"Stop that one first (Ctrl-C, or: kill {pid}), or choose another folder: STUDIUM_DATA_DIR=/some/folder")


if __name__ == "__main__":
    main()
