"""Whether an account's moves are those that were posted. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from tessera.ledger.core import Move, chain

_SEARCHED = 300  # moves of an account; above, a wrong place is told as a change


def first_fault(account_id: UUID, moves: Sequence[Move]) -> str | None:
    """The first of an account's moves (all of them, by seq) that is not as it was posted.

    shape  a sentence, or None if every hash is that of its move and the one before
    """
    head = b""
    for place, move in enumerate(moves, 1):
        if move.seq > place:
            return f"account {account_id}: move {place} is missing, the next is {move.seq}"
        if move.seq < place:
            return f"account {account_id}: move {move.seq} is there twice or out of order"
        if chain(head, account_id, move) != move.hash:
            return f"account {account_id}: move {place} {_what(account_id, moves, move)}"
        head = move.hash
    return None


def _what(account_id: UUID, moves: Sequence[Move], move: Move) -> str:
    """What became of a move whose hash does not fit."""
    told = f"({move.points} points from {move.source} to {move.target})"
    was = _posted_as(account_id, moves, move)
    if was is not None:
        return f"{told} stands in a wrong place: it was posted as move {was}"
    return f"{told} was changed or forged, or one before it was taken away: its hash does not fit"


def _posted_as(account_id: UUID, moves: Sequence[Move], move: Move) -> int | None:
    """The place for which the hash of a displaced move was made."""
    if len(moves) > _SEARCHED:
        return None
    heads = [b"", *(other.hash for other in moves)]
    for seq in range(1, len(moves) + 2):
        if seq == move.seq:
            continue
        there = msgspec.structs.replace(move, seq=seq)
        if any(chain(head, account_id, there) == move.hash for head in heads):
            return seq
    return None
