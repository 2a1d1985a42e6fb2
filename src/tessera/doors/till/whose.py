"""Whom rows in quarantine name, as their mapping reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.doors.cli.load import mapping as receipts
from tessera.doors.cli.load import whose
from tessera.doors.cli.moving import mapping as moving
from tessera.doors.cli.moving.mapping import Balances, Members, Moving, Part
from tessera.doors.cli.moving.words import with_prefix
from tessera.doors.seeing import may_name, reached
from tessera.doors.till.imports import FileKind
from tessera.doors.till.mending import Story, told_mapping
from tessera.tasks import db as tasks_db
from tessera.warehouse.core import Identifier

Read = tuple[FileKind, str]


async def read_by(conn: tasks_db.Conn, told: Iterable[Story]) -> dict[UUID | None, Read]:
    """{task: kind and text of the mapping} for those of one mapping that do not say whom they name.

    None is the command line. What nobody knows is not there.
    """
    found: dict[UUID | None, Read | Refusal] = {}
    for one in told:
        if one.named is None and one.rows and one.task not in found:
            found[one.task] = await told_mapping(conn, one, None)
    return {task: said for task, said in found.items() if not isinstance(said, Refusal)}


def whom_of(one: Story, read: Read | None) -> Iterator[Identifier]:
    """Whom its rows name; by no mapping, whom any word may name."""
    named = one.named
    if named is None and read is not None:
        named = _named(*read, one.rows)
    if named is None:
        yield from may_name(one.rows)
    else:
        yield from named
        yield from reached(one.rows)


def _named(
    kind: FileKind, text: str, rows: Sequence[Mapping[str, str]]
) -> tuple[Identifier, ...] | None:
    if kind == "receipts":
        said = receipts.parse(text)
        if isinstance(said, Refusal):
            return None
        member = said.receipt.member
        if member is None or any(member.column not in cells for cells in rows):
            return None  # another text of the mapping read them
        return tuple(whose.named(member, (cells[member.column] for cells in rows)))
    program = moving.parse(text)
    part = None if isinstance(program, Refusal) else program.part(kind)
    if isinstance(program, Refusal) or part is None:
        return None
    return tuple(each for cells in rows for each in _moved(program, part, cells))


def _moved(program: Moving, part: Part, cells: Mapping[str, str]) -> Iterator[Identifier]:
    """Whom a row of another program's file names."""
    number = cells.get(part.number, "")
    if number and isinstance(part, Balances) and part.by != "number":
        yield Identifier(part.by, with_prefix(number, part.prefix))
    elif number:
        yield Identifier("external", program.number_prefix + number)
    for said in part.names if isinstance(part, Members) else ():
        cell = cells.get(said.column, "")
        for word in cell.split(said.separator) if said.separator else (cell,):
            if word.strip():
                yield Identifier(said.kind, with_prefix(word.strip(), said.prefix))
