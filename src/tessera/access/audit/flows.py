"""Entries are written, shown, and proved."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from tessera.access.audit import core, db
from tessera.access.audit.core import Entry, Head, Line, Trail
from tessera.access.sealing import flows as sealing

MOST = 100  # differences told
_encode = msgspec.json.Encoder(order="deterministic").encode


class Report(Struct):
    """How many entries were looked at, and every difference that was found (100 at most)."""

    entries: int
    differences: list[str]


async def note(conn: db.Conn, *entries: Entry) -> None:
    """Write down what was done, in the transaction in which it is done.

    Call it last: the end of the chain is locked until that transaction ends.
    """
    lines = [await _line(conn, entry) for entry in entries]
    for chain in sorted({line.chain for line in lines}):
        head = await db.lock_head(conn, chain)
        added = []
        for line in lines:
            if line.chain == chain:
                placed = replace(line, seq=head.seq + 1)
                placed = replace(placed, hash=core.digest(placed, head.hash))
                head = Head(chain, placed.seq, placed.hash)
                added.append(placed)
        await db.add(conn, added)


async def _line(conn: db.Conn, entry: Entry) -> Line:
    actor, change = entry.actor, entry.change
    values = [None if each is None else _encode(each) for each in (change.before, change.after)]
    if change.person is not None and any(each is not None for each in values):
        values = await sealing.seal_many(conn, change.person, values)
    return Line(
        core.chain_of(entry), 0, entry.at, actor.kind, actor.id, actor.name, actor.role,
        actor.address, entry.operation, entry.outcome, change.kind, str(change.id),
        core.names_of(change), values[0], values[1], change.person, change.reason,
        entry.outcome_id, entry.approval_id,
    )  # fmt: skip


async def values(conn: db.Conn, line: Line) -> tuple[Any, Any, bool]:
    """What an entry says was there before and after; for a person with that person's key.

    shape  (before, after, whether a key that they were sealed with is destroyed by now)
    """
    if line.person is None:
        return _read(line.before), _read(line.after), False
    asked = [(line.person, each) for each in (line.before, line.after) if each is not None]
    opened = await sealing.unseal_many(conn, asked)
    before = None if line.before is None else opened[line.person, line.before]
    after = None if line.after is None else opened[line.person, line.after]
    return _read(before), _read(after), None in opened.values()


def _read(raw: bytes | None) -> Any:
    return None if raw is None else msgspec.json.decode(raw)


async def seal(conn: db.Conn) -> list[Head]:
    """The heads of all chains, to be kept where the database's owner cannot reach them."""
    return await db.heads(conn)


async def prove(conn: db.Conn, sealed: Sequence[Head] = ()) -> Report:
    """Look at every entry, as of one moment, beside open doors.

    conn    in no transaction yet: this begins one that only reads; the caller ends it
    sealed  a seal that was made before: the chains must still lead there
    """
    await db.look(conn)
    report = Report(0, [])
    async with aclosing(_differences(conn, report, sealed)) as found:
        async for difference in found:
            report.differences.append(difference)
            if len(report.differences) == MOST:
                break
    return report


async def _differences(
    conn: db.Conn, report: Report, sealed: Sequence[Head]
) -> AsyncGenerator[str, None]:
    heads = {head.chain: head for head in await db.heads(conn)}
    trails = {chain: Trail(chain) for chain in range(core.CHAINS)}
    async with aclosing(db.every(conn)) as lines:
        async for line in lines:
            report.entries += 1
            trail = trails.get(line.chain)
            fault = f"entry {line.name} is in no chain" if trail is None else trail.fault(line)
            if fault is not None:
                yield fault
    for chain, trail in trails.items():
        fault = trail.end(heads.get(chain))
        if fault is not None:
            yield fault
    for head in sealed:
        fault = core.unlike_seal(head, await db.hash_at(conn, head.chain, head.seq))
        if fault is not None:
            yield fault
