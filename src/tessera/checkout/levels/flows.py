"""Where members stand, what brings them further, and the reviews that look at them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.checkout.levels import db
from tessera.checkout.levels.db import Wanted
from tessera.ledger.core import MAIN
from tessera.ledger.giving import flows as giving
from tessera.ledger.joining import db as joining_db
from tessera.rules.core.tiers import Ladder, Span, rank_key
from tessera.tiers import core
from tessera.tiers import db as tiers_db
from tessera.tiers import flows as tiers
from tessera.tiers.core import Change, Climb, Standing, Undone
from tessera.tiers.flows import Asking

PAGE = 10_000
Ladders = Mapping[str, Ladder]
Decided = list[tuple[UUID, Standing, Standing]]  # an account, its standing before, after


class Reviewed(NamedTuple):
    """How many reviews let a level stay, and how many did not."""

    kept: int
    sunk: int


class Progress(NamedTuple):
    """Where a member stands on a ladder, and what comes next.

    amount    counted so far in the window that is running
    ahead     the level that its next review would come to if nothing more is bought
    uses      {privilege: how often it was used in this term}
    """

    code: str
    ladder: Ladder
    standing: Standing | None
    rank: int
    amount: int
    ahead: int
    uses: dict[str, int]


async def decide(
    conn: db.Conn, ladder: Ladder, due: Sequence[tuple[UUID, Standing]], today: date
) -> list[list[tuple[UUID, Standing, Standing]]]:
    """What the reviews of these standings come to, term by term until the one that is running.

    why  a review that comes late looks at each term that was missed
    """
    rounds: list[Decided] = []
    waiting = list(due)
    while waiting:
        asked, owners = [], []
        reviews = {each.until for _, each in waiting if each.until is not None}
        spans = {review: ladder.judged(review) for review in reviews}  # most are on one day
        for at, (account, standing) in enumerate(waiting):
            assert standing.until is not None, "it is due"
            for span in spans[standing.until]:
                asked.append(Wanted(account, ladder, span))
                owners.append(at)
        most = [0] * len(waiting)
        for at, amount in zip(owners, await db.amounts(conn, asked), strict=True):
            most[at] = max(most[at], amount)
        done = [
            (account, was, core.reviewed(ladder, was, amount))
            for (account, was), amount in zip(waiting, most, strict=True)
        ]
        rounds.append(done)
        waiting = [
            (account, now)
            for account, _, now in done
            if (day := core.due_on(ladder, now)) is not None and day <= today
        ]
    return rounds


def changes_of(code: str, ladder: Ladder, rounds: Sequence[Decided]) -> list[Change]:
    """The changes that reviews have made; who stays has none."""
    found = []
    for done in rounds:
        for account, was, now in done:
            day = core.due_on(ladder, was)
            if was.level != now.level and day is not None:
                found.append(Change(account, code, was.level, now.level, day, "reviewed", was))
    return found


async def review_page(
    conn: db.Conn, code: str, ladder: Ladder, today: date, now: datetime, most: int = PAGE
) -> Reviewed | None:
    """Review a page of what is due by a day; None: nothing is. The caller commits."""
    upto = today - timedelta(days=ladder.grace_days)
    due = await tiers_db.lock_due(conn, code, upto, most)
    if not due:
        return None
    rounds = await decide(conn, ladder, due, today)
    last = {account: after for done in rounds for account, _, after in done}
    await tiers_db.settle(conn, code, list(last.items()))
    changes = changes_of(code, ladder, rounds)
    if changes:
        await tiers_db.add_changes(conn, changes, now)
    sunk = len({each.account_id for each in changes})
    return Reviewed(len(last) - sunk, sunk)


async def foresee(
    conn: db.Conn, code: str, ladder: Ladder, today: date, most: int = PAGE
) -> Reviewed:
    """What a run would come to, written nowhere."""
    upto, after, kept, sunk = today - timedelta(days=ladder.grace_days), UUID(int=0), 0, 0
    while due := await tiers_db.peek_due(conn, code, upto, after, most):
        rounds = await decide(conn, ladder, due, today)
        less = len({each.account_id for each in changes_of(code, ladder, rounds)})
        kept, sunk, after = kept + len(due) - less, sunk + less, due[-1][0]
    return Reviewed(kept, sunk)


async def stand(
    conn: db.Conn, ladders: Ladders, accounts: Sequence[UUID], today: date, now: datetime
) -> tiers_db.Standings:
    """Where locked accounts stand; what of theirs is due is reviewed first."""
    found = await tiers_db.standings(conn, accounts)
    late = [
        account
        for account, mine in found.items()
        if any(_is_due(ladders.get(code), each, today) for code, each in mine.items())
    ]
    if not late:
        return found
    locked = await tiers_db.standings(conn, late, lock=True)
    changes: list[Change] = []
    settled: dict[tiers_db.Key, Standing] = {}
    for code, ladder in ladders.items():
        due = [
            (account, mine[code])
            for account, mine in locked.items()
            if code in mine and _is_due(ladder, mine[code], today)
        ]
        rounds = await decide(conn, ladder, due, today)
        changes += changes_of(code, ladder, rounds)
        settled |= {(account, code): after for done in rounds for account, _, after in done}
    if settled:
        await tiers_db.save(conn, settled, settles=True)
    if changes:
        await tiers_db.add_changes(conn, changes, now)
    return await tiers_db.standings(conn, accounts)


async def as_of(
    conn: db.Conn, ladders: Ladders, account: UUID, today: date
) -> dict[str, Standing]:  # fmt: skip
    """Where an account stands, as after the reviews that are due; nothing is locked or written."""
    mine = (await tiers_db.standings(conn, [account])).get(account, {})
    for code, ladder in ladders.items():
        if code in mine and _is_due(ladder, mine[code], today):
            mine[code] = (await decide(conn, ladder, [(account, mine[code])], today))[-1][0][2]
    return mine


def spans_of(ladder: Ladder, climb: Climb, today: date) -> tuple[Span, ...]:
    """The days by which a climb may be carried: its own window, or that of today."""
    return ladder.counted(climb.day, today), ladder.counted(today, today)


def returned(account: UUID, code: str, one: Undone, today: date) -> Change:
    """The row of a climb that is taken back."""
    return Change(
        account, code, one.before.level, one.after.level, today, "returned", one.before,
        one.climb.id if one.whole else None,
    )  # fmt: skip


async def look_again(
    conn: db.Conn, ladders: Ladders, accounts: Sequence[UUID], today: date, now: datetime
) -> None:
    """Accounts that were parted stand where their own days carry them, down and up. Both locked.

    why  what came back, and what was bought, while they were one is each one's own again
    """
    stands = await stand(conn, ladders, accounts, today, now)
    climbs = await tiers_db.climbs(conn, accounts)
    asked = {
        (account, code, span): Wanted(account, ladder, span)
        for account in accounts
        for code, ladder in ladders.items()
        for span in (
            ladder.counted(today, today),
            *(s for c in climbs.get((account, code), ()) for s in spans_of(ladder, c, today)),
        )
    }
    amounts = dict(zip(asked, await db.amounts(conn, list(asked.values())), strict=True))
    saved: dict[tiers_db.Key, Standing] = {}
    changes: list[Change] = []
    for account in accounts:
        for code, ladder in ladders.items():
            mine = partial(_left, amounts, account, code, ladder, today)
            was = stands.get(account, {}).get(code)
            rows = climbs.get((account, code), ())
            for each in core.undone(ladder, was, rows, mine) if was is not None else ():
                changes.append(returned(account, code, each, today))
                saved[account, code] = was = each.after
            amount = amounts[account, code, ladder.counted(today, today)]
            up = core.climb(ladder, was, amount, (today, today), lambda _: False)
            if up is not None:
                source = was.level if was is not None else ladder.code(ladder.ground)
                changes.append(Change(account, code, source, up.level, today, "moved", was))
                saved[account, code] = up
    if saved:
        await tiers_db.save(conn, saved)
        await tiers_db.add_changes(conn, changes, now)


def _left(
    amounts: Mapping[tuple[UUID, str, Span], int], account: UUID, code: str, ladder: Ladder,
    today: date, climb: Climb,
) -> list[int]:  # fmt: skip
    return [amounts[account, code, span] for span in spans_of(ladder, climb, today)]


async def use(
    conn: db.Conn, asking: Asking, code: str, ladder: Ladder | None, privilege: str, store: str
) -> int | Refusal:  # fmt: skip
    """A privilege is used, on the level that is held once what is due was reviewed.

    errors  as of `tiers.flows.use`
    """
    if ladder is not None:
        await giving.locked(conn, [(asking.account, MAIN)])
        await stand(conn, {code: ladder}, [asking.account], asking.today, asking.now)
    return await tiers.use(conn, asking, code, ladder, privilege, store)


def _is_due(ladder: Ladder | None, standing: Standing, today: date) -> bool:
    day = None if ladder is None else core.due_on(ladder, standing)
    return day is not None and day <= today


async def known(
    conn: db.Conn, ladders: Ladders, account: UUID, on: date | None, today: date
) -> dict[str, int]:  # fmt: skip
    """The facts of a member's levels on a day, where nothing is locked or written.

    on  None: now, also where the shop's day is one that has not begun for the program
    """
    if not ladders:
        return {}
    mine = await as_of(conn, ladders, account, today)
    if on is None:
        return facts_of(ladders, {code: _level(mine.get(code)) for code in ladders})
    levels = await levels_on(conn, [(account, code, on, mine.get(code)) for code in ladders])
    return facts_of(ladders, dict(zip(ladders, levels, strict=True)))


def facts_of(ladders: Ladders, levels: Mapping[str, str | None]) -> dict[str, int]:
    """{name of a fact: number of the level}; who stands nowhere has none."""
    found = {}
    for code, ladder in ladders.items():
        level = levels[code]
        rank = ladder.ground if level is None else ladder.rank(level)
        if rank >= 0:
            found[rank_key(code)] = rank
    return found


def _level(standing: Standing | None) -> str | None:
    return None if standing is None else standing.level


async def levels_on(
    conn: db.Conn, asked: Sequence[tuple[UUID, str, date, Standing | None]]
) -> list[str | None]:
    """The level of each on its day; None is the ground. Most days are after the last change."""
    found = [_level(each[3]) for each in asked]
    old = [
        n for n, (_, _, on, standing) in enumerate(asked)
        if standing is not None and standing.since is not None and on < standing.since
    ]  # fmt: skip
    if old:
        before = await tiers_db.levels_on(conn, [asked[n][:3] for n in old])
        for n, level in zip(old, before, strict=True):
            found[n] = found[n] if level is None else level
    return found


async def progress(
    conn: db.Conn, ladders: Ladders, account: UUID, today: date
) -> list[Progress]:  # fmt: skip
    """Where a member stands on each ladder, what counts so far, what a review would bring."""
    mine = await as_of(conn, ladders, account, today)
    asked = [Wanted(account, each, each.counted(today, today)) for each in ladders.values()]
    amounts = await db.amounts(conn, asked)
    used = await tiers_db.uses(conn, await joining_db.with_below(conn, account))
    found = []
    for (code, ladder), amount in zip(ladders.items(), amounts, strict=True):
        standing = mine.get(code)
        rank = ahead = core.rank_of(ladder, standing)
        uses: dict[str, int] = {}
        if standing is not None:
            since = core.term_of(standing)
            uses = {
                privilege: sum(times for day, times in days if day >= since)
                for (of, privilege), days in used.items() if of == code
            }  # fmt: skip
        if standing is not None and standing.until is not None:
            spans = ladder.judged(standing.until)
            most = core.best(await db.amounts(conn, [Wanted(account, ladder, s) for s in spans]))
            ahead = core.rank_of(ladder, core.reviewed(ladder, standing, most))
        found.append(Progress(code, ladder, standing, rank, amount, ahead, uses))
    return found
