"""How a key of the API looks, what is kept of it, and how long a session holds."""

from __future__ import annotations

import hashlib
import string
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec import Struct

from tessera.access.core.policy import EXPIRES, GRANTS, PEOPLE, ROLES
from tessera.base.refusal import Refusal

LETTERS: dict[str, str] = {"till": "t", "owner": "a"}  # `s` and `m`: somebody is signed in
LETTER = "k"  # of every other role
RATES: dict[str, int] = {"till": 200, "partner": 200, "integrator": 200}  # unless said otherwise
RATE = 50  # of every other role
CHANCE_BYTES = 20  # 160 random bits
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_SECRET, _CHECK = 27, 6  # 62**27 > 2**160, 62**6 > 2**32


KEY_USED_EVERY = timedelta(hours=1)  # so coarsely it is written down when a key was used
LONGEST_OVERLAP = timedelta(days=30)  # of the token before a rotation
LONGEST_LIFE = timedelta(days=3660)  # of a key; what shall outlive ten years says nothing
LONGEST_TERM = timedelta(days=366)  # of a contractor
_BEFORE = {"admin": "owner"}


class KeyTerms(Struct, frozen=True, kw_only=True):
    """What a key shall be; `key_fault` says whether it can be.

    stores        what is about a store must be about one of these; None: every store
    rate_per_s    calls per second; None takes the role's default
    expires_at    None: until it is revoked
    operations    of the role's operations only these; None: all of them
    networks      addresses it works from, as CIDR; empty: from everywhere
    mint_per_day  points that sales and events may give with it in a day (UTC); None: any
    """

    name: str
    role: str
    stores: tuple[str, ...] | None = None
    rate_per_s: int | None = None
    expires_at: datetime | None = None
    operations: tuple[str, ...] | None = None
    networks: tuple[str, ...] = ()
    mint_per_day: int | None = None
    issued_by: UUID | None = None


class ApiKey(Struct, frozen=True):
    """A key as its row tells it; the token itself is nowhere.

    last_used_at  to the hour: it is written down once in an hour
    old_until     until then the token before the last rotation works too
    """

    id: UUID
    name: str
    role: str
    stores: tuple[str, ...] | None
    rate_per_s: int
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    operations: tuple[str, ...] | None
    networks: tuple[str, ...]
    mint_per_day: int | None
    issued_by: UUID | None
    last_used_at: datetime | None
    rotated_at: datetime | None
    old_until: datetime | None

    @property
    def store(self) -> str | None:
        """The one store, where there is one."""
        return self.stores[0] if self.stores is not None and len(self.stores) == 1 else None


def role_named(text: str) -> str:
    """A role by its name, also by the one it had before: `admin` is the owner."""
    return _BEFORE.get(text, text)


def rate_of(role: str) -> int:
    """Calls per second of a key of this role that says nothing itself."""
    return RATES.get(role, RATE)


def token(role: str, chance: bytes) -> str:
    """What the holder of a key sends: `tsr_`, the role's letter, a secret, its checksum.

    units   `chance` is 20 random bytes; 38 characters come out, all letters, digits and `_`
    errors  AssertionError if `chance` has another size
    source  the checksum at the end lets scanners and doors tell a token from a typing error
    """
    return letter_token(LETTERS.get(role, LETTER), chance)


def is_token(text: str) -> bool:
    """Whether the text is a token as we write them; a mistyped one is not (one in 2**32 is)."""
    body, check = text[:-_CHECK], text[-_CHECK:]
    if not (text.isascii() and text.startswith("tsr_") and len(body) == 5 + _SECRET):
        return False
    return check == _base62(zlib.crc32(body.encode()), _CHECK)


def token_hash(text: str) -> bytes:
    """What is kept of a token or a cookie: SHA-256. A slow hash is for what people choose."""
    return hashlib.sha256(text.encode()).digest()


def letter_of(text: str) -> str:
    """Which kind of token it is; only of what `is_token`."""
    return text[4]


def letter_token(letter: str, chance: bytes) -> str:
    """A token of somebody signed in: `s` of staff, `m` of a member."""
    assert len(chance) == CHANCE_BYTES and len(letter) == 1, "a token has 160 random bits"
    body = f"tsr_{letter}{_base62(int.from_bytes(chance, 'big'), _SECRET)}"
    return body + _base62(zlib.crc32(body.encode()), _CHECK)


def key_fault(role: str, stores: Sequence[str] | None) -> Refusal | None:
    """A till's and a partner's key names its stores; no key is a member's or anybody's."""
    if role in PEOPLE:
        return Refusal(
            "role_unknown", "role", f"no key is issued for role {role}",
            f"name one of {', '.join(each for each in ROLES if each not in PEOPLE)}, or your own",
        )  # fmt: skip
    if stores is None and "own_store" in GRANTS.get(role, {}).values():
        return Refusal(
            "store_missing", "store", f"a {role}'s key belongs to its stores, none is named",
            "name the store",
        )  # fmt: skip
    if stores is not None and role == "owner":
        return Refusal(
            "store_needless", "store", "an owner's key has every store, some are named",
            "leave `store` out, or ask for a key of another role",
        )  # fmt: skip
    return None


def end_fault(role: str, expires_at: datetime | None, now: datetime) -> Refusal | None:
    """A key or an account ends in the future, within ten years; a contractor's within one."""
    if expires_at is None:
        if role not in EXPIRES:
            return None
        return Refusal(
            "expiry_missing", "expires_at", f"whoever has role {role} has it for a term",
            "name the end of the term",
        )  # fmt: skip
    longest = LONGEST_TERM if role in EXPIRES else LONGEST_LIFE
    if now < expires_at <= now + longest:
        return None
    return Refusal(
        "expiry_impossible", "expires_at",
        f"it ends in the future, within {longest.days} days", "send a later or nearer time",
    )  # fmt: skip


def _base62(number: int, width: int) -> str:
    digits = []
    for _ in range(width):
        number, digit = divmod(number, 62)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
