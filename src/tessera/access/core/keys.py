"""How a key of the API looks, what is kept of it, and how long a session holds."""

from __future__ import annotations

import hashlib
import string
import zlib
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from tessera.access.core.policy import Role
from tessera.base.refusal import Refusal

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
