"""Whether a time zone that a setting names is known."""

from __future__ import annotations

from tessera.base.clock import zone
from tessera.rules.core.filling import Filler


def check_zone(filler: Filler, name: str, path: str) -> None:
    """Note a fault of `path`.time_zone where nobody knows that name."""
    if zone(name) is None:
        why = f"there is no time zone {name}"
        filler.fault(f"{path}.time_zone", why, "write an IANA name, like Europe/Rome")
