"""`tessera tasks`: long work that was asked for, and the worker as a service of its own."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from psycopg import AsyncConnection

from tessera.doors.cli.tasks.worker import IDLE_S, be_modest, work
from tessera.doors.ground import Settings, ground
from tessera.tasks import db
from tessera.tasks.core import Task


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `tasks ...`."""
    tasks = typer.Typer(help="Long work: imports and searches.", no_args_is_help=True)
    app.add_typer(tasks, name="tasks")

    @tasks.command(name="list")
    def list_(most: Annotated[int, typer.Option(help="how many", min=1, max=200)] = 20) -> None:
        """List what was asked for, the newest first."""
        for task in asyncio.run(_newest(ground(settings).dsn, most)):
            typer.echo(_shown(task))

    @tasks.command(name="work")
    def work_(
        once: Annotated[bool, typer.Option(help="end when there is nothing left to do")] = False,
    ) -> None:
        """Do what was asked for, one after the other, at a low priority; until it is ended.

        Whoever serves does this by itself. With TESSERA_WORKER=elsewhere it is left to this
        command, which has to run on the same data directory.
        """
        base = ground(settings)
        be_modest()
        asyncio.run(work(base, idle_s=IDLE_S if once else None))


async def _newest(dsn: str, most: int) -> list[Task]:
    async with await AsyncConnection.connect(dsn) as conn:
        return await db.page(conn, None, most)


def _shown(task: Task) -> str:
    far = f"{task.phase} {task.done:,}" + (f" of {task.total:,}" if task.total else "")
    why = "" if task.fault is None else f"{task.fault.code}: {task.fault.why}"
    parts = [f"{task.asked_at:%Y-%m-%d %H:%M:%S}", str(task.id), task.kind, task.label,
             f"{task.state} ({task.part})", far.strip() if task.phase else "", why]  # fmt: skip
    return "  ".join(part for part in parts if part)
