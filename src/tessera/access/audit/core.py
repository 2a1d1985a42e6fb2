"""What the log remembers, how entries are chained, and what is wrong with a chain. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import astuple

Fields = Mapping[str, Any]
Outcome = Literal["done", "refused"]
CHAINS = 8  # so that few calls wait for each other's commit
_EPOCH, _US = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_NOTHING = b"\xff" * 8  # in the place of a length: there is no value


class Change(Struct, frozen=True):
    """What a call did to one subject.

    kind, id       what was changed: member, store, key, ...
    before, after  the fields that changed, by name, as JSON can hold them; None: it was not there
    person         the member whose values these are: they are sealed with that member's key
    reason         why, in the words of who did it
    operation      by which it was done, where that is not the call itself: one that was approved
    """

    kind: str
    id: UUID | str
    before: Fields | None
    after: Fields | None
    person: UUID | None = None
    reason: str = ""
    operation: str = ""


class Actor(Struct, frozen=True):
    """Who did it, as that one was called then.

    kind     key, staff, member, anybody; system: the house itself; command line: who may log in
             on the machine
    address  of the caller; "" where there is none
    """

    kind: str
    id: UUID | None
    name: str
    role: str = ""
    address: str = ""


class Entry(Struct, frozen=True):
    """One thing that somebody did, to be written down.

    outcome_id   of a call that `writes`; what it posted carries the same id
    approval_id  of the proposal that somebody approved
    """

    at: datetime
    actor: Actor
    operation: str
    change: Change
    outcome: Outcome = "done"
    outcome_id: UUID | None = None
    approval_id: UUID | None = None


class Line(Struct, frozen=True):
    """An entry as it is kept, column by column; `chain` and `seq` name it.

    fields  names of what changed, with commas between
    person  whose key has sealed `before` and `after`; None: they are JSON
    hash    SHA-256 over the hash of the entry before and all other columns
    """

    chain: int
    seq: int
    at: datetime
    principal_kind: str
    principal_id: UUID | None
    principal_name: str
    role: str
    address: str
    operation: str
    outcome: Outcome
    subject_kind: str
    subject_id: str
    fields: str
    before: bytes | None
    after: bytes | None
    person: UUID | None
    reason: str
    outcome_id: UUID | None
    approval_id: UUID | None
    hash: bytes = b""

    @property
    def name(self) -> str:
        """By which people call it: chain and number."""
        return f"{self.chain}-{self.seq}"


class Head(Struct, frozen=True):
    """The end of a chain: how many entries it has, and the hash of the last."""

    chain: int
    seq: int
    hash: bytes


def chain_of(entry: Entry) -> int:
    """The chain that an entry goes to: a principal's always to the same, by the id's last bits.

    Of anybody's each may go to another: they are many, and one to us.
    """
    by = entry.outcome_id if entry.actor.kind == "anybody" else entry.actor.id
    return 0 if by is None else by.int % CHAINS


def names_of(change: Change) -> str:
    """The fields that changed, in the order in which they were said, before those after."""
    names = dict.fromkeys((*(change.before or {}), *(change.after or {})))
    return ",".join(names)


def digest(line: Line, before: bytes) -> bytes:
    """The hash of an entry that follows the one with hash `before`.

    source  SHA-256 over the hash before and each column in the order of `Line`, as bytes with
            their length before them, so that no two entries run together
    """
    parts = [before]
    for value in astuple(line)[:-1]:
        if value is None:
            parts.append(_NOTHING)
        else:
            raw = value.encode() if value.__class__ is str else _plain(value)
            parts += (len(raw).to_bytes(8), raw)
    return hashlib.sha256(b"".join(parts)).digest()


def _plain(value: Any) -> bytes:
    """A column as bytes; times in microseconds since 1970."""
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, datetime):
        return str((value - _EPOCH) // _US).encode()
    return value if isinstance(value, bytes) else str(value).encode()


class Trail:
    """Looks at a chain's entries in their order, one after the other."""

    def __init__(self, chain: int) -> None:
        self.chain = chain
        self.last = Head(chain, 0, b"")

    def fault(self, line: Line) -> str | None:
        """What is wrong with the next entry, in a sentence; None if it is as it was written."""
        due, before = self.last.seq + 1, self.last.hash
        self.last = Head(self.chain, line.seq, line.hash)
        if line.seq > due:
            missing = f"entry {self.chain}-{due}"
            if line.seq > due + 1:
                missing += f" to {self.chain}-{line.seq - 1}"
            return f"{missing} was taken away: the next is {line.name}"
        if digest(line, before) != line.hash:
            return f"entry {line.name} {_told(line)} was changed, put in or displaced"
        return None

    def end(self, head: Head | None) -> str | None:
        """What is wrong with the chain's end, once all entries were looked at."""
        if head is None:
            return f"chain {self.chain} has lost its head"
        if head.seq > self.last.seq:
            first = f"{self.chain}-{self.last.seq + 1}"
            return f"entry {first} to {self.chain}-{head.seq} was cut off: the head counts them"
        if head != self.last:
            return f"the head of chain {self.chain} does not fit entry {self.chain}-{self.last.seq}"
        return None


def _told(line: Line) -> str:
    return f"({line.operation} by {line.principal_kind} {line.principal_id or line.principal_name})"


def unlike_seal(sealed: Head, there: bytes | None) -> str | None:
    """What is wrong where a seal was made; `there` is the hash of its last entry now."""
    if sealed.seq == 0 or there == sealed.hash:
        return None
    where = f"entry {sealed.chain}-{sealed.seq}"
    if there is None:
        return f"{where} is in the seal and is gone: the chain was cut off or written anew"
    return f"{where} is not as in the seal: it, or one before it, was written anew"
