"""Seal, unseal, destroy: for whatever is append-only and would otherwise hold a person's values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from tessera.access.sealing import cipher, db

Sealed = tuple[UUID, bytes]


async def seal(conn: db.Conn, person: UUID, plain: bytes) -> bytes:
    """What was said, readable while the person's key lives; the key is made with the first value.

    After the key was destroyed the value is sealed with a key that nobody keeps: it is lost, as all
    that was sealed before.
    """
    (sealed,) = await seal_many(conn, person, [plain])
    assert sealed is not None, "something was said"
    return sealed


async def seal_many(
    conn: db.Conn, person: UUID, plains: Sequence[bytes | None]
) -> list[bytes | None]:
    """Several values of one person, with one look at the key; None stays None."""
    made = cipher.fresh_key()
    key = (await db.keys(conn, [person])).get(person, b"")
    if key == b"":
        key = await db.keep_key(conn, person, made)
    return [None if each is None else cipher.seal(key or made, person, each) for each in plains]


async def unseal(conn: db.Conn, person: UUID, sealed: bytes) -> bytes | None:
    """What was said; None if the key was destroyed or the bytes are none of this person's."""
    return (await unseal_many(conn, [(person, sealed)]))[person, sealed]


async def unseal_many(conn: db.Conn, values: Iterable[Sealed]) -> Mapping[Sealed, bytes | None]:
    """{(person, sealed): what was said or None}, with one look at the keys."""
    asked = set(values)
    keys = await db.keys(conn, {person for person, _ in asked}) if asked else {}
    found: dict[Sealed, bytes | None] = {}
    for person, sealed in asked:
        key = keys.get(person)
        found[person, sealed] = None if key is None else cipher.unseal(key, person, sealed)
    return found


async def destroy(conn: db.Conn, person: UUID) -> None:
    """Whatever was sealed for this person can never be read again, wherever it lies."""
    await db.destroy_key(conn, person)
