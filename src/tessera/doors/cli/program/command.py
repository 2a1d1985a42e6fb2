"""`tessera program`: check, diff, publish, rollback, test, export, list."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tessera.access.audit.core import Change
from tessera.base.refusal import Refusal
from tessera.doors.cli import audit
from tessera.doors.cli.program import telling
from tessera.doors.cli.program.receipt import UNKNOWN, printed
from tessera.doors.cli.program.sources import (
    PUBLISHED,
    Directory,
    NoSource,
    deciding,
    directory,
    is_version,
    opened,
    start_of,
    text_of,
    version,
)
from tessera.doors.ground import Settings
from tessera.doors.reading import reader_of
from tessera.program import db, flows
from tessera.program.core import Reader
from tessera.program.core.difference import Edition, differences
from tessera.program.core.timeline import Release
from tessera.program.core.writing import written
from tessera.program.files import write_directory
from tessera.rewards.draws import flows as draws
from tessera.rules.core.words import Program

_HELP = """The program: its rules and settings, as a directory of text files.

\b
  program.yaml      name, currency, settings, numbers, groups, attributes, events
  rules/*.yaml      one rule, or a list of rules, in each file
  tests/*.txt       receipts that the program must print

\b
Get one, change it, look, publish:
  tessera program export shop
  tessera program check shop
  tessera program diff shop
  tessera program publish shop --note "weekend counts double"

All commands end with 0 if all is well and with 1 if something is not.
"""
_Dir = Annotated[Path, typer.Argument(help="the directory with program.yaml")]
_From = Annotated[
    str,
    typer.Option(
        "--from", help="decide what happens from then on: 2027-01-01, with a time, or `beginning`"
    ),
]
_Zone = Annotated[str, typer.Option(help="of --from; default: the stores'")]
_Note = Annotated[str, typer.Option(help="why, for `tessera program list`")]
_Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The commands `program ...`."""
    program = typer.Typer(help=_HELP, no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(program, name="program")
    for add in (_add_check, _add_diff, _add_test, _add_export, _add_list, _add_publish, _add_back):
        add(program, settings)


def _add_check(program: typer.Typer, settings: Settings) -> None:
    @program.command()
    def check(
        dir: _Dir,
        against: Annotated[
            bool, typer.Option("--published", help="warn of rules that are new, too")
        ] = False,
    ) -> None:
        """Say everything that is wrong with a directory, try its tests, and warn.

        No database is touched, so that it can run where changes are reviewed; with --published
        the program that decides now is read.

        Example: tessera program check shop
        """
        with _heard():
            found = directory(reader_of(settings), dir)
            _say(telling.mistakes(found))
            if found.sound:
                before = _version(settings, PUBLISHED)[1].program if against else None
                _say(telling.warned(found, found.warnings(before, datetime.now(UTC).date())))
            _end(telling.summary(found), well=found.sound)


def _add_diff(program: typer.Typer, settings: Settings) -> None:
    @program.command()
    def diff(
        first: Annotated[str, typer.Argument(help="a directory, or a version's number")],
        second: Annotated[str, typer.Argument(help="likewise; left out, see above")] = "",
    ) -> None:
        """Say in sentences what changes from one program to another.

        With one name: what would change if that were published now.

        \b
        Examples:
          tessera program diff shop          from what is published to the directory
          tessera program diff 3 4           from version 3 to version 4
          tessera program diff published 2   what a rollback to 2 would change
        """
        old, new = (first, second) if second else (PUBLISHED, first)
        with _heard():
            after = _edition(settings, new)
            _say(telling.changed(differences(_edition(settings, old), after)))


def _add_test(program: typer.Typer, settings: Settings) -> None:
    @program.command()
    def test(
        dir: _Dir,
        file: Annotated[
            Path | None, typer.Argument(help="a receipt (.json) or more tests (.txt)")
        ] = None,
    ) -> None:
        """Try the directory's tests, and one receipt more if you like.

        \b
        A test is a receipt: when, where, who and what is bought, ---- and what is printed.
          at 2026-02-07 10:30
          have 500
          buy LATTE 3 x 2.50, CAKE 1 x 4.00 [bakery]
          ----
          LATTE 3 x 2.50       7.50
          CAKE 1 x 4.00        4.00
          to pay              11.50
          points                 23

        A receipt in JSON, as a till sends it, is printed with why and why not of every rule.

        \b
        Examples:
          tessera program test shop
          tessera program test shop receipt.json
        """
        with _heard():
            text = text_of(file) if file is not None else ""
            as_json = file is not None and file.suffix == ".json"
            more = {str(file): text} if file is not None and not as_json else {}
            found = directory(reader_of(settings), dir, more)
            _say(telling.mistakes(found))
            if as_json and found.read.program is not None:
                typer.echo(printed(text, found.read.program))
                typer.echo(UNKNOWN, err=True)
            _end(telling.summary(found), well=found.sound)


def _add_export(program: typer.Typer, settings: Settings) -> None:
    @program.command()
    def export(
        dir: Annotated[Path, typer.Argument(help="the directory to write")],
        number: Annotated[
            int, typer.Option("--version", help="which; default: the one that decides now")
        ] = 0,
        replace: Annotated[
            bool, typer.Option("--replace", help="a program is there already: replace its rules")
        ] = False,
    ) -> None:
        """Write a published version as a directory. Published again it is the same program.

        Copy a program from one installation to another: export it there, publish it here. Tests
        are no part of a version: those in the directory stay.

        Example: tessera program export shop
        """
        with _heard():
            found, edition = _version(settings, str(number) if number else PUBLISHED)
            files = written(edition.body, reader_of(settings).mechanics)
            try:
                write_directory(dir, files, replace=replace)
            except FileExistsError as wrong:
                raise NoSource(f"{dir}: {wrong.strerror}; --replace replaces it") from wrong
            except OSError as wrong:
                raise NoSource(f"{wrong.filename}: {wrong.strerror}") from wrong
            typer.echo(f"version {found} written to {dir}: {len(files)} files")


def _add_list(program: typer.Typer, settings: Settings) -> None:
    @program.command(name="list")
    def list_(
        most: Annotated[int, typer.Option(help="how many", min=1, max=1000)] = 20,
    ) -> None:
        """List the versions: from when each decides, when it was published, and why.

        Example: tessera program list --most 5
        """
        asyncio.run(_list(settings, most))


def _add_publish(program: typer.Typer, settings: Settings) -> None:
    @program.command()
    def publish(
        dir: _Dir, starts: _From = "", time_zone: _Zone = "", note: _Note = "", yes: _Yes = False
    ) -> None:
        """Make a directory the next version. It shows what changes and asks first.

        It decides what happens from now on, or from the moment that --from says. What happened
        before stays with the versions before, however late it arrives. With --from beginning it
        decides whatever arrives from now on, a late receipt of last year too. Receipts that were
        decided stay as they are. A running server follows within a second.

        \b
        Examples:
          tessera program publish shop --note "weekend counts double"
          tessera program publish shop --from 2027-01-01 --yes
        """
        with _heard():
            reader = reader_of(settings)
            found = directory(reader, dir)
            if not found.sound:
                _say(telling.mistakes(found))
                _end(telling.summary(found), well=False)
            order = Order(starts, time_zone, note, yes, found)
            asyncio.run(_publish(settings, reader, found.edition, order))


def _add_back(program: typer.Typer, settings: Settings) -> None:
    @program.command()
    def rollback(
        number: Annotated[int, typer.Argument(metavar="VERSION", help="see `list`", min=1)],
        starts: _From = "", time_zone: _Zone = "", note: _Note = "", yes: _Yes = False,
    ) -> None:  # fmt: skip
        """Publish an older version again, as the next one. It shows what changes and asks first.

        Example: tessera program rollback 3 --note "the weekend was too dear"
        """
        with _heard():
            _, edition = _version(settings, str(number))
            order = Order(starts, time_zone, note or f"back to version {number}", yes)
            asyncio.run(_publish(settings, reader_of(settings), edition, order))


@dataclass(frozen=True)
class Order:
    """How to publish: from when, in which time zone that is, the note, without asking.

    found  the directory it comes from, for its warnings
    """

    starts: str
    time_zone: str
    note: str
    yes: bool
    found: Directory | None = None


async def _publish(settings: Settings, reader: Reader, edition: Edition, order: Order) -> None:
    """Show what changes, ask, publish."""
    now = datetime.now(UTC)
    async with opened(settings, reader) as conn:
        starts_at = await start_of(conn, order.starts, order.time_zone, now)
        _, before = await deciding(conn, reader)
        newest, gone = await _newest(conn), await flows.to_overtake(conn, starts_at, now)
        changes = differences(before, edition)
        _say(telling.changed(changes))
        if not (changes or gone or order.starts):
            return
        if order.found is not None:
            on = (starts_at or now).date()
            _say(telling.warned(order.found, order.found.warnings(before.program, on)))
        _say(telling.overtakes(gone))
        decides = telling.decides(starts_at, at_once=not order.starts)
        typer.echo(f"it is to decide {decides}")
        await conn.commit()  # whoever thinks about the question keeps nobody waiting
        if not order.yes and not typer.confirm("publish?"):
            raise NoSource("nothing was published")
        if await _newest(conn) != newest:
            raise NoSource("somebody has published meanwhile: look again what changes")
        now = datetime.now(UTC)  # the answer may have taken long
        release = Release(now, None, starts_at if order.starts else now, order.note)
        made = await flows.release(conn, reader, edition.body, release)
        fault = made if isinstance(made, Refusal) else await draws.again(conn, made.draws)
        if fault is not None:
            raise NoSource(f"{fault.code} {fault.field}: {fault.why}\n{fault.cure}")
        assert isinstance(made, Program), "it is published"
        change = Change("program", str(made.version), None, {"name": made.name}, None, order.note)
        await audit.note(conn, "program.publish", change)
    typer.echo(f"version {made.version} decides {decides}")


async def _newest(conn: db.Conn) -> int:
    """The last version's number; whoever publishes now waits until we are through."""
    await db.take_turn(conn)
    found = await db.newest(conn)
    return found[0] if found else 0


async def _list(settings: Settings, most: int) -> None:
    async with opened(settings, reader_of(settings)) as conn:
        versions, starts = await db.page(conn, None, most), await db.starts(conn)
    _say(telling.listed(versions, starts, datetime.now(UTC)))


def _edition(settings: Settings, word: str) -> Edition:
    """A version, or a directory without mistakes."""
    if is_version(word):
        return _version(settings, word)[1]
    found = directory(reader_of(settings), Path(word))
    if found.read.program is None:
        _say(telling.mistakes(found))
        _end(telling.summary(found), well=False)
    return found.edition


def _version(settings: Settings, word: str) -> tuple[int, Edition]:
    return asyncio.run(version(settings, reader_of(settings), word))


@contextmanager
def _heard() -> Iterator[None]:
    """What cannot be found or done is told, and ends the command with 1."""
    try:
        yield
    except NoSource as wrong:
        typer.echo(str(wrong), err=True)
        raise typer.Exit(1) from wrong


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)


def _end(line: str, *, well: bool) -> None:
    typer.echo(line)
    if not well:
        raise typer.Exit(1)
