"""Who may do what (one table), how a key looks, and how a writing call happens only once."""

from __future__ import annotations

import hashlib
import string
import struct
import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.base.refusal import Refusal

Role = Literal["till", "admin"]
Scope = Literal["own_store", "all"]
ANYBODY = "anybody"

# operation -> role -> how far. What has no row is denied, and fails the build.
POLICY: dict[str, dict[Role, Scope]] = {
    "identify": {"till": "all", "admin": "all"},
    "quote": {"till": "own_store", "admin": "all"},
    "quote.cancel": {"till": "own_store", "admin": "all"},
    "receipt.confirm": {"till": "own_store", "admin": "all"},
    "receipt.checkout": {"till": "own_store", "admin": "all"},
    "receipt.bulk": {"till": "own_store", "admin": "all"},
    "allowance.issue": {"till": "own_store", "admin": "all"},
    "allowance.key": {"till": "all", "admin": "all"},
    "receipt.return": {"till": "own_store", "admin": "all"},
    "receipt.read": {"till": "own_store", "admin": "all"},
    "receipt.history": {"admin": "all"},
    "transfer.send": {"till": "own_store", "admin": "all"},  # a till: with the sender's card
    "donation.make": {"admin": "all"},
    "exchange.make": {"admin": "all"},
    "adjustment.make": {"admin": "all"},
    "extension.make": {"admin": "all"},
    "points.read": {"admin": "all"},
    "points.history": {"admin": "all"},
    "event.post": {"till": "own_store", "admin": "all"},
    "event.history": {"admin": "all"},
    "member.register": {"till": "all", "admin": "all"},
    "member.read": {"admin": "all"},
    "member.change": {"admin": "all"},
    "member.list": {"admin": "all"},
    "member.identifier": {"admin": "all"},
    "card.issue": {"admin": "all"},
    "card.batches": {"admin": "all"},
    "card.numbers": {"admin": "all"},
    "card.block": {"admin": "all"},
    "card.unblock": {"admin": "all"},
    "card.replace": {"admin": "all"},
    "store.put": {"admin": "all"},
    "store.list": {"till": "own_store", "admin": "all"},
    "key.issue": {"admin": "all"},
    "key.list": {"admin": "all"},
    "key.revoke": {"admin": "all"},
    "program.publish": {"admin": "all"},
    "program.check": {"admin": "all"},
    "program.announce": {"admin": "all"},
    "program.rollback": {"admin": "all"},
    "program.versions": {"admin": "all"},
    "program.version": {"admin": "all"},
    "program.read": {"admin": "all"},  # it tells its hidden rules
    "incident.list": {"admin": "all"},
    "incident.open": {"admin": "all"},
    "incident.note": {"admin": "all"},
    "incident.close": {"admin": "all"},
    "points.outstanding": {"admin": "all"},
    "console.card": {"admin": "all"},
}


class Principal(Struct, frozen=True):
    """Whoever holds an API key. A till's key belongs to one store."""

    id: UUID
    name: str
    role: Role
    store: str | None
    rate_per_s: int
    expires_at: datetime | None = None


def allowed(principal: Principal, operation: str, store: str | None) -> Refusal | None:
    """None if the policy's row lets this principal do it there, else the refusal.

    store  the store the call is about; None where the operation is about none
    """
    scope = POLICY.get(operation, {}).get(principal.role)
    if scope is None:
        return Refusal(
            "not_allowed", "", f"a key of role {principal.role} may not {operation}",
            "use a key whose role has this operation",
        )  # fmt: skip
    if scope == "own_store" and store is not None and store != principal.store:
        return Refusal(
            "other_store", "store", f"this key belongs to store {principal.store}, not {store}",
            "use the key of that store's tills",
        )  # fmt: skip
    return None


LETTERS: dict[Role, str] = {"till": "t", "admin": "a"}
RATES: dict[Role, int] = {"till": 200, "admin": 50}  # calls per second, unless said otherwise
CHANCE_BYTES = 20  # 160 random bits
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET, _CHECK = 27, 6  # 62**27 > 2**160, 62**6 > 2**32


# Signed in at the console: so long in all, so long without a page, so many at once. A page writes
# down that it was seen only when the last one that did is `SESSION_SEEN_EVERY` ago.
SESSION_LIFE, SESSION_IDLE = timedelta(hours=12), timedelta(minutes=30)
SESSION_SEEN_EVERY = timedelta(minutes=1)
SESSIONS_MOST = 1000


class ApiKey(Struct, frozen=True):
    """A key as its row tells it; the token itself is nowhere."""

    id: UUID
    name: str
    role: Role
    store: str | None
    rate_per_s: int
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def token(role: Role, chance: bytes) -> str:
    """What the holder of a key sends: `tsr_`, the role's letter, a secret, its checksum.

    units   `chance` is 20 random bytes; 38 characters come out, all letters, digits and `_`
    errors  AssertionError if `chance` has another size
    source  the checksum at the end lets scanners and doors tell a token from a typing error
    """
    assert len(chance) == CHANCE_BYTES, "a token has 160 random bits"
    body = f"tsr_{LETTERS[role]}{_base62(int.from_bytes(chance, 'big'), _SECRET)}"
    return body + _base62(zlib.crc32(body.encode()), _CHECK)


def is_token(text: str) -> bool:
    """Whether the text is a token as we write them; a mistyped one is not (one in 2**32 is)."""
    body, check = text[:-_CHECK], text[-_CHECK:]
    if not (text.isascii() and text.startswith("tsr_") and len(body) == 5 + _SECRET):
        return False
    return check == _base62(zlib.crc32(body.encode()), _CHECK)


def token_hash(text: str) -> bytes:
    """What is kept of a token or a cookie: SHA-256. A slow hash is for what people choose."""
    return hashlib.sha256(text.encode()).digest()


def key_fault(role: Role, store: str | None) -> Refusal | None:
    """A till's key names its store, an administration's key names none."""
    if role == "till" and store is None:
        return Refusal(
            "store_missing", "store", "a till's key belongs to one store, none is named",
            "name the store",
        )  # fmt: skip
    if role != "till" and store is not None:
        return Refusal(
            "store_needless", "store", f"a key of role {role} has every store, {store} is named",
            "leave `store` out, or ask for a key of role till",
        )  # fmt: skip
    return None


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


# A writing call happens once -------------------------------------------------------------------

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
