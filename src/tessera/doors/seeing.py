"""Who sees rows and bodies as they came in: whoever they name can read that he was seen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.call import Call
from tessera.doors.till.people import country_of
from tessera.identity.privacy import db
from tessera.members import core
from tessera.members import db as members_db
from tessera.warehouse.core import Identifier

FIELD = "as_it_came"
_DIGITS = 7  # fewer are no phone


async def note_seen(call: Call, shown: Any, reason: str, prefixes: Iterable[str] = ()) -> None:
    """Leave a sight with every member whom a word of what is shown names.

    shown     words, or rows and bodies as JSON holds them
    prefixes  that a mapping puts before what stands in its file

    Names are not looked for: many bear one.
    """
    words = {word for word in _words(shown) if word}
    words |= {prefix + word for prefix in prefixes for word in words}
    country = country_of(call)
    named = {each for word in words for each in _identifiers(word, country)}
    if not named:
        return
    found = await members_db.owners(await members_db.ask_owners(call.conn, list(named)))
    members = sorted({owner.member_id for owner in found.values()})
    if members:
        await db.add_sights(call.conn, call.principal, members, (FIELD,), reason, call.now)


def _words(shown: Any) -> Iterator[str]:
    if isinstance(shown, dict):
        shown = list(shown.values())
    if isinstance(shown, list | tuple):
        for each in shown:
            yield from _words(each)
    elif shown is not None and not isinstance(shown, bool):
        yield str(shown).strip()


def _identifiers(word: str, country: str) -> Iterator[Identifier]:
    """What a word may name, in the one spelling that is kept."""
    kinds: list[Any] = ["card", "external"]
    kinds += ["email"] if "@" in word else []
    kinds += ["phone"] if sum(sign.isdigit() for sign in word) >= _DIGITS else []
    for kind in kinds:
        found = core.normal(kind, word, country)
        if not isinstance(found, Refusal):
            yield found
