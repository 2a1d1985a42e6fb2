"""A receipt with the why and why-not of every rule, for staff."""

from __future__ import annotations

from uuid import UUID

import msgspec

from tessera.base.refusal import Refusal
from tessera.checkout import db
from tessera.checkout.core.why import return_again, sale_again
from tessera.checkout.core.words import Row, Told
from tessera.checkout.flows.reading import tell
from tessera.program import flows as program_flows
from tessera.program.core import Reader
from tessera.rules.core.telling import tell_silent
from tessera.rules.core.tongues import ENGLISH, Tongue
from tessera.rules.core.words import Story
from tessera.warehouse.core import lines_from_data


async def explained(
    conn: db.Conn, reader: Reader, receipt_id: UUID, currency: str, tongue: Tongue = ENGLISH
) -> Told | Refusal:
    """A receipt by id, with what each rule that gave nothing was missing.

    The effects are those that were posted. The rest is decided again, from the stored facts by the
    version that decided: only what nearly gave is kept with a receipt.
    """
    row = await db.one(conn, receipt_id)
    if row is None:
        return Refusal("receipt_unknown", "receipt_id", "there is no such receipt", "check its id")
    told = (await tell(conn, [row], currency, staff=True, tongue=tongue))[0]
    story = await again(conn, reader, row)
    gave = {effect.rule for effect in told.effects}
    silent = tell_silent(story.silent, currency, staff=True, tongue=tongue)
    return msgspec.structs.replace(
        told, silent=tuple([each for each in silent if each.rule not in gave])
    )


async def again(conn: db.Conn, reader: Reader, row: Row) -> Story:
    """The whole story of a posted receipt."""
    kept = db.KEPT.decode(row.story)
    program = await program_flows.frozen(conn, reader, row.program_version)
    if row.sale_id is None:
        return sale_again(row, lines_from_data(row.lines), kept, program)
    sale = await db.one(conn, row.sale_id)
    assert sale is not None, "a return names its sale"
    first = db.KEPT.decode(sale.story)
    return return_again(sale, lines_from_data(sale.lines), first, kept, program)
