"""What tells one receipt of a file from another: its number, and its day where numbers restart."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tessera.doors.cli.load.cells import text
from tessera.doors.cli.load.mapping import Mapping, names_of


class Telling:
    """Reads the number and the time of rows that have these columns.

    columns  in the order of a row's values; those of the time may be missing if it is not asked for
    """

    def __init__(self, mapping: Mapping, columns: Sequence[str]) -> None:
        head = mapping.receipt
        place = {name: index for index, name in enumerate(columns)}
        self._daily, self._how = head.number_restarts == "daily", head.time_format
        self._number = tuple(place[name] for name in names_of(head.number))
        self._time = tuple(place[name] for name in names_of(head.time) if name in place)
        self._zone = ZoneInfo(mapping.store.time_zone)
        self._local = lru_cache(maxsize=4096)(self._local_of)

    def key(self, values: tuple[Any, ...]) -> str:
        """What no other receipt of the file has; "" if a column of the number is empty."""
        number = self.number(values)
        at = self.time(values) if self._daily and number else None
        return f"{number} {at:%Y-%m-%d}" if at is not None else number

    def number(self, values: tuple[Any, ...]) -> str:
        """The number that stands on the receipt; "" if one of its columns is empty."""
        parts = [text(values[place]) for place in self._number]
        return "-".join(parts) if all(parts) else ""

    def time(self, values: tuple[Any, ...]) -> datetime | None:
        """When the row happened, on the shop's clock; None if that cannot be read."""
        if len(self._time) == 1 and isinstance(values[self._time[0]], date):
            return self._local(values[self._time[0]])
        return self._local(self.seen(values).strip())

    def seen(self, values: tuple[Any, ...]) -> str:
        """The cells of the time as they stand there."""
        return " ".join(text(values[place]) for place in self._time)

    def _local_of(self, said: Any) -> datetime | None:
        try:
            at = self._parsed(said)
            at = at.replace(tzinfo=self._zone) if at.tzinfo is None else at.astimezone(self._zone)
            at.astimezone(UTC)  # year 1 and year 9999 have no place on every clock
        except (ValueError, OverflowError):
            return None
        return at

    def _parsed(self, said: Any) -> datetime:
        if isinstance(said, datetime):
            return said
        if isinstance(said, date):
            return datetime(said.year, said.month, said.day)  # noqa: DTZ001 - the zone comes next
        if self._how == "iso":
            return datetime.fromisoformat(said)
        return datetime.strptime(said, self._how)  # noqa: DTZ007 - the zone comes next


def telling_columns(mapping: Mapping) -> tuple[str, ...]:
    """The columns that `Telling.key` needs, each once."""
    head = mapping.receipt
    needed = names_of(head.number)
    if head.number_restarts == "daily":
        needed += names_of(head.time)
    return tuple(dict.fromkeys(needed))
