"""Codes that a phone shows for a minute: 64 digits, made and read. Pure."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal

# 2 of its kind, 39 of the member, 5 of the second, 18 of the mark: any scanner types digits, and
# a QR code of so many is still small.
SIZE, _MEMBER, _SECOND, _MARK = 64, 39, 5, 18
_LEAD = {"code": "97", "handle": "98"}
_ROUND = 10**_SECOND  # seconds, over a day: after them the same digits stand for another second
LIFE_S, GRACE_S = 60, 15
SKEW_S = 15  # between the clocks of two machines that serve
HANDLE_S = 4 * 3600
EARNS_S = 24 * 3600
Mark = Callable[..., bytes]


class Shown(Struct, frozen=True):
    """Whose code it is. `fresh`: the phone is there now, or was when the handle was given."""

    member_id: UUID
    fresh: bool


def is_code(text: str) -> bool:
    """Whether this can only be a code: no card is so long."""
    return len(text) == SIZE and text[:2] in _LEAD.values() and text.isascii() and text.isdecimal()


def code(member_id: UUID, at: datetime, mark: Mark, key_id: UUID | None = None) -> str:
    """What a phone shows at that second; with `key_id`, the handle of that key.

    mark  as `Installation.mark` makes it
    """
    second = int(at.timestamp())
    kind: Literal["code", "handle"] = "code" if key_id is None else "handle"
    said = f"{_LEAD[kind]}{member_id.int:0{_MEMBER}}{second % _ROUND:0{_SECOND}}"
    return said + _marked(said, second, mark, key_id)


def read(text: str, at: datetime, mark: Mark, key_id: UUID | None) -> Shown | Refusal:
    """Whose it is, judged at an instant, for a caller with this key.

    errors  code_unknown: not of this installation, not for this key, changed, or over a day old
    """
    assert is_code(text), "asked before"
    handle = text.startswith(_LEAD["handle"])
    now = int(at.astimezone(UTC).timestamp())
    said, tail = text[:-_MARK], int(text[2 + _MEMBER : 2 + _MEMBER + _SECOND])
    second = now + SKEW_S - (now + SKEW_S - tail) % _ROUND
    age_s, number = now - second, int(text[2 : 2 + _MEMBER])
    mine = _marked(said, second, mark, key_id if handle else None)
    true = hmac.compare_digest(mine, text[-_MARK:])
    if not true or number >= 2**128 or age_s > (HANDLE_S if handle else EARNS_S):
        return Refusal(
            "code_unknown", "card", "this is no code of ours, or one of long ago",
            "ask the member to show the card again, and scan that",
        )  # fmt: skip
    return Shown(UUID(int=number), handle or age_s <= LIFE_S + GRACE_S)


def expired() -> Refusal:
    """A code whose minute is over, where somebody is to be recognised by it."""
    return Refusal(
        "code_expired", "card", "this code is over a minute old",
        "the phone shows a new one by itself: scan that",
    )  # fmt: skip


def needed() -> Refusal:
    """Points are to be spent by a card's number alone."""
    return Refusal(
        "code_needed", "card", "points are spent here with the code that the member's phone shows",
        "ask the member to open the card in the cabinet and scan that, or confirm without points",
    )  # fmt: skip


def _marked(said: str, second: int, mark: Mark, key_id: UUID | None) -> str:
    raw = mark("shown code", said, str(second), "" if key_id is None else key_id.hex)
    return f"{int.from_bytes(raw[:16], 'big') % 10**_MARK:0{_MARK}}"
