"""Columns of values for set-based statements, written for PostgreSQL in one go.

The driver looks at every value of a list to find its type; here the statement's author says the
type, which is several times cheaper where a batch has thousands of values (decision 0004).
"""

from __future__ import annotations

import struct
from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Generic, TypeVar
from uuid import UUID

import psycopg
from psycopg.adapt import Dumper
from psycopg.pq import Format

T = TypeVar("T")
_HEAD = struct.Struct(">iiIii")
_NULL = b"\xff\xff\xff\xff"
_NOTHING = type(None)
_US = timedelta(microseconds=1)
_EPOCH, _LOCAL_EPOCH = datetime(2000, 1, 1, tzinfo=UTC), datetime(2000, 1, 1)  # noqa: DTZ001 local
_DAY_ZERO = date(2000, 1, 1).toordinal()


class Column(ABC, Generic[T]):
    """Values of one type, None where there is none; bound as `%b::type[]`."""

    __slots__ = ("values",)
    oid: ClassVar[int]
    array_oid: ClassVar[int]

    def __init__(self, values: Sequence[T | None]) -> None:
        self.values = values

    @abstractmethod
    def body(self) -> bytes:
        """The elements in PostgreSQL's binary form, each with its length before it."""

    def array(self) -> bytes:
        """The whole as PostgreSQL reads an array of one dimension."""
        values = self.values
        if not values:
            return struct.pack(">iiI", 0, 0, self.oid)
        # Not `None in values`: that asks every UUID whether it equals None.
        null = _NOTHING in set(map(type, values))
        return _HEAD.pack(1, null, self.oid, len(values), 1) + self.body()


class _Fixed(Column[T]):
    """Numbers of one width."""

    __slots__ = ()
    letter: ClassVar[str]
    width: ClassVar[int]

    @abstractmethod
    def numbers(self) -> Sequence[int | None]:
        """The values as the numbers that are sent."""

    def body(self) -> bytes:
        numbers = self.numbers()
        if None not in numbers:
            pairs: list[Any] = [self.width] * (2 * len(numbers))
            pairs[1::2] = numbers
            return struct.pack(">" + f"i{self.letter}" * len(numbers), *pairs)
        pack = struct.Struct(f">i{self.letter}").pack
        return b"".join([_NULL if n is None else pack(self.width, n) for n in numbers])


class Bigints(_Fixed[int]):
    """bigint[]"""

    __slots__ = ()
    oid, array_oid, letter, width = 20, 1016, "q", 8

    def numbers(self) -> Sequence[int | None]:
        return self.values


class Integers(_Fixed[int]):
    """integer[]"""

    __slots__ = ()
    oid, array_oid, letter, width = 23, 1007, "i", 4

    def numbers(self) -> Sequence[int | None]:
        return self.values


class Smallints(_Fixed[int]):
    """smallint[]"""

    __slots__ = ()
    oid, array_oid, letter, width = 21, 1005, "h", 2

    def numbers(self) -> Sequence[int | None]:
        return self.values


class Booleans(_Fixed[bool]):
    """boolean[]"""

    __slots__ = ()
    oid, array_oid, letter, width = 16, 1000, "b", 1

    def numbers(self) -> Sequence[int | None]:
        return self.values


class Times(_Fixed[datetime]):
    """timestamptz[], of instants with an offset"""

    __slots__ = ()
    oid, array_oid, letter, width = 1184, 1185, "q", 8

    def numbers(self) -> Sequence[int | None]:
        return [None if v is None else (v - _EPOCH) // _US for v in self.values]


class LocalTimes(_Fixed[datetime]):
    """timestamp[], of times on the wall"""

    __slots__ = ()
    oid, array_oid, letter, width = 1114, 1115, "q", 8

    def numbers(self) -> Sequence[int | None]:
        return [None if v is None else (v - _LOCAL_EPOCH) // _US for v in self.values]


class Dates(_Fixed[date]):
    """date[]"""

    __slots__ = ()
    oid, array_oid, letter, width = 1082, 1182, "i", 4

    def numbers(self) -> Sequence[int | None]:
        return [None if v is None else v.toordinal() - _DAY_ZERO for v in self.values]


class Uuids(Column[UUID]):
    """uuid[]"""

    __slots__ = ()
    oid, array_oid = 2950, 2951

    def body(self) -> bytes:
        # Not `v.bytes`: a property, asked a dozen times a receipt.
        return b"".join(
            [_NULL if v is None else b"\0\0\0\x10" + v.int.to_bytes(16) for v in self.values]
        )


class Texts(Column[str]):
    """text[]"""

    __slots__ = ()
    oid, array_oid = 25, 1009

    def body(self) -> bytes:
        raw = [None if v is None else v.encode() for v in self.values]
        return b"".join([_NULL if v is None else len(v).to_bytes(4, "big") + v for v in raw])


class Bytes(Column[bytes]):
    """bytea[]"""

    __slots__ = ()
    oid, array_oid = 17, 1001

    def body(self) -> bytes:
        return b"".join(
            [_NULL if v is None else len(v).to_bytes(4, "big") + v for v in self.values]
        )


class Instant:
    """One point in time, where a statement with columns asks for it; bound as `%b::timestamptz`."""

    __slots__ = ("value",)
    array_oid: ClassVar[int] = 1184

    def __init__(self, value: datetime) -> None:
        self.value = value

    def array(self) -> bytes:
        """As PostgreSQL reads it."""
        return ((self.value - _EPOCH) // _US).to_bytes(8, "big", signed=True)


class _ColumnDumper(Dumper):
    """Writes a column as a one-dimensional array, an instant as it is."""

    format = Format.BINARY

    def dump(self, obj: Any) -> bytes:
        array: bytes = obj.array()
        return array


for _kind in (
    Bigints,
    Integers,
    Smallints,
    Booleans,
    Times,
    LocalTimes,
    Dates,
    Uuids,
    Texts,
    Bytes,
    Instant,
):
    psycopg.adapters.register_dumper(
        _kind, type(f"{_kind.__name__}Dumper", (_ColumnDumper,), {"oid": _kind.array_oid})
    )
