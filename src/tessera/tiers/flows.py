"""What happens to standings besides purchases and reviews: they are set, used, joined, parted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.ledger.core import MAIN
from tessera.ledger.giving import flows as giving
from tessera.ledger.joining import db as joining_db
from tessera.rules.core.tiers import Ladder
from tessera.tiers import core, db
from tessera.tiers.core import Change, Standing

LONGEST = 100  # years, of a level that is set by hand


class Asking(NamedTuple):
    """Who asks, for which account and member, under which id, when, on which day."""

    id: UUID
    principal: UUID
    account: UUID
    member: UUID
    now: datetime
    today: date


class Setting(NamedTuple):
    """A level that is set by hand: up to the review on `until`, and why."""

    level: str
    until: date
    reason: str


async def match(
    conn: db.Conn, asking: Asking, code: str, ladder: Ladder | None, to: Setting
) -> tuple[Standing | None, Standing] | Refusal:
    """Set a level for a term: a competitor's status is matched, a mistake is put right.

    shape   (the standing before, the standing now)
    errors  ladder_unknown, level_unknown, term_past, term_long
    """
    if ladder is None:
        return unknown_ladder(code)
    if to.level not in [each.code for each in ladder.levels]:
        return unknown_level(code, ladder, to.level)
    refusal = term_fault(to.until, asking.today)
    if refusal is not None:
        return refusal
    await giving.locked(conn, [(asking.account, MAIN)])
    was = (await db.standings(conn, [asking.account], lock=True)).get(asking.account, {}).get(code)
    rank = ladder.rank(to.level)
    until = to.until if rank > ladder.ground else None
    now = Standing(to.level, asking.today, until, asking.today, rank)
    await db.save(conn, {(asking.account, code): now}, settles=True)
    source = was.level if was is not None else ladder.code(ladder.ground)
    change = Change(
        asking.account, code, source, to.level, asking.today, "matched", was,
        outcome_id=asking.id, principal_id=asking.principal, reason=to.reason,
    )  # fmt: skip
    await db.add_changes(conn, [change], asking.now)
    return was, now


async def carry(
    conn: db.Conn, asking: Asking, code: str, ladder: Ladder | None, to: Standing,
    *, tried: bool = False,
) -> Literal["carried", "stands"] | Refusal:  # fmt: skip
    """A level of another program, with its dates. What the member reached here already stands.

    tried   only tell what would become of it
    shape   "stands": nothing was changed; so it is the second time
    errors  ladder_unknown, level_unknown, term_past, term_long
    """
    if ladder is None:
        return unknown_ladder(code)
    if to.level not in [each.code for each in ladder.levels]:
        return unknown_level(code, ladder, to.level)
    refusal = None if to.until is None else term_fault(to.until, asking.today)
    if refusal is not None:
        return refusal
    if not tried:
        await giving.locked(conn, [(asking.account, MAIN)])
    found = await db.standings(conn, [asking.account], lock=not tried)
    was = found.get(asking.account, {}).get(code)
    rank = ladder.rank(to.level)
    if rank <= core.rank_of(ladder, was):
        return "stands"
    if tried:
        return "carried"
    until = to.until or ladder.reviewed_on(asking.today)
    now = Standing(to.level, to.since or asking.today, until, asking.today, rank)
    await db.save(conn, {(asking.account, code): now}, settles=True)
    source = was.level if was is not None else ladder.code(ladder.ground)
    change = Change(
        asking.account, code, source, to.level, now.since or asking.today, "carried", was,
        outcome_id=asking.id,
    )  # fmt: skip
    await db.add_changes(conn, [change], asking.now)
    return "carried"


async def use(
    conn: db.Conn, asking: Asking, code: str, ladder: Ladder | None, privilege: str, store: str
) -> int | Refusal:  # fmt: skip
    """A privilege is used once more: how often in this term. What is due was reviewed before.

    errors  ladder_unknown, privilege_not_held, privilege_over, privilege_used_up
    """
    if ladder is None:
        return unknown_ladder(code)
    await giving.locked(conn, [(asking.account, MAIN)])
    standing = (await db.standings(conn, [asking.account])).get(asking.account, {}).get(code)
    rank = core.rank_of(ladder, standing)
    held = ladder.levels[rank].benefits if rank >= 0 else ()
    found = next((each for each in held if each.code == privilege), None)
    if found is None:
        return Refusal(
            "privilege_not_held", "privilege", f"the member's level does not bring {privilege}",
            "look at what it brings",
        )  # fmt: skip
    stands = standing or Standing(ladder.code(rank))
    last = core.open_days(found, stands)
    if last is not None and asking.today > last:
        return Refusal(
            "privilege_over", "privilege", f"{privilege} could be used until {last}",
            "it is there again after the next review",
        )  # fmt: skip
    one = await joining_db.with_below(conn, asking.account)
    days = (await db.uses(conn, one)).get((code, privilege), [])
    used = sum(times for day, times in days if day >= core.term_of(stands))
    if found.uses is not None and used >= found.uses:
        return Refusal(
            "privilege_used_up", "privilege", f"{privilege} was used {used} times in this term",
            "it is there again after the next review",
        )  # fmt: skip
    await db.add_use(conn, db.Use(
        asking.id, asking.account, asking.member, code, ladder.code(rank), privilege,
        asking.today, store, asking.principal, asking.now,
    ))  # fmt: skip
    return used + 1


async def join(
    conn: db.Conn, account: UUID, into: UUID, joining: UUID, today: date, now: datetime
) -> None:
    """Two accounts are one: the higher standing of both holds, the other's sleeps. Both locked.

    Climbs come along: a return that undid one undoes it here too.
    """
    found = await db.standings(conn, [account, into])
    climbs, theirs = await db.climbs(conn, [account]), found.get(into, {})
    better = {
        code: each for code, each in found.get(account, {}).items()
        if core.is_higher(each, theirs.get(code))
    }  # fmt: skip
    await db.sleep(conn, account, asleep=True)
    if not better:
        return
    await db.save(conn, {(into, code): each for code, each in better.items()})
    steps = [
        (code, step)
        for code, mine in better.items()
        for step in core.brought(mine, climbs.get((account, code), ()), theirs.get(code))
    ]
    changes = [
        Change(
            into, code, was.level if was is not None else "", to.level, today, "joined",
            was, outcome_id=joining, climbed=climbed,
        )
        for code, (was, to, climbed) in steps
    ]  # fmt: skip
    await db.add_changes(conn, changes, now)


async def part(
    conn: db.Conn, account: UUID, of: UUID, joining: UUID, today: date, now: datetime
) -> None:
    """They are two again, each with its own standing, as far as it did not move meanwhile.

    What each one's own days carry is looked at next: `checkout.levels.flows.look_again`.
    """
    await db.sleep(conn, account, asleep=False)
    here = (await db.standings(conn, [of])).get(of, {})
    back: dict[db.Key, Standing] = {}
    changes: list[Change] = []
    for code, joined in (await db.joined_by(conn, of, joining)).items():
        stands = here[code]
        to = joined.was if stands.level == joined.target else stands
        back[of, code] = to
        changes.append(
            Change(
                of, code, stands.level, to.level, today, "parted", stands, outcome_id=joining
            )
        )  # fmt: skip
    if back:
        await db.save(conn, back)
        await db.add_changes(conn, changes, now)


def unknown_level(code: str, ladder: Ladder, level: str) -> Refusal:
    """The ladder has no such level."""
    return Refusal(
        "level_unknown", "level", f"{code} has no level {level}",
        f"send one of {', '.join(each.code for each in ladder.levels)}"[:500],
    )  # fmt: skip


def term_fault(until: date, today: date) -> Refusal | None:
    """A term that is over already, or as good as endless. Errors: term_past, term_long"""
    if until <= today:
        return Refusal(
            "term_past", "until", f"{until} is not after {today}",
            "name a day that is still to come",
        )  # fmt: skip
    last = today.replace(year=today.year + LONGEST, day=min(today.day, 28))
    if until <= last:
        return None
    return Refusal(
        "term_long", "until", f"{until} is more than {LONGEST} years away",
        f"name a day up to {last}",
    )  # fmt: skip


def unknown_ladder(code: str) -> Refusal:
    """There is none of that name."""
    return Refusal(
        "ladder_unknown", "ladder", f"the program has no ladder {code}",
        "declare it under `tiers`, or name another one",
    )  # fmt: skip
