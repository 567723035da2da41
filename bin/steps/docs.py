"""`bin/docs`: writes docs/settings.md and docs/hooks.md from the code; with --check it only says whether they are up to date."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import virtualenv
from environment import Refusal, complain


def main() -> None:
    """Run reference.py in the virtual environment, where the code can be imported."""
    try:
        virtualenv.prepare()
    except Refusal as refusal:
        complain(refusal)
        sys.exit(1)
    sys.exit(subprocess.run([str(virtualenv.PYTHON), str(Path(__file__).with_name("reference.py")), *sys.argv[1:]], check=False).returncode)


if __name__ == "__main__":
    main()
