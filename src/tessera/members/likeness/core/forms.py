"""The forms in which people are compared: spelling aside, accents aside, alphabet aside."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache

from msgspec import Struct

from tessera.warehouse.core import Identifier

# Attributes of these names are compared when the program declares them, from fine to coarse.
PLACE = ("street", "house_number", "building", "postcode", "city", "region")
TAIL = 8  # last digits of a phone: the country code and a leading zero are typed or not

# Cyrillic small letters stand in a row, from a to ya; three more of Ukrainian stand apart.
_CYRILLIC = (
    "a", "b", "v", "g", "d", "e", "zh", "z", "i", "i", "k", "l", "m", "n", "o", "p", "r", "s", "t",
    "u", "f", "kh", "ts", "ch", "sh", "shch", "", "y", "", "e", "yu", "ya",
)  # fmt: skip
_UKRAINIAN = {0x454: "ye", 0x456: "i", 0x491: "g"}
# Latin letters that do not fall apart into a letter and a mark; the last is an i without its dot.
_LATIN = {
    "ß": "ss", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe",
    "\u0131": "i",
}  # fmt: skip
_LETTERS = str.maketrans(_LATIN) | dict(enumerate(_CYRILLIC, 0x430)) | _UKRAINIAN
_BETWEEN = re.compile(r"[-_/.,]+|\s+")
_UNSPOKEN = re.compile(r"[\W_]+")
# What languages that write in Latin letters spell differently and say alike.
_SOUNDS = (
    ("shch", "s"), ("sch", "s"), ("sh", "s"), ("sz", "s"), ("cz", "k"), ("rz", "s"), ("ph", "f"),
    ("ck", "k"), ("qu", "k"), ("q", "k"), ("c", "k"), ("x", "ks"), ("z", "s"), ("w", "v"),
    ("j", "i"), ("y", "i"), ("h", ""),
)  # fmt: skip
_VOWELS = re.compile(r"[aeiou]")
_TWICE = re.compile(r"(.)\1+")
_ALIASED = re.compile(r"\+.*")
_WORD, _OWN = 3, 2  # letters: shorter names, and shorter rests, are in any address


class Mailbox(Struct, frozen=True):
    """An address in comparable form.

    local  the part before the @, without dots and without what follows a +
    own    what of it is not the person's name, "" if nothing: two who are called alike are likely
           to have addresses alike, which tells no more than the names
    """

    local: str
    domain: str
    own: str

    @property
    def digits(self) -> str:
        """The digits before the @, in their order."""
        return "".join(filter(str.isdecimal, self.local))


class Looks(Struct, frozen=True):
    """A person in comparable form. What is not known is "" or missing.

    born    year-month-day as text
    phones  the last digits of each
    place   {name of PLACE: folded text}
    """

    given: str = ""
    family: str = ""
    born: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[Mailbox, ...] = ()
    place: dict[str, str] = {}


def looks(
    given: str,
    family: str,
    born_on: date | None,
    identifiers: Iterable[Identifier],
    attributes: Mapping[str, object],
) -> Looks:
    """A person as the others are compared with. Identifiers in normal form."""
    named = tuple(identifiers)
    place = {name: fold(str(attributes[name])) for name in PLACE if name in attributes}
    names = fold(given), fold(family)
    return Looks(
        *names, "" if born_on is None else born_on.isoformat(),
        tuple(each.value[-TAIL:] for each in named if each.kind == "phone"),
        tuple(mailbox(each.value, names) for each in named if each.kind == "email"),
        {name: said for name, said in place.items() if said},
    )  # fmt: skip


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """A name without case, accents, marks and alphabet: "Łukasz D'Élia" is "lukasz delia"."""
    spread = unicodedata.normalize("NFKD", text)  # letters of other forms have a case only now
    spread = unicodedata.normalize("NFKD", spread.casefold())
    plain = "".join(letter for letter in spread if not unicodedata.combining(letter))
    words = _BETWEEN.split(plain.translate(_LETTERS))
    return " ".join(filter(None, (_UNSPOKEN.sub("", word) for word in words)))


@lru_cache(maxsize=65_536)
def sound(folded: str) -> str:
    """How the first word of a folded name begins and its consonants: "Katharina", "Caterina": ktrn.

    Words of other alphabets stay as they are.
    """
    word = folded.partition(" ")[0]
    for spelled, said in _SOUNDS:
        word = word.replace(spelled, said)
    return _TWICE.sub(r"\1", word[:1] + _VOWELS.sub("", word[1:]))


def mailbox(address: str, names: Iterable[str]) -> Mailbox:
    """An address of somebody with these folded names."""
    before, _, domain = address.lower().partition("@")
    local = _UNSPOKEN.sub("", _ALIASED.sub("", before))
    own = local
    for word in sorted(" ".join(names).split(), key=len, reverse=True):
        own = own.replace(word, "", 1) if len(word) >= _WORD else own
    return Mailbox(local, domain, own if len(own) >= _OWN else "")
