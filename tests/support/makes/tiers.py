"""Calls about tiers."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from support.things import Make, plain

SILVER = {"ladder": "status", "level": "silver", "until": "2098-12-31", "reason": "status match"}


def of(body: Any = None) -> Make:
    """About a member; nobody has an id that nobody gave."""
    return lambda things, whose: (
        {"member_id": str(uuid4()) if whose == "random" else things.member()}, body
    )  # fmt: skip


MAKES: dict[str, Make] = {
    "tier.read": of(),
    "tier.history": of(),
    "tier.set": of(SILVER),
    "tier.use": of({"ladder": "status", "privilege": "help"}),
    "tier.ladders": plain(),
    "tier.near": lambda things, whose: (
        {"ladder": "nobodys" if whose == "random" else "status"},
        None,
    ),
    "me.tiers": plain(),
}
ANYBODYS = {"tier.ladders", "me.tiers"}
