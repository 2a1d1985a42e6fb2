"""Who sees rows and bodies as they came in: whoever they name can read that he was seen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from tessera.doors.call import Call
from tessera.doors.cli.load.cells import whole
from tessera.doors.till.people import country_of
from tessera.identity.privacy import db
from tessera.members import core
from tessera.members import db as members_db
from tessera.warehouse.core import Identifier
from tessera.warehouse.privacy.core import without_trunk

FIELD = "as_it_came"
_DIGITS = 7  # fewer are no phone
_AMOUNT = re.compile(r"-?[0-9]+[.,][0-9]{1,2}", re.ASCII)
_NO_DIGIT = re.compile(r"[^0-9]")


async def note_seen(call: Call, named: Iterable[Identifier], reason: str) -> None:
    """Leave a sight with every member whom one of these names, however it is spelled.

    Names of people are not looked for: many bear one.
    """
    country = country_of(call)
    normal = {core.normal(each.kind, each.value, country) for each in set(named)}
    known = {each for each in normal if isinstance(each, Identifier)}
    known |= {
        Identifier("phone", without_trunk(each.value)) for each in known if each.kind == "phone"
    }
    if not known:
        return
    found = await members_db.owners(await members_db.ask_owners(call.conn, list(known)))
    members = sorted({owner.member_id for owner in found.values()})
    if members:
        await db.add_sights(call.conn, call.principal, members, (FIELD,), reason, call.now)


def may_name(shown: Any) -> Iterator[Identifier]:
    """Whomever a word may name, of any kind.

    shown   words, or rows and bodies as JSON holds them
    """
    for word in {each for said in _words(shown) for each in (said, whole(said))}:
        yield Identifier("card", word)
        yield Identifier("external", word)
        if sum(sign.isdigit() for sign in word) >= _DIGITS:
            yield Identifier("phone", word)
    yield from reached(shown)


def reached(shown: Any) -> Iterator[Identifier]:
    """Whom a word reaches whatever it was meant for: an address, a phone with its country's number.

    shown   as for `may_name`

    Digits alone are a phone too: they are compared with all of one's own.
    """
    for word in _words(shown):
        if "@" in word:
            yield Identifier("email", word)
            continue
        word = word.lower().removeprefix("tel:")
        if word.startswith("+"):
            yield Identifier("phone", word)
        digits = _dialled(word)
        if len(digits) >= _DIGITS:
            yield Identifier("phone", f"+{digits}")


def _dialled(word: str) -> str:
    """The digits of a word that may be a phone abroad, however it is written; "" if it is none."""
    word = whole(word)
    if any(sign.isalpha() or sign == ":" for sign in word) or _AMOUNT.fullmatch(word):
        return ""
    return _NO_DIGIT.sub("", word).lstrip("0")


def _words(shown: Any) -> Iterator[str]:
    if isinstance(shown, dict):
        shown = list(shown.values())
    if isinstance(shown, list | tuple):
        for each in shown:
            yield from _words(each)
    elif shown is not None and not isinstance(shown, bool):
        yield str(shown).strip()
