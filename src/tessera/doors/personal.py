"""Which calls speak of a person, and words in which nobody may be named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.doors.call import Call, Conn, Operation
from tessera.doors.pages import uuid_of
from tessera.members.privacy import db as people_db

# Fields under which people are named, in whatever body and however deep.
NAMING = frozenset({
    "card", "identifier", "identifiers", "value", "email", "phone", "given_name", "family_name",
    "born_on", "attributes",
})  # fmt: skip
_IN_ADDRESS = "{number}"  # of a card
_FREE = ("reason", "proof")
_ABOUT = ("member_id", "other", "into")
_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = "\u3040"  # from here on languages that write without spaces
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NAMED = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]|(?<![^\W_])\+?\d{7,}(?![^\W_])")


def names_people(operation: Operation) -> bool:
    """Whether a call's address or body may name a person: what it said is not kept for ever."""
    body: Any = operation.body
    return _IN_ADDRESS in operation.path or (body is not None and _names(body))


@cache
def _names(body: Any) -> bool:
    return any(name in NAMING for name in _fields(body, set()))


def _fields(kind: Any, seen: set[Any]) -> Iterator[str]:
    """The names of a type's fields, and of those inside them."""
    if kind in seen:
        return
    seen.add(kind)
    if isinstance(kind, type) and issubclass(kind, Struct):
        for each in msgspec.structs.fields(kind):
            yield each.encode_name
            yield from _fields(each.type, seen)
        return
    for inner in getattr(kind, "__args__", ()):
        yield from _fields(inner, seen)


def subjects(call: Call) -> list[UUID]:
    """The members that a call's address and body speak of."""
    words = (call.path.get("member_id"), *(getattr(call.body, name, None) for name in _ABOUT))
    return [id_ for each in words if each is not None and (id_ := uuid_of(str(each))) is not None]


async def name_fault(conn: Conn, body: Any, members: Sequence[UUID]) -> Refusal | None:
    """What these members are called is in no reason. Errors: reason_personal"""
    texts = {name: getattr(body, name, "") for name in _FREE}
    if not members or not any(texts.values()):
        return None
    called = _words(" ".join(await people_db.names(conn, members)))
    for name, text in texts.items():
        if isinstance(text, str) and called & _words(text):
            return Refusal(
                "reason_personal", name, "this is what the member is called",
                "say why, not who: the entry stays when the person is forgotten",
            )  # fmt: skip
    return None


def _words(text: str) -> set[str]:
    """The words of a text that can be a name; where none are set apart, any two letters."""
    found = set[str]()
    for word in _WORD.findall(text.casefold()):
        if word[0] >= _UNSPACED:
            found |= {word[at : at + 2] for at in range(len(word) - 1)}
        elif len(word) > 2:
            found.add(word)
    return found


def free_text_fault(body: Any) -> Refusal | None:
    """A reason and the number of a paper outlive the person: nobody's address or number in them.

    errors  reason_personal: something like an e-mail address, or a number of seven digits or more;
            ids are fine
    """
    for name in _FREE:
        text = getattr(body, name, "")
        if isinstance(text, str) and _NAMED.search(_UUID.sub("", text)):
            return Refusal(
                "reason_personal", name, "this looks like somebody's address or number",
                "say why, not who: the entry stays when the person is forgotten",
            )  # fmt: skip
    return None
