"""`tessera draws`: draw among tickets, write the proof down, check one without any database."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer
from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.doors.ground import Ground, Settings, ground
from tessera.doors.house import House
from tessera.rewards.draws import db, flows
from tessera.rewards.draws.core import Entry, Winner, bound_to, digest_of, winners
from tessera.rules.core.draws import DrawPrize

_PAGE = 10_000
T = TypeVar("T")


class Proof(Struct, frozen=True):
    """The first line of a proof; the list of tickets follows it, a line each.

    bound   SHA-256 of the seed, told since the draw was published; digest: of the list
    wins    prizes that one holder could win
    """

    draw: str
    bound: str
    seed: str
    digest: str
    wins: int
    prizes: tuple[DrawPrize, ...]
    winners: tuple[Winner, ...]


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `draws ...`."""
    draws = typer.Typer(help="Prize draws: draw, prove, verify.", no_args_is_help=True)
    app.add_typer(draws, name="draws")

    @draws.command(name="list")
    def list_() -> None:
        """Every draw that was published, with what binds its seed."""
        for each in asyncio.run(_listed(ground(settings))):
            seed = f"seed {each.shown.hex()}" if each.shown else f"bound {each.bound.hex()}"
            typer.echo(f"{each.code}  {each.tickets} tickets  {seed}")

    @draws.command()
    def run(code: Annotated[str, typer.Argument(help="as the program declares it")]) -> None:
        """Draw among the tickets as they stand, once, after the draw's last day."""
        found = _or_out(asyncio.run(_run(ground(settings), code)))
        for each in found:
            typer.echo(_told(each))
        typer.echo(f"drawn: {len(found)} win; `tessera draws prove {code} FILE` writes the proof")

    @draws.command()
    def prove(
        code: Annotated[str, typer.Argument(help="a draw that is over")],
        file: Annotated[Path, typer.Argument(help="to write it to", writable=True)],
    ) -> None:
        """Write down all that the winners follow from: anybody may have it."""
        _or_out(asyncio.run(_prove(ground(settings), code, file)))
        typer.echo(f"{file}: check it with `tessera draws verify {file}`")

    @draws.command()
    def verify(
        file: Annotated[Path, typer.Argument(help="a proof", exists=True, dir_okay=False)],
        bound: Annotated[str, typer.Option(help="what you noted when the draw began")] = "",
    ) -> None:
        """Compute the winners anew from the seed and the list; needs no database."""
        _verify(file, bound)


def _verify(file: Path, bound: str) -> None:
    try:
        proof, faults = checked(file, bound)
    except (msgspec.MsgspecError, ValueError) as error:
        raise typer.BadParameter(f"{file} is no proof of a draw: {error}") from error
    for each in proof.winners:
        typer.echo(_told(each))
    for fault in faults:
        typer.echo(f"NOT SO: {fault}", err=True)
    if faults:
        raise typer.Exit(1)
    typer.echo(f"{proof.draw}: {len(proof.winners)} win, as the seed and the list say")


def _or_out(found: T | Refusal) -> T:
    """What was asked for; a refusal is told, and the command ends."""
    if isinstance(found, Refusal):
        typer.echo(f"{found.code}: {found.why}; {found.cure}", err=True)
        raise typer.Exit(1)
    return found


def checked(file: Path, bound: str = "") -> tuple[Proof, list[str]]:
    """A proof, and what in it does not follow from its seed and its list.

    bound   what somebody noted before; "" if nobody did
    errors  ValueError, msgspec's errors: it is no proof
    """
    with file.open(encoding="utf-8") as lines:
        proof = msgspec.json.decode(next(lines, ""), type=Proof)
        listed = list(_entries(lines))
    seed, faults = bytes.fromhex(proof.seed), []
    if bound_to(seed).hex() != proof.bound:
        faults.append("the seed is not the one that the draw was bound to")
    if bound and bound.lower() != proof.bound:
        faults.append("the draw was bound to another seed when you noted it")
    if digest_of(listed).hex() != proof.digest:
        faults.append("the list is not the one that took part")
    won = winners(seed, proof.draw, listed, proof.prizes, proof.wins)
    if tuple(won) != proof.winners:
        faults.append("others win by this seed and this list")
    return proof, faults


def _entries(lines: Iterator[str]) -> Iterator[Entry]:
    for line in lines:
        label, holder, pieces = line.rstrip("\n").split(",")
        yield Entry(label, holder, int(pieces))


def _told(each: Winner) -> str:
    return f"{each.place}. {each.item}: ticket {each.label}-{each.number} of {each.holder}"


async def _listed(base: Ground) -> list[db.Published]:
    async with base.house() as house, house.upkeep.connection() as conn:
        return await db.draws(conn)


async def _run(base: Ground, code: str) -> list[Winner] | Refusal:
    async with base.house() as house, house.upkeep.connection() as conn:
        program, now = house.shop().program, datetime.now(UTC)
        declared = program.draws
        draw = {**await flows.dropped(conn, declared, now), **declared}.get(code)
        if draw is None:
            return flows.no_draw(code)
        terms = flows.Terms(draw, code not in declared, program.budgets, program.costs)
        return await flows.run(conn, code, terms, now, house.today(now))


async def _prove(base: Ground, code: str, file: Path) -> Refusal | None:
    async with base.house() as house:
        return await write_proof(house, code, file)


async def write_proof(house: House, code: str, file: Path) -> Refusal | None:
    """Write the proof of a draw that is over to a file."""
    async with house.upkeep.connection() as conn:
        found = await db.draws(conn, code)
        if not found:
            return flows.no_draw(code)
        (shown,), draw = found, found[0].terms
        if draw is None or shown.shown is None or shown.digest is None:
            return Refusal("draw_open", "code", f"{code} has not been drawn", "draw it first")
        listed, last = list[Entry](), ""
        while page := await db.entries(conn, code, last, _PAGE):
            listed += page
            last = page[-1].label
    won = winners(shown.shown, code, listed, draw.drawn, draw.wins)
    proof = Proof(
        code, shown.bound.hex(), shown.shown.hex(), shown.digest.hex(), draw.wins, draw.drawn,
        tuple(won),
    )  # fmt: skip
    lines = [msgspec.json.encode(proof).decode()]
    lines += [f"{entry.label},{entry.holder},{entry.pieces}" for entry in listed]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return None
