"""`tessera coupons`: codes by the million, made and written to a file in one go."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, TypeVar
from uuid import UUID

import psycopg
import typer
from psycopg import AsyncConnection

from tessera.access.audit.core import Change
from tessera.base.refusal import Refusal
from tessera.doors.cli.audit import note
from tessera.doors.cli.load.report import bar
from tessera.doors.ground import Ground, Settings, ground
from tessera.program import flows as program_flows
from tessera.program.core import Reader
from tessera.rewards.coupons.core.words import MAX_BATCH
from tessera.rewards.coupons.office import flows
from tessera.rewards.coupons.office.flows import Order
from tessera.rules import conditions, mechanics

_PIECE = 250_000  # nobody waits behind this one: larger pieces than the server makes by itself
Told = Callable[[int], None]
T = TypeVar("T")


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `coupons ...`."""
    coupons = typer.Typer(help="Coupons: make codes, write them out.", no_args_is_help=True)
    app.add_typer(coupons, name="coupons")

    @coupons.command()
    def issue(
        kind: Annotated[str, typer.Argument(help="a kind of the program's `coupons`")],
        count: Annotated[int, typer.Option(help="how many codes", min=1, max=MAX_BATCH)],
        to: Annotated[Path, typer.Option(help="a new file for the codes, one a line")],
        label: Annotated[str, typer.Option(help="what the order is called")] = "",
        starts: Annotated[str, typer.Option(help="first day, such as 2026-05-01")] = "",
        ends: Annotated[str, typer.Option(help="last day")] = "",
    ) -> None:
        """Make codes and write them to a file, which only its owner may read.

        Killed on the way, the order stays: the server makes the rest, `coupons export` writes them.
        """
        wanted = Order(kind, count, label, _day(starts, "--starts"), _day(ends, "--ends"))
        batch_id = _or_end(asyncio.run(_order(ground(settings), wanted)))
        with bar() as shown:
            shown.phase("codes", count)
            asyncio.run(_make(ground(settings), batch_id, shown.advance))
        _write(settings, batch_id, to)

    @coupons.command()
    def export(
        order: Annotated[str, typer.Argument(help="the order's id")],
        to: Annotated[Path, typer.Option(help="a new file for the codes, one a line")],
    ) -> None:
        """Write the codes of an order to a file: those that were not handed out before."""
        try:
            batch_id = UUID(order)
        except ValueError as error:
            raise typer.BadParameter("this is no id", param_hint="ORDER") from error
        _write(settings, batch_id, to)


def _day(text: str, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise typer.BadParameter("write it as 2026-05-01", param_hint=name) from error


def _or_end(said: T | Refusal) -> T:
    if isinstance(said, Refusal):
        typer.echo(f"{said.why}; {said.cure}", err=True)
        raise typer.Exit(1)
    return said


def _write(settings: Settings, batch_id: UUID, to: Path) -> None:
    count = _or_end(asyncio.run(_hand_out(ground(settings), batch_id, to)))
    typer.echo(f"order {batch_id}: {count:,} codes in {to}")


async def _order(where: Ground, wanted: Order) -> UUID | Refusal:
    now = datetime.now(UTC)
    reader = Reader(mechanics.shelf(), conditions.shelf())
    async with await AsyncConnection.connect(where.dsn) as conn:
        program = await program_flows.current(conn, reader, now)
        kinds = dict(program.coupons) if program is not None else {}
        made = await flows.order(conn, wanted, kinds, getpass.getuser(), now)
        if isinstance(made, Refusal):
            return made
        said = {"kind": made.kind, "count": made.count, "label": made.label}
        await note(conn, "coupon.order", Change("coupon_batch", made.id, None, said))
        return made.id


async def _make(where: Ground, batch_id: UUID, told: Told) -> None:
    """Piece by piece, each committed; a server that runs may make some of them."""
    async with await AsyncConnection.connect(where.dsn) as conn:
        while True:
            try:
                made = await flows.make(conn, batch_id, _PIECE)
                await conn.commit()
            except psycopg.errors.UniqueViolation:  # one of a thousand million: others are drawn
                await conn.rollback()
                continue
            if not made:
                return
            told(made)


async def _hand_out(where: Ground, batch_id: UUID, to: Path) -> int | Refusal:
    """All that is left of an order, in one transaction: a file that is not whole took nothing."""
    handle = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    now, count = datetime.now(UTC), 0
    with os.fdopen(handle, "w", encoding="ascii") as file:
        async with await AsyncConnection.connect(where.dsn) as conn:
            while True:
                page = await flows.hand_out(conn, batch_id, now, again=False)
                if isinstance(page, Refusal):
                    await conn.rollback()
                    to.unlink()
                    return page
                if not page[1]:
                    break
                file.writelines(f"{code}\n" for code in page[1])
                count += len(page[1])
            file.flush()
            os.fsync(file.fileno())
            said = {"exported": page[0].exported}
            await note(conn, "coupon.export", Change("coupon_batch", batch_id, None, said))
    return count
