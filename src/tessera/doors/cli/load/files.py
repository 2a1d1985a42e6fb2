"""Rows out of CSV and Parquet files, streaming; and mappings from the shelf or a file of yours.

pyarrow is imported where it is used: the command line lists its commands without it, and a till
that shares the process stays small.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors.cli.load.blocks import Row
from tessera.doors.cli.load.mapping import Layout, Mapping, parse

SHELF = Path(__file__).with_name("mappings")
BATCH_ROWS = 8192
FIELD_BYTES = 1 << 20  # a longer field means a quote that was never closed


class Unreadable(Exception):
    """The file itself cannot be read on; `row` is where."""

    def __init__(self, row: int, why: str) -> None:
        super().__init__(f"row {row}: {why}")
        self.row, self.why = row, why


class Source:
    """A file with its columns.

    header  the names of its columns
    rows    `rows(columns)` streams those columns from the beginning, as often as it is called
    """

    def __init__(
        self, header: tuple[str, ...], rows: Callable[[Sequence[str]], Iterator[Row]]
    ) -> None:
        self.header, self.rows = header, rows


def open_source(path: Path, layout: Layout) -> Source | Refusal:
    """The file, by what it is: Parquet if it begins like one, else CSV with a line of names."""
    try:
        with path.open("rb") as file:
            is_parquet = file.read(4) == b"PAR1"
        return _parquet(path) if is_parquet else _csv(path, layout)
    except (OSError, ValueError, csv.Error, LookupError) as wrong:  # pyarrow raises these two
        return Refusal(
            "file_unreadable", "file", f"{path}: {wrong}",
            "give a Parquet file, or a CSV file whose first line names the columns",
        )  # fmt: skip


def digest(path: Path, mapping: Mapping) -> bytes:
    """What tells one load from another: SHA-256 of the file and of what the mapping says."""
    with path.open("rb") as file:
        sha = hashlib.file_digest(file, "sha256")
    sha.update(msgspec.json.encode(mapping))
    return sha.digest()


def mapping_of(name_or_file: str) -> Mapping | Refusal:
    """A shipped mapping by its name, or one of yours by its path (it ends in .toml)."""
    own = name_or_file.endswith(".toml")
    path = Path(name_or_file) if own else SHELF / f"{name_or_file}.toml"
    if not own and name_or_file not in shipped():
        return Refusal(
            "mapping_unknown", "--mapping", f"there is no mapping called {name_or_file}",
            f"shipped are {', '.join(shipped())}; or name a .toml file of yours",
        )  # fmt: skip
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as wrong:
        return Refusal("mapping_unreadable", "--mapping", f"{path}: {wrong}", "name another file")


def shipped() -> list[str]:
    """The names of the mappings that come with Tessera."""
    return sorted(path.stem for path in SHELF.glob("*.toml"))


def _parquet(path: Path) -> Source:
    import pyarrow.parquet

    header = tuple(pyarrow.parquet.read_schema(path).names)
    return Source(header, lambda columns: _parquet_rows(path, columns))


def _parquet_rows(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    import pyarrow.parquet

    at = 0
    with pyarrow.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(BATCH_ROWS, columns=list(columns)):
            cells = [_cells(batch.column(name)) for name in columns]
            for values in zip(*cells, strict=True):
                at += 1
                yield Row(at, values)


def _cells(column: Any) -> list[Any]:
    """The values of a column: nanoseconds are cut to microseconds, NaN is nothing."""
    import pyarrow

    if pyarrow.types.is_timestamp(column.type) and column.type.unit == "ns":
        kind = pyarrow.timestamp("us", column.type.tz)
        column = column.cast(kind, safe=False)
    cells = column.to_pylist()
    if pyarrow.types.is_floating(column.type):
        return [None if cell != cell else cell for cell in cells]
    return list(cells)


def _csv(path: Path, layout: Layout) -> Source:
    with path.open(encoding=layout.encoding, errors="surrogateescape", newline="") as file:
        header = next(csv.reader(file, delimiter=layout.delimiter), [])
    names = tuple(name.strip() for name in header)
    return Source(names, lambda columns: _csv_rows(path, layout, names, columns))


def _csv_rows(
    path: Path, layout: Layout, names: tuple[str, ...], columns: Sequence[str]
) -> Iterator[Row]:
    """Rows with the number of the line they begin at; a short row has nothing in its last cells.

    A byte that the encoding does not know becomes half a surrogate, which no word of ours may hold:
    the receipt goes to quarantine and the file is read on.
    """
    places = [names.index(column) for column in columns]
    csv.field_size_limit(FIELD_BYTES)
    with path.open(encoding=layout.encoding, errors="surrogateescape", newline="") as file:
        reader = csv.reader(file, delimiter=layout.delimiter)
        next(reader, None)
        begins = reader.line_num + 1
        try:
            for cells in reader:
                if cells:
                    cells += [""] * (len(names) - len(cells))
                    yield Row(begins, tuple(cells[place] for place in places))
                begins = reader.line_num + 1
        except csv.Error as wrong:
            raise Unreadable(begins, str(wrong)) from wrong
