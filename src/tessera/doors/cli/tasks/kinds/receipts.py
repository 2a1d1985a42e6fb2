"""Receipts from a file: looked at first, then posted through the writer that serves the tills."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors import findings
from tessera.doors.cli.load import blocks, files, mapping
from tessera.doors.cli.load.command import LOADER
from tessera.doors.cli.load.looking import HEADS, Looked, look
from tessera.doors.cli.load.mapping import Layout, Mapping
from tessera.doors.cli.load.reading import Reader
from tessera.doors.cli.load.report import Report
from tessera.doors.cli.load.run import load_receipts, stopped
from tessera.doors.cli.moving.work import connected
from tessera.doors.cli.tasks.mends import gone, mended, unnamed
from tessera.doors.cli.tasks.work import Job, Kind
from tessera.doors.findings import Findings
from tessera.doors.runs import history
from tessera.doors.uploads import Preview
from tessera.warehouse.loads import db as loads
from tessera.warehouse.stores import db as stores_db


async def check(job: Job) -> dict[str, Any] | Refusal:
    """Read all of it, and hold it against the program and the stores."""
    said = _mapping(job)
    if isinstance(said, Refusal):
        return said
    source = _opened(job, said)
    if isinstance(source, Refusal):
        return source
    async with connected(job.base) as (conn, program):
        known = {store.id for store in await stores_db.all_stores(conn)}
        load = await loads.find_load(conn, files.digest(_path(job), said), said.name)
    try:
        looked = await asyncio.to_thread(look, source, Reader(said), job.steps, program.currency)
    except (files.Unreadable, blocks.Scattered) as wrong:
        return stopped(wrong)
    if looked.others and not looked.outcomes["sales"]:
        return Refusal(
            "currency_other", "receipt.currency",
            f"the file is in {', '.join(sorted(looked.others))}, the program in {program.currency}",
            "one program has one currency: take the others out of the file",
        )  # fmt: skip
    job.uploads.keep_preview(job.task.id, Preview(HEADS, looked.first, looked.wrong))
    before = load is not None and load.phase == "done"
    return findings.said(_findings(looked, said.name, known, before))


def _findings(looked: Looked, kept_as: str, known: set[str], before: bool) -> Findings:
    outcomes = {name: count for name, count in looked.outcomes.items() if count}
    good = outcomes.get("sales", 0) + outcomes.get("returns", 0)
    return Findings(
        looked.rows, good, dict(looked.bad), outcomes | ({"loaded_before": 1} if before else {}),
        stores=sorted(looked.stores - known)[:100], kept_as=kept_as,
    )  # fmt: skip


async def run(job: Job) -> dict[str, Any] | Refusal:
    """Post what can be posted, from where it was left."""
    said = _mapping(job)
    if isinstance(said, Refusal):
        return said
    if not _path(job).is_file():
        return gone()
    async with (
        job.base.house() as house, house.upkeep.connection() as conn,
        history(conn, house.lives) as past,
    ):  # fmt: skip
        report = await load_receipts(
            _path(job), said, writer=house.writer, connect=house.desk.connection,
            refresh=house.refresh, principal=LOADER, progress=job.steps, past=past,
        )  # fmt: skip
        if isinstance(report, Refusal):
            return report
        await mended(conn, job, report.load, said.name)
    return findings.said(_of(report))


def _of(report: Report) -> Findings:
    outcomes = {
        "sales": report.posted_sales, "returns": report.posted_returns,
        "known": report.already_known, "repeated": report.repeated_rows,
    }  # fmt: skip
    told = {name: count for name, count in outcomes.items() if count}
    good = report.posted_sales + report.posted_returns + report.already_known
    return Findings(report.rows, good, dict(report.quarantined), told, kept_as=report.mapping)


def _path(job: Job) -> Any:
    return job.uploads.source(job.task.id)


def _mapping(job: Job) -> Mapping | Refusal:
    """As it was sent; of rows mended here the file is written as we write."""
    said = mapping.parse(job.task.asked["mapping"])
    if isinstance(said, Mapping) and job.task.asked.get("mends") is not None:
        plain = Layout(decimal=said.file.decimal, encoding="utf-8")
        return msgspec.structs.replace(said, file=plain)
    return said


def _opened(job: Job, said: Mapping) -> files.Source | Refusal:
    path = _path(job)
    if not path.is_file():
        return gone()
    source = files.open_source(path, said.file)
    if isinstance(source, Refusal):
        return unnamed(source)
    return mapping.lacking(said, source.header) or source


KINDS = {"receipts": Kind(run, check)}
