"""`tessera demo`: build the demo shop, serve it, say what to try."""

from __future__ import annotations

import asyncio
import gc
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import StatisticsError
from typing import Annotated

import typer
import uvicorn
from rich.console import Console

from tessera.doors.cli.demo.build import DemoSummary, Plan, build_demo, story
from tessera.doors.cli.demo.check import check
from tessera.doors.cli.demo.feed import DemoBroken
from tessera.doors.cli.demo.likeness import measure, table
from tessera.doors.cli.demo.meter import meter
from tessera.doors.cli.demo.shop import purchases
from tessera.doors.cli.demo.welcome import welcome
from tessera.doors.cli.serving import claimed, config, listen
from tessera.doors.ground import Ground, Settings, ground
from tessera.doors.setup import NAME, prepare


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The command `demo`."""

    @app.command()
    def demo(
        only_check: Annotated[
            bool, typer.Option("--check", help="build it, walk through a sale, end")
        ] = False,
        figures: Annotated[
            bool, typer.Option("--figures", help="how like real shops it is; touches no database")
        ] = False,
        members: Annotated[
            int, typer.Option(help="how many members, up to 9 million", min=1, max=9_000_000)
        ] = 2_000,
        years: Annotated[float, typer.Option(help="how long it goes on", min=0.01, max=20)] = 2,
        seed: Annotated[int, typer.Option(help="another seed is another shop", min=0)] = 1,
        port: Annotated[int, typer.Option(help="port to listen on")] = settings.port,
    ) -> None:
        """Build a small shop with two years of receipts, serve it, and say what to try.

        Every receipt goes through the same writer as at a till. A demo that stands is not built
        again; one that was interrupted goes on where it stopped.
        """
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        plan = Plan(end=yesterday, seed=seed, members=members, days=round(years * 365))
        if figures:
            raise typer.Exit(_figures(plan))
        own = None if only_check else claimed(settings.host, port)
        base = ground(replace(settings, port=port))
        try:
            summary = asyncio.run(_build(base, plan))
        except DemoBroken as wrong:
            typer.echo(str(wrong), err=True)
            raise typer.Exit(2) from wrong
        if own is None:
            raise typer.Exit(asyncio.run(_check(base, summary)))
        base_url = f"http://{settings.host}:{port}"
        code = prepare(base.dsn, settings.data_dir / NAME)
        outbox = settings.data_dir / "outbox"
        typer.echo(welcome(summary, base_url, code, str(outbox)))
        listen(base, own)


def _figures(plan: Plan) -> int:
    """Print the figures of a plan's shop beside those of real ones."""
    try:
        found = measure(purchases(story(plan)))
    except StatisticsError:
        typer.echo("so small a shop has no habits to measure: ask for more members or years")
        return 1
    typer.echo("\n".join(table(found)))
    return 0


async def _build(base: Ground, plan: Plan) -> DemoSummary:
    # Many short-lived values: the collector would walk all that stands again and again (measured:
    # a sixth of the time).
    gc.set_threshold(50_000, 20, 50)
    async with base.house() as house:
        with meter(Console()) as progress:
            return await build_demo(house, plan, progress, typer.echo)


async def _check(base: Ground, summary: DemoSummary) -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(config(base, "127.0.0.1", port))
    serving = asyncio.create_task(server.serve())
    while not server.started and not serving.done():
        await asyncio.sleep(0.02)
    try:
        return await check(f"http://127.0.0.1:{port}", summary, typer.echo)
    finally:
        server.should_exit = True
        await serving
