"""Members, points and consents of another program: rehearsed first, then moved in and checked."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors import findings
from tessera.doors.cli.load.mapping import Layout
from tessera.doors.cli.moving import agreements, mapping
from tessera.doors.cli.moving.mapping import Moving, Ways
from tessera.doors.cli.moving.reading import Bad, Came, Claim
from tessera.doors.cli.moving.report import Told
from tessera.doors.cli.moving.run import File
from tessera.doors.cli.moving.ways import Conn
from tessera.doors.cli.moving.work import Asked, connected, opened, way_of, work
from tessera.doors.cli.tasks.mends import ASIDE_MOST, gone, mended, rows_of, unnamed
from tessera.doors.cli.tasks.work import Job, Kind
from tessera.doors.findings import Findings
from tessera.doors.uploads import Preview, Wrong
from tessera.members import core
from tessera.rules.core.words import Program
from tessera.warehouse.loads import db as loads

FIRST = 10
_HEADS: dict[Ways, list[str]] = {
    "members": ["number", "name", "born_on", "joined_on", "names"],
    "balances": ["member", "points", "earned_on", "expires_on"],
    "consents": ["member", "purpose", "channel", "said", "time"],
}


async def _do(kind: Ways, rehearse: bool, job: Job) -> dict[str, Any] | Refusal:
    """Rehearse a file, or let it move in from where it was left."""
    said = _mapping(job, kind)
    if isinstance(said, Refusal):
        return said
    path = job.uploads.source(job.task.id)
    if not path.is_file():
        return gone()
    async with connected(job.base) as (conn, program):
        file = await asyncio.to_thread(opened, said, kind, path, program)
        if isinstance(file, Refusal):
            return unnamed(file)
        asked = Asked(said, ((kind, path),), rehearse=rehearse)
        told = await work(conn, program, asked, job.steps)
        if isinstance(told, Refusal):
            return told
        if rehearse:
            await _preview(job, (said, kind, file), program, told[0])
        else:
            await _aside(conn, job, file)
        return findings.said(_findings(told[0]))


async def _preview(job: Job, what: tuple[Moving, Ways, File], program: Program, told: Told) -> None:
    """The first rows as they are understood, and why some cannot be taken: beside the file."""
    said, kind, file = what
    way = way_of(said, kind, program, datetime.now(UTC), file)
    read = [way.read(row) for row in islice(file.source.rows(way.columns), FIRST * 5)]
    good = [each for each in read if each is not None and not isinstance(each, Bad)]
    wrong = [
        Wrong(each.row, each.field, code, each.why)
        for code, some in sorted((told.tally.examples if told.tally else {}).items())
        for each in some
    ]
    preview = Preview(_HEADS[kind], [_shown(each) for each in good[:FIRST]], wrong)
    job.uploads.keep_preview(job.task.id, preview)


def _shown(item: Came | Claim | agreements.Told) -> list[str]:
    """A row as it is understood, in the columns of its kind; persons are masked."""
    if isinstance(item, Came):
        who, person = item.arrival, item.arrival.person
        names = [core.masked(named.identifier) for named in who.names]
        name = core.masked_name(person.given_name, person.family_name)
        born = "" if person.born_on is None else f"{person.born_on.year}-••-••"
        joined = who.joined_on.isoformat()
        return [who.number.identifier.value, name, born, joined, ", ".join(names)]
    if isinstance(item, Claim):
        ends = "" if item.expires_at is None else f"{item.expires_at:%Y-%m-%d}"
        points = f"{item.points} {item.currency}".strip()
        return [core.masked(item.who), points, f"{item.earned_at:%Y-%m-%d}", ends]
    said = item.saying
    word = "yes" if said.given else "no"
    return [
        core.masked(item.who),
        said.purpose,
        said.channel or "",
        word,
        f"{item.at:%Y-%m-%d %H:%M}",
    ]


async def _aside(conn: Conn, job: Job, file: File) -> None:
    """The rows that stayed outside, as they stand in the file: for a day, to be mended."""
    load = await loads.find_load(conn, file.digest, file.kept_as)
    assert load is not None, "it has just been loaded"
    wanted = await loads.rows_aside(conn, load.id, ASIDE_MOST)
    await mended(conn, job, load.id, file.kept_as)
    rows = await asyncio.to_thread(rows_of, file.source, wanted)
    job.uploads.keep_aside(job.task.id, rows)


def _findings(told: Told) -> Findings:
    tally = told.tally
    assert tally is not None, "it was loaded or rehearsed"
    outcomes = tally.outcomes | ({"loaded_before": 1} if told.loaded_before else {})
    points = {code: sums.carried + sums.known for code, sums in tally.sums.items()}
    missing = 0 if told.checked is None else told.checked.rows.get("missing", 0)
    return Findings(
        tally.rows, tally.rows - tally.aside, dict(tally.quarantined), dict(outcomes), points,
        missing=missing, kept_as=told.kept_as,
    )  # fmt: skip


def _mapping(job: Job, kind: Ways) -> Moving | Refusal:
    """As it was sent; of rows mended here the file is written as we write."""
    said = mapping.parse(job.task.asked["mapping"])
    part = said.part(kind) if isinstance(said, Moving) else None
    if isinstance(said, Refusal) or part is None or job.task.asked.get("mends") is None:
        return said
    plain = Layout(decimal=part.file.decimal, encoding="utf-8")
    part = msgspec.structs.replace(part, file=plain)
    return msgspec.structs.replace(said, **{kind: part})


KINDS = {
    kind: Kind(partial(_do, kind, False), partial(_do, kind, True))
    for kind in ("members", "balances", "consents")
}
