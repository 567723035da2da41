"""The house tests look at the repository itself; they also import the scripts behind bin/."""

from __future__ import annotations

import sys
from pathlib import Path

STEPS = str(Path(__file__).parents[2] / "bin" / "steps")
if STEPS not in sys.path:
    sys.path.append(STEPS)
