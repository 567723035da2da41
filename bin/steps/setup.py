"""Makes .venv with what Studium needs to run: `bin/setup`. bin/dev and bin/verify do it by themselves."""

from __future__ import annotations

import sys

import virtualenv
from environment import Refusal, complain


def main() -> None:
    """Install, or do nothing when it is done already."""
    try:
        virtualenv.prepare()
    except Refusal as refusal:
        complain(refusal)
        sys.exit(1)
    print("Studium is installed in .venv")


if __name__ == "__main__":
    main()
