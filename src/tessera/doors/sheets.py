"""Tables to take along: CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from tessera.doors.audited import harmless

# What a file may hold after us and means nothing but itself: -4, -2.50.
_NUMBER = re.compile(r"-[0-9]{1,18}(?:[.,][0-9]{1,6})?\Z")


def sheet(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Rows as CSV (RFC 4180) with a head.

    A cell that a spreadsheet would run begins with ': what begins with = + - @, except a number
    below zero, which stays one.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([harmless(head) for head in heads])
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return out.getvalue()


def _cell(value: Any) -> str:
    word = "" if value is None else str(value)
    return word if _NUMBER.match(word) else harmless(word)
