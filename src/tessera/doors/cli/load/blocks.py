"""Rows with one number belong together, and what is said twice counts once.

Rows of one number that follow each other are a *block*. A file may hold a receipt in several
blocks, and whole receipts several times, anywhere. Two passes: `repeated` learns from the numbers
alone which numbers have several blocks; `gather` holds the blocks of those until the last has come.
Memory: one filter of 32 MiB, and the rows of the numbers that have several blocks.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import groupby
from typing import Any, NamedTuple

from msgspec import Struct

FILTER_BITS = 28  # 2**28 bits: 10 million numbers, one in a thousand held without need
MAX_HELD_ROWS = 2_000_000
LATEST = datetime.max.replace(tzinfo=UTC)


class Row(NamedTuple):
    """One row of a file. `at`: its line (CSV) or its number from 1 (Parquet)."""

    at: int
    values: tuple[Any, ...]


class Gathered(Struct, frozen=True):
    """All that a file says about one number.

    rows      each line of the receipt once, in order of time, then of the file
    repeated  rows left out because they said the same receipt once more
    """

    number: str
    rows: tuple[Row, ...]
    repeated: int = 0


class Scattered(Exception):
    """Too many rows wait for the rest of their receipts."""


def repeated(numbers: Iterable[str], bits: int = FILTER_BITS) -> dict[str, int]:
    """How many blocks each number has, of those that (may) have several.

    numbers  the number of every row, in the order of the file
    bits     2**bits make the filter that tells new numbers from old ones
    shape    a number with one block may be among them, one in thousands; then `gather` holds it
             until the end of the file, which is slower and otherwise the same
    source   Bloom's filter, three bits
    """
    seen = bytearray(1 << (bits - 3))
    found: dict[str, int] = {}
    for number, _ in groupby(numbers):
        if number in found:
            found[number] += 1
        elif _mark(seen, bits, number):
            found[number] = 2
    return found


def gather(
    rows: Iterable[Row],
    number_of: Callable[[tuple[Any, ...]], str],
    time_of: Callable[[tuple[Any, ...]], datetime | None],
    expected: dict[str, int],
) -> Iterator[Gathered]:
    """Every number of the file once, as soon as its last block has come.

    expected  what `repeated` found in the same rows; the same file gives the same order
    errors    Scattered when more than MAX_HELD_ROWS rows would have to wait
    """
    held: dict[str, list[tuple[Row, ...]]] = {}
    waiting = 0
    for number, run in groupby(rows, key=lambda row: number_of(row.values)):
        block = tuple(run)
        if not number:  # nobody knows what belongs together: each such row stands alone
            yield from (Gathered("", (row,)) for row in block)
        elif number not in expected:
            yield join(number, [block], time_of)
        else:
            blocks = held.setdefault(number, [])
            blocks.append(block)
            waiting += len(block)
            if waiting > MAX_HELD_ROWS:
                raise Scattered
            if len(blocks) == expected[number]:
                waiting -= sum(map(len, held.pop(number)))
                yield join(number, blocks, time_of)
    for number, blocks in held.items():
        yield join(number, blocks, time_of)


def join(
    number: str,
    blocks: list[tuple[Row, ...]],
    time_of: Callable[[tuple[Any, ...]], datetime | None],
) -> Gathered:
    """One receipt out of its blocks, whatever order they came in.

    When every row is there k times, the receipt was said k times. Else a block of several rows
    that is there twice, line by line, was said twice; what remains are pieces of one receipt.
    Rows that are all alike do not tell: in one block they are a receipt with equal lines.
    """
    rows = _in_order(blocks, time_of)
    kept = _once(rows, blocks) or _pieces(rows, blocks)
    return Gathered(number, tuple(kept), len(rows) - len(kept))


def _in_order(
    blocks: list[tuple[Row, ...]], time_of: Callable[[tuple[Any, ...]], datetime | None]
) -> list[Row]:
    if len(blocks) > 1:
        blocks.sort(key=lambda block: repr([row.values for row in block]))
    timed = [(time_of(row.values) or LATEST, row) for block in blocks for row in block]
    return [row for _, row in sorted(timed, key=lambda pair: pair[0])]


def _once(rows: list[Row], blocks: list[tuple[Row, ...]]) -> list[Row] | None:
    """The receipt if its rows show that it was said several times, else None."""
    counts = Counter(row.values for row in rows)
    if len(counts) == 1:
        return rows[: math.gcd(*map(len, blocks))]
    times = math.gcd(*counts.values())
    if times == 1:
        return None
    wanted = {values: count // times for values, count in counts.items()}
    return _take(rows, wanted)


def _pieces(rows: list[Row], blocks: list[tuple[Row, ...]]) -> list[Row]:
    """All rows, except blocks of several rows that repeat another block."""
    distinct: dict[tuple[Any, ...], int] = {}
    for place, block in enumerate(blocks):
        values = tuple(row.values for row in block)
        distinct.setdefault(values if len(block) > 1 else (*values, place), place)
    if len(distinct) == len(blocks):
        return rows
    wanted = Counter(row.values for place in distinct.values() for row in blocks[place])
    return _take(rows, dict(wanted))


def _take(rows: list[Row], wanted: dict[tuple[Any, ...], int]) -> list[Row]:
    """The first rows of each kind, as many as wanted."""
    kept = []
    for row in rows:
        if wanted[row.values]:
            wanted[row.values] -= 1
            kept.append(row)
    return kept


def _mark(seen: bytearray, bits: int, number: str) -> bool:
    """Whether this number was (almost surely) seen before; from now on it was."""
    digest = blake2b(number.encode("utf-8", "replace"), digest_size=12).digest()
    known = True
    for start in (0, 4, 8):
        bit = int.from_bytes(digest[start : start + 4], "little") >> (32 - bits)
        place, mask = bit >> 3, 1 << (bit & 7)
        known = known and bool(seen[place] & mask)
        seen[place] |= mask
    return known
