"""A file of receipts looked at before anything is posted: what it says, and what is wrong in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from tessera.doors.cli.load import blocks, files
from tessera.doors.cli.load.mapping import names_of
from tessera.doors.cli.load.reading import Back, Bad, Fault, Reader, Sale
from tessera.doors.cli.load.report import Shows
from tessera.doors.uploads import Wrong
from tessera.members.core import masked

FIRST, WRONG = 10, 50  # receipts that are shown
_LINES = 4  # of a receipt that are shown
HEADS = ["number", "time", "store", "till", "member", "lines", "total"]


class Looked(Struct):
    """What a file says. Receipts count once, rows as they stand there.

    outcomes  sales, returns, repeated: rows that say a receipt once more
    others    currencies of sales that are not the program's
    first     of receipts that are understood, the columns of HEADS
    """

    rows: int = 0
    bad: Counter[str] = msgspec.field(default_factory=Counter)
    outcomes: Counter[str] = msgspec.field(default_factory=Counter)
    wrong: list[Wrong] = msgspec.field(default_factory=list)
    first: list[list[str]] = msgspec.field(default_factory=list)
    stores: set[str] = msgspec.field(default_factory=set)
    others: set[str] = msgspec.field(default_factory=set)


def look(source: files.Source, reader: Reader, progress: Shows, currency: str) -> Looked:
    """Read all of a file. Touches no database.

    currency  the program's; a sale in another is wrong
    errors    files.Unreadable, blocks.Scattered; whatever `progress` raises to end it
    """
    looked = Looked()
    progress.phase("looking through", None)

    def numbers() -> Iterator[str]:
        for row in source.rows(reader.number_columns):
            looked.rows += 1
            if looked.rows % files.BATCH_ROWS == 0:
                progress.advance(files.BATCH_ROWS)
            yield reader.numbered(row.values)

    expected = blocks.repeated(numbers())
    progress.phase("checking", looked.rows)
    read = source.rows(reader.columns)
    for said in blocks.gather(read, reader.number, reader.time, expected):
        thing = reader.read(said)
        if isinstance(thing, Sale) and thing.receipt.currency != currency:
            looked.others.add(thing.receipt.currency)
            thing = _foreign(thing, reader, currency)
        _count(looked, thing)
        looked.outcomes["repeated"] += said.repeated
        progress.advance(len(said.rows) + said.repeated)
    return looked


def _foreign(sale: Sale, reader: Reader, currency: str) -> Bad:
    """A sale that the writer is going to refuse."""
    why = f"{sale.receipt.currency} sent, this program runs in {currency}"
    column = ", ".join(names_of(reader.mapping.receipt.currency))
    return Bad(sale.receipt.number, (Fault(sale.rows[0].at, "currency_other", column, why),), {})


def _count(looked: Looked, thing: Sale | Back | Bad) -> None:
    if isinstance(thing, Bad):
        first = thing.faults[0]
        looked.bad[first.code] += 1
        room = max(WRONG - len(looked.wrong), 0)
        looked.wrong += [
            Wrong(fault.row, fault.field, fault.code, fault.why) for fault in thing.faults[:room]
        ]
        return
    looked.outcomes["sales" if isinstance(thing, Sale) else "returns"] += 1
    looked.stores.add(thing.receipt.store if isinstance(thing, Sale) else thing.store)
    if len(looked.first) < FIRST:
        looked.first.append(_shown(thing))


def _shown(thing: Sale | Back) -> list[str]:
    """A receipt as it is understood, in the columns of HEADS; who bought is masked."""
    if isinstance(thing, Sale):
        receipt = thing.receipt
        lines = [f"{line.quantity} x {line.sku}" for line in receipt.lines]
        who, total = receipt.identifier, f"{_major(receipt.total_minor)} {receipt.currency}"
        head = (receipt.number, receipt.happened_at, receipt.store, receipt.till)
    else:
        lines = [f"-{line.quantity} x {line.sku}" for line in thing.lines]
        who, total = thing.member, ""
        head = (thing.number, thing.happened_at, thing.store, thing.till)
    more = ["…"] if len(lines) > _LINES else []
    number, at, store, till = head
    named = "" if who is None else masked(who)
    said = f"{at:%Y-%m-%d %H:%M} UTC"
    return [number, said, store, till, named, ", ".join(lines[:_LINES] + more), total]


def _major(minor: int) -> str:
    whole, rest = divmod(minor, 100)
    return f"{whole}.{rest:02}"
