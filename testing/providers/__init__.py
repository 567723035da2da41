"""The conformance kit for payment providers: `pytest --provider-rig mypkg.tests.rig:Rig`. docs/provider-conformance.md has every rule."""

from __future__ import annotations

from studium.testing.providers.rig import FAULTS, SIGNATURE, SOURCE, TIMESTAMP, Delivery, Fault, Inapplicable, ProviderRig, Site
from studium.testing.providers.verdict import Broken, Verdict

__all__ = ["FAULTS", "SIGNATURE", "SOURCE", "TIMESTAMP", "Broken", "Delivery", "Fault", "Inapplicable", "ProviderRig", "Site", "Verdict"]
