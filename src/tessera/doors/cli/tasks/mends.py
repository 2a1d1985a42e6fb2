"""Rows that were mended in the console: what they were mended from leaves the quarantine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tessera.base.refusal import Refusal
from tessera.doors.cli.load.cells import plain
from tessera.doors.cli.load.files import Source
from tessera.doors.cli.tasks.work import Job
from tessera.warehouse.loads import db as loads

ASIDE_MOST = 10_000  # rows that can be mended in the console


async def mended(conn: loads.Conn, job: Job, load_id: UUID | str, kept_as: str) -> None:
    """After a run: what its rows were mended from is here now, or aside anew for what is wrong."""
    job.subject = UUID(str(load_id))
    numbers: Sequence[str] = job.task.asked.get("mends") or ()
    if numbers:
        await loads.drop_older(conn, kept_as, numbers, job.subject)
        await conn.commit()


def rows_of(source: Source, wanted: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Rows of a file as they stand there, by their places. All of the file is read."""
    left, found = set(wanted), {}
    for row in source.rows(source.header):
        if row.at in left:
            left.discard(row.at)
            found[row.at] = {
                name: plain(value) for name, value in zip(source.header, row.values, strict=True)
            }
            if not left:
                break
    return found


def unnamed(refusal: Refusal) -> Refusal:
    """The same without the place on our disk."""
    _, _, why = refusal.why.rpartition("/source: ")
    return Refusal(refusal.code, refusal.field, why, refusal.cure)


def gone() -> Refusal:
    """The day is over."""
    return Refusal("file_gone", "file", "the file is no longer kept here", "send it again")
