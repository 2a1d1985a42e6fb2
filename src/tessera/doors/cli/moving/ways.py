"""What is done with the rows of each kind of file: members arrive, points are carried over.

A way reads a row, and posts a batch in the caller's transaction or rehearses it. Another kind of
file is another class like these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol
from uuid import UUID

from psycopg import AsyncConnection

from tessera.base.clock import local
from tessera.base.refusal import Refusal
from tessera.doors.cli.load.blocks import Row
from tessera.doors.cli.moving.reading import Bad, BalanceReader, Came, Claim, MemberReader
from tessera.doors.cli.moving.tally import Tally
from tessera.ledger.carried import core as lots
from tessera.ledger.carried import db as lots_db
from tessera.ledger.carried import flows as lots_flows
from tessera.ledger.carried.core import Opening, Order
from tessera.ledger.core import EPOCH, Life
from tessera.members.carried import db as people_db
from tessera.members.carried import flows as people_flows

Conn = AsyncConnection[tuple[Any, ...]]
Item = Came | Claim
Outcome = str | Bad
Held = Literal["here", "again", "other", "missing"]
NOBODY = UUID(int=0)


class Way(Protocol):
    """One kind of file.

    columns      that it wants, in the order of the values of its rows
    with_points  its rows are points, and are added up
    """

    columns: tuple[str, ...]
    with_points: bool

    def read(self, row: Row) -> Any:
        """An item, a `Bad`, or None for a row that says nothing."""

    def unnamed(self, at: int) -> str:
        """The key of a row by its place alone."""

    async def begin(self, conn: Conn) -> None:
        """Make ready for a rehearsal."""

    async def post(self, conn: Conn, items: Sequence[Any], now: datetime, tried: bool, tally: Tally
                   ) -> list[Outcome]:  # fmt: skip
        """What becomes of each item, counted in the tally if it is not bad."""

    async def held(self, conn: Conn, items: Sequence[Any]) -> list[Held]:
        """Whether each item is here as it was said, in a check after `begin`.

        again  one before in this check said the same; other: it is here with another story
        """


class MembersWay:
    """Members of another program."""

    with_points = False

    def __init__(self, reader: MemberReader, source: str) -> None:
        self.columns, self.read, self.source = reader.columns, reader.read, source
        self.unnamed = reader.unnamed

    async def begin(self, conn: Conn) -> None:
        """Make ready for a rehearsal."""
        await people_db.begin_rehearsal(conn)

    async def post(
        self, conn: Conn, items: Sequence[Came], now: datetime, tried: bool, tally: Tally
    ) -> list[Outcome]:
        """New members, some that were there, refusals."""
        work = people_flows.rehearse if tried else people_flows.arrive
        outcomes = await work(conn, [item.arrival for item in items], self.source)
        return [
            refused(item, outcome) if isinstance(outcome, Refusal) else count(tally, outcome)
            for item, outcome in zip(items, outcomes, strict=True)
        ]

    async def held(self, conn: Conn, items: Sequence[Came]) -> list[Held]:
        """Here: all that names the member leads to one who is registered. Other: its number."""
        asked = {named.identifier for item in items for named in item.arrival.all_names()}
        owners = await people_db.owners(conn, list(asked))
        there = await people_db.people(conn, {each.member_id for each in owners.values()})
        found: list[Held] = []
        for item in items:
            names = [named.identifier for named in item.arrival.all_names()]
            ids = {owners[name].member_id for name in names if name in owners}
            alone = len(ids) == 1 and all(name in owners for name in names)
            if alone and ids <= set(there):
                found.append("here")
            else:
                mine = owners.get(names[0])
                other = mine is not None and mine.member_id in there
                found.append("other" if other else "missing")
        return found


class BalancesWay:
    """Points of another program."""

    with_points = True

    def __init__(
        self, reader: BalanceReader, source: str, zone: str, lives: Mapping[str, Life]
    ) -> None:
        self.columns, self.read, self.unnamed = reader.columns, reader.read, reader.unnamed
        self.source, self.zone, self.lives = source, zone, lives

    async def begin(self, conn: Conn) -> None:
        """Make ready for a rehearsal, of members too: their rows may have been rehearsed before."""
        await people_db.begin_rehearsal(conn)
        await lots_db.begin_rehearsal(conn)

    async def post(
        self, conn: Conn, items: Sequence[Claim], now: datetime, tried: bool, tally: Tally
    ) -> list[Outcome]:
        """Lots and debts of members who are here."""
        found = await self._openings(conn, items, tried)
        order = Order(self.source, self.zone, now)
        asked = [each for each in found if isinstance(each, Opening)]
        work = lots_flows.rehearse if tried else lots_flows.carry_over
        told = iter(await work(conn, asked, order, self.lives))
        outcomes: list[Outcome] = []
        for item, opening in zip(items, found, strict=True):
            if isinstance(opening, Bad):
                outcomes.append(opening)
                continue
            outcome = next(told)
            if isinstance(outcome, Refusal):
                outcomes.append(refused(item, outcome))
                continue
            outcomes.append(count(tally, outcome))
            self._add(tally, opening, order, outcome)
        return outcomes

    def _add(self, tally: Tally, opening: Opening, order: Order, outcome: str) -> None:
        sums = tally.of(opening.currency)
        if outcome != "carried":
            sums.known += opening.points
            return
        sums.carried += opening.points
        if opening.points > 0:
            month = self._month(opening, order)
            sums.expiring[month] = sums.expiring.get(month, 0) + opening.points

    def _month(self, opening: Opening, order: Order) -> str:
        terms = lots.terms(opening, order, self.lives[opening.currency])
        assert not isinstance(terms, Refusal), "it was carried over"
        if terms.expires_at is None:
            return "activity" if terms.rolls else "never"
        return f"{local(terms.expires_at - timedelta(microseconds=1), self.zone):%Y-%m}"

    async def held(self, conn: Conn, items: Sequence[Claim]) -> list[Held]:
        """Here: its row says the same, and its moves as much. Again: so did one before. Other: the
        lot is here with another story.

        What was looked at before is remembered where a rehearsal would write.
        """
        found = await self._openings(conn, items, tried=False)
        openings = [each for each in found if isinstance(each, Opening)]
        held = dict(zip(map(id, openings), await lots_flows.held(conn, openings), strict=True))
        here = [each for each in openings if held[id(each)] == "here"]
        order = Order(self.source, self.zone, EPOCH)
        first = await lots_db.add(conn, order, [(NOBODY, each) for each in here], tried=True)
        told: list[Held] = []
        for each in found:
            what: Held = "missing" if isinstance(each, Bad) else held[id(each)]
            if what == "here" and isinstance(each, Opening):
                what = "here" if each.mark in first else "again"
                first.discard(each.mark)
            told.append(what)
        return told

    async def _openings(
        self, conn: Conn, items: Sequence[Claim], tried: bool
    ) -> list[Opening | Bad]:
        asked = list({item.who for item in items})
        owners = await people_db.owners(conn, asked, tried=tried)
        return [
            Opening(
                item.mark, owner.account_id, item.currency, item.points, item.earned_at,
                item.expires_at, item.active_at, item.dated,
                "never" if item.forever else "program",
            )
            if (owner := owners.get(item.who)) is not None
            else Bad(item.row, item.key, "member_unknown", "number",
                     "no member has this number: load the members first",
                     item.points, item.currency)
            for item in items
        ]  # fmt: skip


def count(tally: Tally, outcome: str) -> str:
    """An outcome that is not bad, counted."""
    tally.came(outcome)
    return outcome


def refused(item: Any, refusal: Refusal) -> Bad:
    """What a flow refused, as a row that stays outside."""
    points, currency = None, ""
    if isinstance(item, Claim):
        points, currency = item.points, item.currency
    return Bad(item.row, item.key, refusal.code, refusal.field, refusal.why, points, currency)
