"""`tessera load night FILE`: the receipts and returns of a night, as the bulk call takes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from psycopg import AsyncConnection

from tessera.access.audit.core import Change
from tessera.access.core import Principal
from tessera.doors.cli import audit
from tessera.doors.ground import Ground, Settings, ground
from tessera.doors.till.bulk import BulkAnswer, settled


class _Said(msgspec.Struct):
    """What is shown of a refusal."""

    code: str = ""
    field: str = ""
    why: str = ""


def add_night(load: typer.Typer, settings: Settings, principal: Principal) -> None:
    """The command `load night`. `principal` is the same caller in every run."""

    @load.command()
    def night(
        file: Annotated[Path, typer.Argument(help="NDJSON: a sale or a return on each line")],
    ) -> None:
        """Post the receipts of a file, a line each: {"sale": {...}} or {"return": {...}}, "key".

        Each is posted once, however often the file is loaded. Lines that are refused are listed;
        the exit code says whether there are any.
        """
        if not file.is_file():
            raise typer.BadParameter(f"{file} is no file")
        refused = asyncio.run(_load(ground(settings), file, principal))
        raise typer.Exit(1 if refused else 0)


async def _load(base: Ground, file: Path, principal: Principal) -> int:
    done = again = refused = 0
    async with base.house() as house:
        async for answer in settled(house, principal, _lines(file), most=2**63):
            if answer.status < 300:
                done, again = done + 1, again + answer.replayed
            else:
                refused += 1
                typer.echo(_told(answer), err=True)
    async with await AsyncConnection.connect(base.dsn) as conn:
        told = {"kind": "night", "file": file.name[:100], "posted": done, "again": again,
                "refused": refused}  # fmt: skip
        await audit.note(conn, "load.night", Change("load", "night", None, told))
    typer.echo(f"{done} posted ({again} of them before), {refused} refused")
    return refused


async def _lines(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as lines:
        for line in lines:
            yield line


def _told(answer: BulkAnswer) -> str:
    said = msgspec.json.decode(answer.body, type=_Said)
    return f"line {answer.line}: {answer.status} {said.code} {said.field}: {said.why}"
