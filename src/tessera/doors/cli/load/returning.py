"""The second half of a load: goods that came back find their sales, and are posted.

Some hundred members at a time: read what they bought, decide, write the plan down, post it. A load
that dies in between finds the plan and posts the rest of it before it decides anything else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.doors.cli.load import db as books
from tessera.doors.cli.load.db import Posted
from tessera.doors.cli.load.matching import Matched, Unmatched, match
from tessera.doors.cli.load.posting import Booked
from tessera.doors.cli.load.reading import Back, Fault
from tessera.warehouse.core import Return
from tessera.warehouse.loads import db

if TYPE_CHECKING:
    from tessera.doors.cli.load.run import Conn, Work

MEMBERS = 400  # looked up and posted together


class Sorted(Struct):
    """Returns of some members, decided: planned, not possible, or in the books before."""

    matched: list[Matched] = msgspec.field(default_factory=list)
    unmatched: list[Unmatched] = msgspec.field(default_factory=list)
    known: list[Back] = msgspec.field(default_factory=list)


async def post_returns(work: Work) -> None:
    """All returns that wait, until none does."""
    async with work.connect() as conn:
        left = await db.waiting(conn, work.load)
    work.progress.phase("returns", left)
    await _post_planned(work)
    while await _plan_some(work):
        await _post_planned(work)


async def _plan_some(work: Work) -> bool:
    """Decide about the next members; False if nobody's returns wait any more."""
    async with work.connect() as conn:
        members = await db.waiting_members(conn, work.load, MEMBERS)
        if not members:
            return False
        records = await db.waiting_of(conn, work.load, members)
        backs = [msgspec.json.decode(record, type=Back) for record in records]
        decided = await _decide(conn, backs)
    plans = [(m.back.key, msgspec.json.encode(m.returns).decode()) for m in decided.matched]
    gone = [u.back.key for u in decided.unmatched] + [back.key for back in decided.known]
    async with work.connect() as conn, conn.transaction():
        for unmatched in decided.unmatched:
            _put_aside(work, unmatched.back, unmatched.faults)
        for back in decided.known:
            work.tally.already_known += 1
            work.posted(back.key)
        await db.plan(conn, work.load, plans)
        await db.done_waiting(conn, work.load, gone)
        await work.write(conn)
        await work.keep(conn)
    work.progress.advance(len(gone))
    return True


async def _decide(conn: Conn, backs: list[Back]) -> Sorted:
    """Match the returns of these members, each member with what the books say about him."""
    skus = {line.sku for back in backs for line in back.lines}
    who = list({back.member: None for back in backs if back.member is not None})
    sold = await books.of_members(conn, who, skus)
    decided = Sorted()
    for member in who:
        own = [back for back in backs if back.member == member]
        _sort(decided, own, sold.get(member, Posted()), False)
    nobodys = [back for back in backs if back.member is None]
    if nobodys:
        stores = sorted({back.store for back in nobodys})
        wanted = {line.sku for back in nobodys for line in back.lines}
        _sort(decided, nobodys, await books.of_nobody(conn, stores, wanted), True)
    return decided


def _sort(decided: Sorted, backs: list[Back], posted: Posted, exact: bool) -> None:
    """A return that is in the books is known, whatever its sales were; the others are matched."""
    there = {
        (key.store, key.till, key.business_date, number)
        for key in posted.returned
        for number in (key.number, key.number.rpartition("/")[0])
    }
    fresh: list[Back] = []
    for back in backs:
        known = (back.store, back.till, back.business_date, back.number) in there
        (decided.known if known else fresh).append(back)
    for result in match(fresh, posted.offers, exact):
        if isinstance(result, Matched):
            decided.matched.append(result)
        else:
            decided.unmatched.append(result)


async def _post_planned(work: Work) -> None:
    """Post what is planned, the returns of one member in order, and let it wait no longer."""
    async with work.connect() as conn:
        rows = await db.planned(conn, work.load)
    if not rows:
        return
    planned = [
        Matched(msgspec.json.decode(record, type=Back),
                msgspec.json.decode(plan, type=tuple[Return, ...]))
        for record, plan in rows
    ]  # fmt: skip
    by_member: dict[Any, list[Matched]] = {}
    for matched in planned:
        by_member.setdefault(matched.back.member or matched.back.key, []).append(matched)
    await _together([_post_member(work, some) for some in by_member.values()])
    async with work.connect() as conn, conn.transaction():
        await db.done_waiting(conn, work.load, [matched.back.key for matched in planned])
        await work.write(conn)
        await work.keep(conn)


async def _together(all_: list[Any]) -> None:
    """Run all of them; the first that fails ends the others."""
    tasks = [asyncio.ensure_future(one) for one in all_]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _post_member(work: Work, some: list[Matched]) -> None:
    for matched in sorted(some, key=lambda m: (m.back.happened_at, m.back.number)):
        replies = await work.post.all(matched.returns)
        refusals = [reply for reply in replies if isinstance(reply, Refusal)]
        if refusals:
            _put_aside(work, matched.back, _half_posted(matched, replies))
        else:
            known = all(isinstance(reply, Booked) and reply.known for reply in replies)
            work.tally.already_known += known
            work.tally.posted_returns += not known
            work.posted(matched.back.key)
        work.progress.advance(1)


def _half_posted(matched: Matched, replies: list[Booked | Refusal]) -> list[Fault]:
    """Why a planned return was refused; which parts of it are in the books all the same."""
    row = matched.back.lines[0].row
    faults = []
    done = []
    for part, reply in zip(matched.returns, replies, strict=True):
        if isinstance(reply, Refusal):
            why = f"{part.number} from sale {part.sale.number}: {reply.why}; {reply.cure}"
            faults.append(Fault(row, reply.code, reply.field, why))
        else:
            done.append(part.number)
    if done:
        faults.append(Fault(row, "posted_in_part", "", f"posted already: {', '.join(done)}"))
    return faults


def _put_aside(work: Work, back: Back, faults: Sequence[Fault]) -> None:
    # What a release before this one left waiting does not say how it was read.
    record = back.said or msgspec.to_builtins(back)
    work.put_aside(back.key, faults, record, back.member)
