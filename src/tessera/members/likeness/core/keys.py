"""Keys under which people who may be one are found: each survives an error in some field.

A key joins several fields, so that few people share it also where a name is frequent.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

from tessera.members.likeness.core.forms import Looks, sound


def keys(known: Looks) -> tuple[int, ...]:
    """The keys of a person, in order, each once.

    units   32 bits, signed: two keys fall on one number rarely, and it only costs a comparison
    shape   at most eleven, one more for each further phone and address
    """
    return tuple(sorted({_number(*parts) for parts in rules(known)}))


def rules(known: Looks) -> Iterator[tuple[str, ...]]:
    """What the keys are made of. Shape: the rule's name, then what somebody must share."""
    given, family = sound(known.given), sound(known.family)
    if known.born:
        yield from _born(given, family, known.born)
    if known.given and known.family:
        yield "name", *sorted((known.given, known.family))
    if given and family:
        for name in ("postcode", "city"):
            if name in known.place:
                yield name, *sorted((given, family)), known.place[name]
    for phone in known.phones:
        yield "phone", phone
    for email in known.emails:
        yield "email", email.local


def _born(given: str, family: str, born: str) -> Iterator[tuple[str, ...]]:
    """Keys with a birthday: all of it and one name, or two thirds of it and both."""
    year, month, day = born[:4], born[5:7], born[8:]
    if given and family:
        pair = " ".join(sorted((given, family)))
        yield "ym", pair, year, month
        yield "yd", pair, year, day
        yield "md", pair, *sorted((month, day))  # also where the two were swapped
        yield "initials", *sorted((given[0], family[0])), born
    if given:
        yield "given", given, born
    if family:
        yield "family", family, born


def _number(*parts: str) -> int:
    digest = blake2b("\x1f".join(parts).encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big", signed=True)
