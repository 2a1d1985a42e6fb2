"""How much two people look like one: a weight per field, in tenths of a bit, and what it rests on.

source  Fellegi and Sunter 1969: the weight of an agreement is the logarithm (base 2) of how much
        more often it is seen between two records of one person than between two people
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from msgspec import Struct
from rapidfuzz.distance import OSA, JaroWinkler

from tessera.members.likeness.core.forms import PLACE, Looks, Mailbox

Says = Literal["same", "near", "swapped", "far", "some", "different"]
Grade = Literal["likely", "possible"]

ONE_IN = -200  # before anything is known: one in a million (two to the twentieth)
POSSIBLE, LIKELY = 0, 100  # from even odds, from 1,000 to 1
NEAR, FAR = 920, 850  # Jaro-Winkler similarity of names, in thousandths
# Street, postcode and city are not three witnesses: who moved, moved from all of them at once.
LEAST_PLACE, MOST_PLACE = -40, 120
HOUSE = -20  # a family in one house is not one person: at most 1 to 4 before the rest is heard
_HOUSE = frozenset((*PLACE, "place"))  # in bulk a place is one field
_SHORTENED = 3  # letters: "Rob" may stand for "Robert", "R" for anybody

# Chosen from what training in bulk finds on generated and on public synthetic people. A member's
# phone and address are nobody else's, so that another phone tells nothing.
WEIGHTS: Mapping[str, Mapping[Says, int]] = {
    "given": {"same": 67, "swapped": 60, "near": 50, "far": 15, "different": -50},
    "family": {"same": 77, "swapped": 60, "near": 60, "far": 25, "different": -35},
    "born": {"same": 143, "near": 65, "far": 0, "different": -60},
    "phone": {"same": 200, "near": 90, "different": 0},
    "email": {"same": 200, "near": 60, "far": 40, "different": 0},
    "street": {"same": 80, "near": 65, "different": -10},
    "house_number": {"same": 40, "near": 0, "different": -5},
    "building": {"same": 60, "near": 50, "different": -5},
    "postcode": {"same": 80, "near": 30, "different": -10},
    "city": {"same": 40, "near": 35, "different": -15},
    "region": {"same": 20, "near": 10, "different": -10},
}  # fmt: skip


class Evidence(Struct, frozen=True):
    """What one field says, and the tenths of a bit it adds. No value of anybody is in it.

    says  same; near (a typing error away, the same apart from accents, spelling or domain);
          swapped (given for family name); far (somewhat alike); some (of a place); different. A
          field that is unknown on one side says nothing and is not listed.
    """

    field: str
    says: Says
    weight: int


class Likeness(Struct, frozen=True):
    """How alike two people are: tenths of a bit above even odds, and why."""

    score: int
    evidence: tuple[Evidence, ...]

    @property
    def grade(self) -> Grade | None:
        """What to call it; None if it is not worth a look."""
        return "likely" if self.score >= LIKELY else "possible" if self.score >= POSSIBLE else None


def likeness(one: Looks, other: Looks) -> Likeness:
    """Compare two people, the same either way round.

    units   tenths of a bit: 0 is even odds, 100 is 1,000 to 1 that they are one
    """
    said: dict[str, Says | None] = {
        "given": _named(one.given, other.given, one, other),
        "family": _named(one.family, other.family, one, other),
        "born": _born(one.born, other.born),
        "phone": _best([_text(a, b) for a in one.phones for b in other.phones]),
        "email": _best([_email(a, b) for a in one.emails for b in other.emails]),
    }
    said |= {name: _text(one.place.get(name, ""), other.place.get(name, "")) for name in PLACE}
    evidence = tuple(
        Evidence(field, says, WEIGHTS[field][says])
        for field, says in said.items()
        if says is not None
    )
    return Likeness(summed(ONE_IN, evidence), evidence)


def summed(before: int, evidence: Iterable[Evidence], home: int = HOUSE) -> int:
    """What all fields say together, in tenths of a bit, when that was known before.

    The fields of a place are heard as one, and with the family name they say no more than that
    two people live in one house: who of the house it is, the others say.

    home  the odds that two of one name in one house are one person
    """
    house = placed = others = 0
    for each in evidence:
        if each.field in _HOUSE:
            placed += each.weight
        elif each.field == "family":
            house += each.weight
        else:
            others += each.weight
    bounded = max(LEAST_PLACE, min(placed, MOST_PLACE))
    return others + min(before + house + bounded, home)


def _named(a: str, b: str, one: Looks, other: Looks) -> Says | None:
    if not a or not b:
        return None
    if a == b:
        return "same"
    if one.given == other.family and one.family == other.given:
        return "swapped"
    alike = _alike(a, b)
    if alike >= NEAR or OSA.distance(a, b) <= 1 or _shortened(a, b):
        return "near"
    return "far" if alike >= FAR else "different"


def _shortened(a: str, b: str) -> bool:
    short, long = sorted((a, b), key=len)
    return len(short) >= _SHORTENED and long.startswith(short)


def _alike(a: str, b: str) -> int:
    """Jaro-Winkler takes letters greedily from the left, so the order of the two is settled."""
    return round(1000 * JaroWinkler.similarity(min(a, b), max(a, b)))


def _born(a: str, b: str) -> Says | None:
    if not a or not b:
        return None
    if a == b:
        return "same"
    away = OSA.distance(a, b)
    if away <= 1 or (a[:4] == b[:4] and a[5:7] == b[8:] and a[8:] == b[5:7]):
        return "near"
    return "far" if away == 2 else "different"


def _text(a: str, b: str) -> Says | None:
    if not a or not b:
        return None
    if a == b:
        return "same"
    typed = OSA.distance(a, b) <= 1
    return "near" if typed or (not a.isdigit() and _alike(a, b) >= NEAR) else "different"


def _email(a: Mailbox, b: Mailbox) -> Says:
    if a.local == b.local and a.domain == b.domain:
        return "same"
    if a.own and a.own == b.own:
        return "near"
    typed = a.digits and a.digits == b.digits and OSA.distance(a.local, b.local) <= 1
    return "far" if typed else "different"


def _best(said: Sequence[Says | None]) -> Says | None:
    """Of several phones or addresses the two that agree most."""
    order = ("same", "near", "far", "different")
    return min((each for each in said if each is not None), key=order.index, default=None)
