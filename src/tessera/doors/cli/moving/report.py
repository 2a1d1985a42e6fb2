"""What became of a file, for people and for machines."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from tessera.doors.cli.moving.checking import Checked, Weighed
from tessera.doors.cli.moving.tally import Example, Sums, Tally

_OUTCOMES = {
    "new": "new members", "extended": "members with something added", "carried": "carried over",
    "said": "consents written down", "overtaken": "overtaken by what was said later",
    "known": "known before, or said again", "empty": "of no points",
}  # fmt: skip
_HELD = {
    "here": "here as said", "again": "said once more", "quarantined": "in quarantine",
    "mended": "in quarantine until mended", "empty": "of no points",
    "missing": "MISSING: neither here nor in quarantine",
}  # fmt: skip


class Told(Struct, omit_defaults=True):
    """The report of one file.

    kept_as        under what its quarantine is listed
    rehearsed      nothing was written
    loaded_before  the whole file had been loaded earlier: nothing was changed now
    checked        the file held against what is here afterwards
    """

    source: str
    kept_as: str
    tally: Tally | None = None
    rehearsed: bool = False
    loaded_before: bool = False
    checked: Checked | None = None

    @property
    def sound(self) -> bool:
        """Every row is here or in quarantine, as far as that was looked at."""
        return self.checked is None or self.checked.sound


def tell(told: Sequence[Told], *, as_json: bool) -> None:
    """On standard output."""
    if as_json:
        print(msgspec.json.encode(told).decode())
        return
    console = Console()
    for each in told:
        if each.tally is not None:
            _line(console, _title(each, each.tally))
            console.print(_of_load(each.tally))
            _sums(console, each.tally.sums)
            _examples(console, each.tally.examples)
        if each.checked is not None:
            _of_check(console, each.checked)


def _title(told: Told, tally: Tally) -> str:
    said = "loaded before, nothing changed" if told.loaded_before else f"{tally.seconds:.1f} s"
    said = "a rehearsal, nothing was written" if told.rehearsed else said
    return f"{told.source} as {told.kept_as}: {said}"


def _of_load(tally: Tally) -> Table:
    table = _table("rows")
    for what, count in tally.outcomes.items():
        table.add_row(_OUTCOMES[what], f"{count:,}")
    for code, count in sorted(tally.quarantined.items()):
        table.add_row(f"quarantined: {code}", f"{count:,}")
    table.add_section()
    table.add_row("all", f"{tally.rows:,}")
    return table


def _sums(console: Console, all_sums: dict[str, Sums]) -> None:
    for currency, sums in sorted(all_sums.items()):
        table = _table(_points_of(currency))
        rows = [
            ("in the file", sums.said), ("carried over", sums.carried),
            ("known before, or said again", sums.known), ("quarantined", sums.quarantined),
        ]  # fmt: skip
        for what, points in rows:
            table.add_row(what, f"{points:,}")
        table.add_row("rows whose points cannot be read", f"{sums.unreadable:,}", end_section=True)
        for month, points in sorted(sums.expiring.items()):
            table.add_row(_last_day(month), f"{points:,}")
        console.print(table)


def _last_day(month: str) -> str:
    alone = {"never": "carried over, never expire", "activity": "carried over, live with activity"}
    return alone.get(month) or f"carried over, last day in {month}"


def _examples(console: Console, examples: dict[str, list[Example]]) -> None:
    for code, some in sorted(examples.items()):
        for each in some:
            place = f" {each.field}" if each.field else ""
            _line(console, f"row {each.row}{place}: {code}: {each.why}")


def _of_check(console: Console, checked: Checked) -> None:
    _line(console, f"{checked.source} as {checked.kept_as}, held against what is here:")
    table = _table("rows")
    for what, text in _HELD.items():
        if checked.rows.get(what):
            table.add_row(text, f"{checked.rows[what]:,}")
    console.print(table)
    for currency, sums in sorted(checked.sums.items()):
        _line(console, _weighed(currency, sums))
    for each in checked.examples:
        _line(console, f"row {each.row}: {each.why}")


def _weighed(currency: str, sums: Weighed) -> str:
    parts = [f"{sums.ledger:,} in the ledger"]
    for what, points in (
        ("said again", sums.again), ("in quarantine", sums.quarantined),
        ("mended since", sums.mended), ("MISSING", sums.missing),
    ):  # fmt: skip
        if points:
            parts.append(f"{points:,} {what}")
    more = f"; {sums.unreadable:,} rows cannot be read" if sums.unreadable else ""
    return f"{_points_of(currency)}: {sums.said:,} in the file = {' + '.join(parts)}{more}"


def _points_of(currency: str) -> str:
    return f"points of {currency or 'the program'}"


def _table(what: str) -> Table:
    table = Table()
    table.add_column(what)
    table.add_column("", justify="right")
    return table


def _line(console: Console, line: str) -> None:
    """As it is, however narrow the screen."""
    console.print(line, markup=False, highlight=False, soft_wrap=True)
