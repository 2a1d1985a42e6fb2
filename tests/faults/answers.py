"""How a repeat's answer is held against the first one."""

from __future__ import annotations

import msgspec

from support.served import Heard


def later(heard: Heard) -> bool:
    """Whether a caller is told to come again: what he began may still be under way."""
    return heard.status in (0, 503) or (
        heard.status == 409 and heard.said["code"] in ("board_busy", "key_in_flight")
    )


def told_once(first: bytes, replay: bytes) -> frozenset[str]:
    """Fields that only the first answer tells: a token, a name. The replay has nothing in them."""
    if first == replay:
        return frozenset()
    said, kept = msgspec.json.decode(first), msgspec.json.decode(replay)
    fields = {name for name in said | kept if said.get(name) != kept.get(name)}
    assert not any(kept.get(name) for name in fields - {"told_before"}), (first, replay)
    return frozenset(fields)


def same(first: bytes, replay: bytes, told: frozenset[str]) -> bool:
    """The very bytes, except in what is told only once."""
    return first == replay or (bool(told) and told_once(first, replay) <= told)
