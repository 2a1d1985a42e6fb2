"""Where files of receipts name their customers, as far as their mappings are known here."""

from __future__ import annotations

from tessera.doors.cli.load import shelf
from tessera.doors.cli.load.mapping import Mapping, parse
from tessera.tasks import db as tasks_db


async def customers(conn: tasks_db.Conn) -> dict[str, str]:
    """{mapping: the column that names the customer, if one does}: shipped, or used here."""
    texts = [shelf.text_of(name) for name in shelf.shipped()]
    texts += [text for _, _, text in await tasks_db.mappings(conn, ["receipts"])]
    read = [said for said in map(parse, texts) if isinstance(said, Mapping)]
    return {each.name: each.receipt.member.column for each in read if each.receipt.member}
