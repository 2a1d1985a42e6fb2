"""Consents of another program: a row is a yes or a no to one purpose on one channel."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.doors.cli.load.blocks import Row
from tessera.doors.cli.load.cells import text
from tessera.doors.cli.load.mapping import Constant
from tessera.doors.cli.moving import words
from tessera.doors.cli.moving.mapping import ConsentLines, Moving
from tessera.doors.cli.moving.reading import Bad, Cells, Reader, Terms, joined
from tessera.doors.cli.moving.tally import Tally
from tessera.doors.cli.moving.ways import Conn, Held, Outcome, count, refused
from tessera.doors.cli.moving.words import Unfit
from tessera.ledger.carried.core import mark_of
from tessera.members.carried import db as people_db
from tessera.members.carried.consents import db, flows
from tessera.members.carried.consents.core import Agreed, stands
from tessera.members.consents.core import Consents, Saying
from tessera.warehouse.core import Identifier


class Told(Struct, frozen=True):
    """A row that is a yes or a no."""

    row: int
    key: str
    who: Identifier
    saying: Saying
    at: datetime
    proof: str


class ConsentReader(Reader):
    """Reads consents by one mapping."""

    def __init__(self, moving: Moving, part: ConsentLines, terms: Terms) -> None:
        super().__init__(moving, part, terms)
        self.part = part

    def read(self, row: Row) -> Told | Bad | None:
        """What a row says; None if it says neither yes nor no."""
        cells, part, key = self.cells(row), self.part, self.unnamed(row.at)
        try:
            number = text(cells.get(part.number))
            if not number:
                raise Unfit("value_missing", part.number, "nobody is named")
            purpose, channel = self._word(cells, part.purpose), self._word(cells, part.channel)
            at = words.instant(cells.get(part.at), part.date_format, self.zone, part.at)
            if at is None or at > self.terms.since:
                raise Unfit("day_impossible", part.at, "when it was said is empty or to come")
            said = joined("consents", number, purpose, channel, at.isoformat())
            key = mark_of(self.moving.name, said).hex()
            given = self._given(cells)
            if given is None:
                return None
            saying = self._saying(cells, purpose, channel, given)
            who = words.identifier("external", self.moving.number_prefix + number, part.number)
            proof = words.name(cells.get(part.proof), part.proof or "")
            return Told(row.at, key, who, saying, at, proof)
        except Unfit as wrong:
            return Bad(row.at, key, wrong.code, wrong.field, wrong.why)

    def _saying(self, cells: Cells, purpose: str, channel: str, given: bool) -> Saying:
        wording = self._word(cells, self.part.wording)
        said = {"purpose": purpose, "given": given, "channel": channel, "wording": wording or None}
        try:
            return msgspec.convert(said, Saying)
        except msgspec.ValidationError as wrong:
            field = str(wrong).rpartition("$.")[2].rstrip("`")
            raise Unfit("consent_unfit", field, "there is no such one") from None

    def _given(self, cells: Cells) -> bool | None:
        word = text(cells.get(self.part.state))
        if word in self.part.given:
            return True
        if word in self.part.withdrawn:
            return False
        if word in self.part.unsaid:
            return None
        raise Unfit("state_unknown", self.part.state, "the mapping does not say what this means")

    def _word(self, cells: Cells, said: str | Constant | None) -> str:
        word = said.constant if isinstance(said, Constant) else text(cells.get(said))
        return self.part.words.get(word, word)


class ConsentsWay:
    """What members of another program had agreed to."""

    with_points = False

    def __init__(self, reader: ConsentReader, part: ConsentLines, declared: Consents) -> None:
        self.columns, self.read, self.unnamed = reader.columns, reader.read, reader.unnamed
        self.part, self.declared = part, declared

    async def begin(self, conn: Conn) -> None:
        """Make ready for a rehearsal, of members too."""
        await people_db.begin_rehearsal(conn)
        await db.begin_rehearsal(conn)

    async def post(
        self, conn: Conn, items: Sequence[Told], now: datetime, tried: bool, tally: Tally
    ) -> list[Outcome]:
        """Lines of members who are here."""
        found = await self._agreed(conn, items, tried)
        asked = [each for each in found if isinstance(each, Agreed)]
        outcomes = iter(
            await flows.say(conn, asked, self.declared, proved=self.part.proved, tried=tried)
        )
        told: list[Outcome] = []
        for item, each in zip(items, found, strict=True):
            outcome: Any = each if isinstance(each, Bad) else next(outcomes)
            if isinstance(outcome, Refusal):
                outcome = refused(item, outcome)
            told.append(outcome if isinstance(outcome, Bad) else count(tally, outcome))
        return told

    async def held(self, conn: Conn, items: Sequence[Told]) -> list[Held]:
        """Here: that was said of the purpose and channel, or what holds against it."""
        found = await self._agreed(conn, items, tried=False)
        last = await db.last(conn, {each.pair for each in found if isinstance(each, Agreed)})
        told: list[Held] = []
        for each in found:
            newest = last.get(each.pair) if isinstance(each, Agreed) else None
            here = newest is not None and isinstance(each, Agreed) and stands(newest, each)
            told.append("here" if here else "missing")
        return told

    async def _agreed(
        self, conn: Conn, items: Sequence[Told], tried: bool
    ) -> list[Agreed | Bad]:  # fmt: skip
        owners = await people_db.owners(conn, list({item.who for item in items}), tried=tried)
        return [
            Agreed(owner.member_id, item.saying, item.at, item.proof)
            if (owner := owners.get(item.who)) is not None
            else Bad(item.row, item.key, "member_unknown", "number",
                     "no member has this number: load the members first")
            for item in items
        ]  # fmt: skip
