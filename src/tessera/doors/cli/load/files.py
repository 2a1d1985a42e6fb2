"""Rows out of CSV and Parquet files, streaming.

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
from tessera.doors.cli.load.mapping import Layout, Mapping

BATCH_ROWS = 8192
_PARQUET = b"PAR1"
_PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"BZh", b"7z\xbc\xaf", b"\xfd7zX", b"Rar!",
           b"\x28\xb5\x2f\xfd", b"\xd0\xcf\x11\xe0")  # fmt: skip
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_GIVE = "give a Parquet file, or a CSV file whose first line names the columns"
UNPACKED_MOST = 4 << 30  # bytes that a Parquet file may say it unpacks to
FIELD_BYTES = 1 << 16  # a longer field means a quote that was never closed


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
            begins = file.read(4)
        if refusal := foreign(begins):
            return refusal
        return _parquet(path) if is_parquet(begins) else _csv(path, layout)
    except (OSError, ValueError, csv.Error, LookupError) as wrong:  # pyarrow raises these two
        return Refusal(
            "file_unreadable", "file", f"{path}: {wrong}",
            _GIVE,
        )  # fmt: skip


def foreign(begins: bytes) -> Refusal | None:
    """What a file is that is neither CSV nor Parquet, by its first bytes."""
    if not begins:
        return Refusal("file_empty", "file", "there is nothing in this file", _GIVE)
    if begins.startswith(_PACKED):
        return Refusal(
            "file_packed", "file", "this is a packed file, or a workbook of a spreadsheet",
            "unpack it; of a workbook save the sheet as CSV in UTF-8",
        )  # fmt: skip
    if begins.startswith(_WIDE):
        return Refusal(
            "file_encoding", "file", "this text is in UTF-16", "save it as CSV in UTF-8",
        )  # fmt: skip
    return None


def is_parquet(begins: bytes) -> bool:
    """What a file is, by its first four bytes."""
    return begins == _PARQUET


def digest(path: Path, mapping: Mapping) -> bytes:
    """What tells one load from another: SHA-256 of the file and of what the mapping says."""
    with path.open("rb") as file:
        sha = hashlib.file_digest(file, "sha256")
    sha.update(msgspec.json.encode(mapping))
    return sha.digest()


def _parquet(path: Path) -> Source:
    import pyarrow.parquet

    known = pyarrow.parquet.read_metadata(path)
    whole = sum(known.row_group(at).total_byte_size for at in range(known.num_row_groups))
    if whole > UNPACKED_MOST:
        raise ValueError(f"it unpacks to {whole:,} bytes, at most {UNPACKED_MOST:,} are read")
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
