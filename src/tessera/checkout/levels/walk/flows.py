"""Through everybody: who is near a level, and who is brought up after a ladder has changed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import msgspec

from tessera.checkout.levels import db as levels_db
from tessera.checkout.levels import flows as levels
from tessera.checkout.levels.db import Wanted
from tessera.checkout.levels.walk import db
from tessera.ledger import db as ledger_db
from tessera.rules.core.tiers import Ladder
from tessera.tiers import core
from tessera.tiers import db as tiers_db
from tessera.tiers.core import Change, Standing

NOBODY = UUID(int=0)
PAGE, LOOKED = 1000, 10_000


class Near(NamedTuple):
    """Who is near the level above, or would sink at the next review.

    rank, target  the numbers of the level now and of the other one
    lacking       so much more to come up, or to stay
    """

    account: UUID
    rank: int
    target: int
    amount: int
    lacking: int
    until: date | None


class Walked(NamedTuple):
    """A page of a walk: after whom to go on, None at the end; how many were looked at, came up."""

    after: UUID | None
    looked: int
    risen: int


async def near_up(
    conn: db.Conn, code: str, ladder: Ladder, today: date, asked: tuple[int, UUID, int]
) -> tuple[list[Near], UUID | None]:
    """Who has so many per cent of what the next level asks for, and not all of it.

    asked  per cent, after which account, how many at most
    shape  (those found, after whom to go on, None at the end)
    """
    share, after, most = asked
    found: list[Near] = []
    for _ in range(LOOKED // PAGE):
        page = await db.after(conn, ladder, today, after, PAGE)
        standings = await tiers_db.standings(conn, [account for account, _ in page])
        for account, amount in page:
            standing = standings.get(account, {}).get(code)
            near = _near(ladder, account, standing, amount, share)
            if near is not None:
                found.append(near)
            if len(found) == most:
                return found, account
        if len(page) < PAGE:
            return found, None
        after = page[-1][0]
    return found, after


def _near(
    ladder: Ladder, account: UUID, standing: Standing | None, amount: int, share: int
) -> Near | None:
    rank = core.rank_of(ladder, standing)
    if rank + 1 >= len(ladder.levels):
        return None
    reach = ladder.levels[rank + 1].reach
    if amount >= reach or amount * 100 < reach * share or not amount:
        return None
    until = standing.until if standing is not None else None
    return Near(account, rank, rank + 1, amount, reach - amount, until)


async def near_down(
    conn: db.Conn, code: str, ladder: Ladder, today: date, asked: tuple[int, date, UUID, int]
) -> tuple[list[Near], tuple[date, UUID] | None]:
    """Who would sink at a review within so many days, if nothing more was bought.

    asked  days, after which review and account, how many at most
    """
    days, since, after, most = asked
    found: list[Near] = []
    for _ in range(LOOKED // PAGE):
        upto = today + timedelta(days=days)
        page = await tiers_db.peek_until(conn, code, (since, after), upto, PAGE)
        amounts = await _judged(conn, ladder, page)
        for (account, standing), amount in zip(page, amounts, strict=True):
            assert standing.until is not None, "it has a review"
            rank = core.rank_of(ladder, standing)
            ahead = core.rank_of(ladder, core.reviewed(ladder, standing, amount))
            if ahead < rank:
                lacking = ladder.levels[rank].stay - amount
                found.append(Near(account, rank, ahead, amount, lacking, standing.until))
            if len(found) == most:
                return found, (standing.until, account)
        if len(page) < PAGE:
            return found, None
        last = page[-1][1].until
        assert last is not None, "it has a review"
        since, after = last, page[-1][0]
    return found, (since, after)


async def _judged(conn: db.Conn, ladder: Ladder, due: Sequence[tuple[UUID, Standing]]) -> list[int]:
    """What the next review of each looks at, whichever has more."""
    asked, owners = [], []
    for at, (account, standing) in enumerate(due):
        assert standing.until is not None, "it has a review"
        for span in ladder.judged(standing.until):
            asked.append(Wanted(account, ladder, span))
            owners.append(at)
    most = [0] * len(due)
    for at, amount in zip(owners, await levels_db.amounts(conn, asked), strict=True):
        most[at] = max(most[at], amount)
    return most


# Coming up ---------------------------------------------------------------------------------------


def terms_of(ladder: Ladder) -> bytes:
    """What of a ladder decides who comes up by what was done, as a digest."""
    said = (
        ladder.counts, ladder.unit, ladder.window,
        [(each.code, each.reach) for each in ladder.levels if each.when is None],
    )  # fmt: skip
    return hashlib.sha256(msgspec.json.encode(said)).digest()


async def rise_page(
    conn: db.Conn, code: str, ladder: Ladder, today: date, now: datetime, after: UUID
) -> Walked:
    """Bring up whoever of a page has what a level asks for; the caller commits.

    errors  `ledger.db.Joined` and others of the driver: roll back, the same page again
    """
    looked, up, last = await _look(conn, code, ladder, today, after)
    return Walked(last, looked, await _rise(conn, code, ladder, up, today, now))


async def foresee_page(
    conn: db.Conn, code: str, ladder: Ladder, today: date, after: UUID
) -> Walked:
    """The same, written nowhere."""
    looked, up, last = await _look(conn, code, ladder, today, after)
    return Walked(last, looked, len(up))


async def _look(
    conn: db.Conn, code: str, ladder: Ladder, today: date, after: UUID
) -> tuple[int, list[UUID], UUID | None]:
    """(how many were looked at, who would come up, after whom to go on)."""
    page = await db.after(conn, ladder, today, after, PAGE)
    standings = await tiers_db.standings(conn, [account for account, _ in page])
    up = [
        account for account, amount in page
        if _risen(ladder, standings.get(account, {}).get(code), amount, today) is not None
    ]  # fmt: skip
    return len(page), up, page[-1][0] if len(page) == PAGE else None


def _risen(ladder: Ladder, was: Standing | None, amount: int, today: date) -> Standing | None:
    return core.climb(ladder, was, amount, (today, today), lambda _: False)


async def _rise(
    conn: db.Conn, code: str, ladder: Ladder, up: Sequence[UUID], today: date, now: datetime
) -> int:
    """Locked first, looked at again, then brought up."""
    if not up:
        return 0
    await ledger_db.lock(conn, list(up))
    stands = await levels.stand(conn, {code: ladder}, up, today, now)
    span = ladder.counted(today, today)
    amounts = await levels_db.amounts(conn, [Wanted(account, ladder, span) for account in up])
    saved: dict[tiers_db.Key, Standing] = {}
    changes: list[Change] = []
    for account, amount in zip(up, amounts, strict=True):
        was = stands.get(account, {}).get(code)
        risen = _risen(ladder, was, amount, today)
        if risen is None:
            continue
        source = was.level if was is not None else ladder.code(ladder.ground)
        saved[account, code] = risen
        changes.append(Change(account, code, source, risen.level, today, "moved", was))
    if saved:
        await tiers_db.save(conn, saved)
        await tiers_db.add_changes(conn, changes, now)
    return len(saved)
