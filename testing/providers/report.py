"""The result of the kit as JSON, for a badge, a dashboard, or a robot that compares two versions."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from studium.testing.providers.rig import ProviderRig
from studium.testing.providers.verdict import Verdict


def report(rig: type[ProviderRig], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """What was run, how it went in numbers, and each verdict."""
    counted = Counter(found.outcome for found in verdicts)
    todo = sum(bool(found.todo) for found in verdicts)  # methods that are not written yet break no rule, and keep none
    return {
        "provider": rig.provider.meta.code,
        "rig": f"{rig.__module__}:{rig.__qualname__}",
        "capabilities": sorted(rig.provider.meta.capabilities),
        "studium": _version(),
        "passed": counted["broken"] == 0 and counted["kept"] > 0,
        "kept": counted["kept"],
        "broken": counted["broken"] - todo,
        "to_do": todo,
        "not_applicable": counted["not applicable"],
        "rules": [found.plain() for found in verdicts],
    }


def write_report(path: Path, rig: type[ProviderRig], verdicts: Sequence[Verdict]) -> None:
    """Write it to a file, for people to read too."""
    path.write_text(json.dumps(report(rig, verdicts), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def summary(rig: type[ProviderRig], verdicts: Sequence[Verdict]) -> str:
    """One line."""
    told = report(rig, verdicts)
    todo = f"{told['to_do']} to do, " if told["to_do"] else ""
    return (f"{told['provider']}: {told['kept']} rules kept, {told['broken']} broken, {todo}{told['not_applicable']} not applicable "
            f"({len(verdicts)} in all)")


def _version() -> str:
    try:
        return version("studium")
    except PackageNotFoundError:
        return "unknown"
