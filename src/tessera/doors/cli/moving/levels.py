"""Levels of another program: a row is where a member stood, since when and until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct

from tessera.base.clock import local
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors.cli.load.blocks import Row
from tessera.doors.cli.load.cells import text
from tessera.doors.cli.load.mapping import Constant
from tessera.doors.cli.moving import words
from tessera.doors.cli.moving.mapping import Levels, Moving
from tessera.doors.cli.moving.reading import Bad, Cells, Reader, Terms, joined
from tessera.doors.cli.moving.tally import Tally
from tessera.doors.cli.moving.ways import NOBODY, Conn, Held, Outcome, count, refused
from tessera.doors.cli.moving.words import Unfit
from tessera.ledger.carried.core import mark_of
from tessera.members.carried import db as people_db
from tessera.rules.core.tiers import Ladder
from tessera.tiers import core, db, flows
from tessera.tiers.core import Standing
from tessera.warehouse.core import Identifier


class Stood(Struct, frozen=True):
    """A row that is a level."""

    row: int
    key: str
    who: Identifier
    ladder: str
    standing: Standing


class LevelReader(Reader):
    """Reads levels by one mapping."""

    def __init__(self, moving: Moving, part: Levels, terms: Terms) -> None:
        super().__init__(moving, part, terms)
        self.part = part

    def read(self, row: Row) -> Stood | Bad | None:
        """What a row says; None of a member without a level."""
        cells, part, key = self.cells(row), self.part, self.unnamed(row.at)
        try:
            number = text(cells.get(part.number))
            if not number:
                raise Unfit("value_missing", part.number, "nobody is named")
            ladder, level = self._word(cells, part.ladder), self._word(cells, part.level)
            key = mark_of(self.moving.name, joined("levels", number, ladder)).hex()
            if not level:
                return None
            since, until = (self._day(cells, each) for each in (part.since, part.until))
            if since is not None and since > local(self.terms.since, self.zone).date():
                raise Unfit("day_impossible", part.since or "", "it is still to come")
            who = words.identifier("external", self.moving.number_prefix + number, part.number)
            return Stood(row.at, key, who, ladder, Standing(level, since, until))
        except Unfit as wrong:
            return Bad(row.at, key, wrong.code, wrong.field, wrong.why)

    def _day(self, cells: Cells, column: str | None) -> date | None:
        return words.day(cells.get(column), self.part.date_format, column or "")

    def _word(self, cells: Cells, said: str | Constant) -> str:
        word = said.constant if isinstance(said, Constant) else text(cells.get(said))
        return self.part.words.get(word, word)


class LevelsWay:
    """Where members of another program stood."""

    with_points = False

    def __init__(self, reader: LevelReader, ladders: Mapping[str, Ladder]) -> None:
        self.columns, self.read, self.unnamed = reader.columns, reader.read, reader.unnamed
        self.ladders, self.zone = ladders, reader.zone

    async def begin(self, conn: Conn) -> None:
        """Make ready for a rehearsal, of members too."""
        await people_db.begin_rehearsal(conn)

    async def post(
        self, conn: Conn, items: Sequence[Stood], now: datetime, tried: bool, tally: Tally
    ) -> list[Outcome]:
        """Levels of members who are here; a level as high that they have here already stands."""
        owners = await people_db.owners(conn, list({item.who for item in items}), tried=tried)
        today, told = local(now, self.zone).date(), list[Outcome]()
        for item in items:
            owner = owners.get(item.who)
            if owner is None:
                told.append(_unknown(item))
                continue
            asking = flows.Asking(
                new_id(), NOBODY, owner.account_id, owner.member_id, now, today
            )  # fmt: skip
            ladder = self.ladders.get(item.ladder)
            outcome: Any = await flows.carry(
                conn, asking, item.ladder, ladder, item.standing, tried=tried
            )  # fmt: skip
            if isinstance(outcome, Refusal):
                told.append(refused(item, outcome))
            else:
                told.append(count(tally, "carried" if outcome == "carried" else "known"))
        return told

    async def held(self, conn: Conn, items: Sequence[Stood]) -> list[Held]:
        """Here: a level was carried over on that ladder, or the member stands as high here."""
        owners = await people_db.owners(conn, list({item.who for item in items}))
        accounts = {each.account_id for each in owners.values()}
        carried, standings = await db.carried(conn, accounts), await db.standings(conn, accounts)
        told: list[Held] = []
        for item in items:
            owner = owners.get(item.who)
            here = (
                owner is not None
                and self._is_known(item)
                and (
                    (owner.account_id, item.ladder) in carried
                    or self._as_high(standings.get(owner.account_id, {}).get(item.ladder), item)
                )
            )
            told.append("here" if here else "missing")
        return told

    def _is_known(self, item: Stood) -> bool:
        ladder = self.ladders.get(item.ladder)
        return ladder is not None and item.standing.level in [each.code for each in ladder.levels]

    def _as_high(self, standing: Standing | None, item: Stood) -> bool:
        ladder = self.ladders[item.ladder]
        return core.rank_of(ladder, standing) >= ladder.rank(item.standing.level)


def _unknown(item: Stood) -> Bad:
    return Bad(item.row, item.key, "member_unknown", "number",
               "no member has this number: load the members first")  # fmt: skip
