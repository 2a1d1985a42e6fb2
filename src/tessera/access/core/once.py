"""A writing call happens once: its claim, its fingerprint, what a second one gets."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.base.refusal import Refusal

WHOLE = 16  # bytes: equality of bodies rests on these 128 bits
_FIELD = struct.Struct(">HI")  # after them, per field: who it is and what it said, for the message
_encode = msgspec.json.Encoder().encode


class Claim(Struct, frozen=True):
    """A writing call takes its key. `fingerprint` stands for its body."""

    principal_id: UUID
    key: str
    operation: str
    fingerprint: bytes
    outcome_id: UUID
    posted_at: datetime


class Known(Struct, frozen=True):
    """What is kept of the call that used a key first.

    status, body  the bytes of its answer; None once they were dropped (after 35 days)
    """

    operation: str
    fingerprint: bytes
    outcome_id: UUID
    posted_at: datetime
    status: int | None
    body: bytes | None


class Replay(Struct, frozen=True):
    """The same call again: answer the same bytes, or from the stored effects when they are gone."""

    outcome_id: UUID
    posted_at: datetime
    status: int | None
    body: bytes | None
    operation: str = ""


def judge(known: Known, claim: Claim, names: Sequence[str] = ()) -> Replay | Refusal:
    """What the second call with a key gets: the first one's answer, or why not.

    names   the fields of the body in its order, so that the first that differs can be named
    """
    if (
        known.operation == claim.operation
        and known.fingerprint[:WHOLE] == claim.fingerprint[:WHOLE]
    ):
        return Replay(known.outcome_id, known.posted_at, known.status, known.body, known.operation)
    cure = "send the first call's body to get its answer, or a fresh key for a new call"
    if known.operation != claim.operation:
        why = f"key {claim.key} was used for {known.operation}, this is {claim.operation}"
        return Refusal("key_reused", "Idempotency-Key", why, cure)
    if not known.fingerprint:
        why = f"what key {claim.key} was used for was of a person, and is forgotten"
        return Refusal("key_reused", "Idempotency-Key", why, "send a fresh key")
    field = first_difference(names, known.fingerprint, claim.fingerprint)
    why = f"key {claim.key} was used at {known.posted_at:%Y-%m-%dT%H:%M:%SZ} with another"
    return Refusal("key_reused", field, f"{why} {field or 'body'}", cure)


def body_fields(body: Struct | None, path: Mapping[str, str] | None = None) -> dict[str, bytes]:
    """What a call says, per top-level field, spelled in one way only.

    Fields at their default are left out, so that a body means the same whether it spells them or
    not, and after an upgrade that adds a field. Words of the address count as `path.name`.
    """
    said = {f"path.{name}": word.encode() for name, word in (path or {}).items()}
    if body is None:
        return said
    for name, default in _shape(type(body)):
        value = getattr(body, name)
        if default is msgspec.NODEFAULT or value != default:
            said[name] = _encode(value)
    return said


def body_names(kind: type[Struct] | None, path: Sequence[str] = ()) -> tuple[str, ...]:
    """The names `body_fields` may use, the address first, then the body in its own order."""
    fields = () if kind is None else tuple(name for name, _ in _shape(kind))
    return (*(f"path.{name}" for name in path), *fields)


def fingerprint(fields: Mapping[str, bytes]) -> bytes:
    """16 bytes for the whole, then 6 for each field (2 say which, 4 what it said), in name order.

    The whole is framed by lengths, so no two different mappings run together.
    """
    framed: list[bytes] = []
    marks: list[bytes] = []
    for name in sorted(fields):
        who, frame = _name(name)
        value = fields[name]
        framed += (frame, len(value).to_bytes(8), value)
        marks += (who, zlib.crc32(value).to_bytes(4))
    return hashlib.blake2b(b"".join(framed), digest_size=WHOLE).digest() + b"".join(marks)


def first_difference(names: Sequence[str], old: bytes, new: bytes) -> str:
    """The first of `names` that differs between two fingerprints; "" if it cannot be told."""
    before, after = _marks(old), _marks(new)
    for name in names:
        who = zlib.crc32(name.encode()) & 0xFFFF
        if before.get(who) != after.get(who):
            return name
    return ""


def answer_day(posted_at: datetime) -> date:
    """The partition an answer lies in: the day of posting in UTC."""
    return posted_at.astimezone(UTC).date()


def _marks(mark: bytes) -> dict[int, int]:
    return {who: said for who, said in _FIELD.iter_unpack(mark[WHOLE:])}


@lru_cache(maxsize=1024)
def _name(name: str) -> tuple[bytes, bytes]:
    """A field's mark, and its name framed by its length."""
    raw = name.encode()
    return (zlib.crc32(raw) & 0xFFFF).to_bytes(2), len(raw).to_bytes(8) + raw


@lru_cache(maxsize=256)
def _shape(kind: type[Struct]) -> tuple[tuple[str, Any], ...]:
    """Each field with what it is when left out (NODEFAULT if it must be there)."""
    shape = []
    for field in msgspec.structs.fields(kind):
        made = field.default_factory is not msgspec.NODEFAULT
        shape.append((field.name, field.default_factory() if made else field.default))
    return tuple(shape)
