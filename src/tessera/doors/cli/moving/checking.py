"""After a load: every row of a file is in the books as it was said, or in quarantine.

What the file says, currency by currency, is what the ledger's moves say, what is in quarantine and
what was mended since: to the last point, because it holds row by row.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct

from tessera.doors.cli.load.report import Shows
from tessera.doors.cli.moving.reading import Bad, Claim
from tessera.doors.cli.moving.run import File, batches
from tessera.doors.cli.moving.tally import EXAMPLES, Example
from tessera.doors.cli.moving.ways import Conn, Item, Way
from tessera.warehouse.loads import db


class Weighed(Struct, omit_defaults=True):
    """Points of one currency. said = ledger + again + quarantined + mended + missing.

    again       rows that say a lot once more
    mended      rows that were in quarantine until a mended one came
    unreadable  rows in quarantine whose points nobody can read
    """

    said: int = 0
    ledger: int = 0
    again: int = 0
    quarantined: int = 0
    mended: int = 0
    missing: int = 0
    unreadable: int = 0


class Checked(Struct):
    """What a file says against what is here.

    rows      {here, again, quarantined, mended, missing, empty: how many}
    sums      {currency: points}
    examples  of what is missing
    """

    source: str
    kept_as: str
    rows: dict[str, int] = msgspec.field(default_factory=dict)
    sums: dict[str, Weighed] = msgspec.field(default_factory=dict)
    examples: list[Example] = msgspec.field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Nothing is missing."""
        return not self.rows.get("missing")

    def add(self, what: str) -> None:
        """One row more."""
        self.rows[what] = self.rows.get(what, 0) + 1

    def weigh(self, what: str, each: Claim | Bad) -> None:
        """The points of one row more."""
        sums = self.sums.setdefault(each.currency, Weighed())
        if each.points is None:
            sums.unreadable += 1
            return
        place = "ledger" if what == "here" else what
        sums.said += each.points
        setattr(sums, place, getattr(sums, place) + each.points)


async def check_rows(conn: Conn, file: File, way: Way, progress: Shows) -> Checked:
    """Hold every row of a file against what is here; changes nothing."""
    checked = Checked(str(file.path), file.kept_as)
    progress.phase(f"checking {file.kept_as}", None)
    load = await db.find_load(conn, file.digest, file.kept_as)
    done = load is not None and load.phase == "done"
    await way.begin(conn)
    for rows in batches(file.source.rows(way.columns)):
        read = [way.read(row) for row in rows]
        for each, what in zip(read, await _held(conn, file, way, read, done), strict=True):
            checked.add(what)
            if way.with_points and isinstance(each, Claim | Bad):
                checked.weigh(what, each)
            if what == "missing" and len(checked.examples) < EXAMPLES:
                assert each is not None, "a row that says nothing is not missing"
                checked.examples.append(Example(each.row, "", "it is neither here nor aside"))
        await conn.commit()
        progress.advance(len(rows))
    return checked


async def _held(
    conn: Conn, file: File, way: Way, read: Sequence[Item | Bad | None], done: bool
) -> list[str]:
    """What became of each row. `done`: the load of its file has come to its end.

    Mended is only what such a load put aside by its number: what contradicts a row that is here is
    aside by its place, and nothing but its own row takes it out.
    """
    items = [each for each in read if each is not None and not isinstance(each, Bad)]
    told = iter(await way.held(conn, items))
    keys = [key for each in read if each for key in (each.key, way.unnamed(each.row))]
    aside = await db.aside_of(conn, file.kept_as, keys)
    found = []
    for each in read:
        if each is None:
            found.append("empty")
            continue
        held: str = "missing" if isinstance(each, Bad) else next(told)
        if way.unnamed(each.row) in aside or (
            held in ("missing", "other") and each.key in aside
        ):  # fmt: skip
            held = "quarantined"
        elif done and (held == "other" or (held == "missing" and isinstance(each, Bad))):
            held = "mended"
        elif held == "other":
            held = "missing"
        found.append(held)
    return found
