"""How a seal looks: blocks of heads, each with a digest over itself and the one before. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import UUID

from msgspec import Struct

DIGEST = 32  # bytes
_BEGIN, _END = "block ", "digest "


class Head(Struct, frozen=True):
    """The last move of a wallet at some moment: its number and its hash."""

    wallet_id: UUID
    seq: int
    hash: bytes


class Block(Struct, frozen=True):
    """The heads of what was posted before `until` and was not sealed yet.

    previous, digest  of the block before, and of this one over it
    size              bytes it takes in its file
    """

    until: datetime
    heads: tuple[Head, ...]
    previous: bytes
    digest: bytes
    size: int


def block(previous: bytes, until: datetime, heads: Sequence[Head]) -> tuple[bytes, bytes]:
    """A block as it is written, and its digest, which the next one begins from.

    shape  lines of ASCII: `block TIME PREVIOUS`, `WALLET SEQ HASH` for each head, `digest SHA-256`
    """
    lines = [f"{_BEGIN}{until.isoformat()} {previous.hex()}"]
    lines += [f"{each.wallet_id.hex} {each.seq} {each.hash.hex()}" for each in heads]
    text = "".join(f"{line}\n" for line in lines).encode()
    digest = hashlib.sha256(text).digest()
    return text + f"{_END}{digest.hex()}\n".encode(), digest


def blocks(lines: Iterable[bytes]) -> Iterator[Block]:
    """The blocks of a file, in their order. One that was cut short at the end is left out.

    errors  ValueError names a line that is none of a seal's, or the block that was changed or is
            missing between two others
    """
    said: list[bytes] = []
    last: bytes | None = None
    for number, raw in enumerate(lines, 1):
        said.append(raw)
        if not said[0].startswith(_BEGIN.encode()[: len(said[0])]):
            raise ValueError(f"line {number}: no block begins here")
        if not raw.endswith(b"\n"):
            return
        if not raw.startswith(_END.encode()):
            continue
        try:
            found = _block(said)
            if last is not None and found.previous != last:
                raise ValueError("the block before it is missing")
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from error
        yield found
        last, said = found.digest, []


def _block(said: Sequence[bytes]) -> Block:
    """A whole block of its lines. Errors: ValueError."""
    first, *heads, end = [raw.decode("ascii").rstrip("\n") for raw in said]
    digest = hashlib.sha256(b"".join(said[:-1])).digest()
    if bytes.fromhex(end.removeprefix(_END)) != digest:
        raise ValueError("the block does not fit its digest")
    if not first.startswith(_BEGIN):
        raise ValueError("no block begins here")
    time, _, previous = first.removeprefix(_BEGIN).partition(" ")
    return Block(
        datetime.fromisoformat(time), tuple(_head(line) for line in heads),
        bytes.fromhex(previous), digest, sum(map(len, said)),
    )  # fmt: skip


def fresh(heads: Iterable[Head], sealed: dict[UUID, int]) -> list[Head]:
    """Those heads that are newer than what was sealed of their wallets, which is noted."""
    found = []
    for head in heads:
        if head.seq > sealed.get(head.wallet_id, 0):
            sealed[head.wallet_id] = head.seq
            found.append(head)
    return found


def _head(line: str) -> Head:
    wallet, seq, digest = line.split(" ")
    return Head(UUID(hex=wallet), int(seq), bytes.fromhex(digest))
