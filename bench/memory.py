"""How long a cold start takes, and how much memory an idle Studium needs: `python bench/memory.py [--seconds 10]`.

Prints the PSS of every process (each shared page divided by its users, proc(5)) some seconds after /up is 200. Targets: 5 s, 300 MB.
"""

from __future__ import annotations

import argparse
import time

from studium.testing.stack import Stack


def main() -> None:
    """Measure on a temporary data folder and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=10.0, help="idle time before the measurement")
    seconds = arguments.parse_args().seconds
    stack = Stack()
    stack.run("studium", "migrate")
    try:
        print(f"/up is 200 after {stack.start():.1f} s")
        time.sleep(seconds)
        print(*stack.report(), f"{stack.memory_mb():7.1f} MB all together", sep="\n")
    finally:
        stack.stop()


if __name__ == "__main__":
    main()
