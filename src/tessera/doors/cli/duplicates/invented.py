"""People who do not exist, some of whom registered twice: with typing errors, moved, married.

Relatives live in one house and share its name; some are twins. The 8,000 family names are as uneven
as real ones, the most frequent some six in a thousand; given names are few, some eighty.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import cache
from itertools import accumulate
from random import Random

from msgspec import Struct
from msgspec.structs import replace

from tessera.doors.cli.demo.people import name
from tessera.members.likeness.core.forms import Looks, looks
from tessera.warehouse.core import Identifier

TWICE, HOME, TWIN = 0.08, 0.25, 0.02  # of people; of people a relative; of relatives a twin
_FIRST = date(1940, 1, 1)
_DAYS, _NAMES = 25_000, 8_000
_SYLLABLES = (
    "ba", "be", "bo", "bra", "ca", "cata", "co", "cri", "da", "de", "do", "fa", "fe", "fio",
    "fra", "ga", "gra", "la", "le", "lo", "lu", "ma", "me", "mi", "mo", "na", "ne", "no", "pa",
    "pe", "po", "ra", "re", "ri", "ro", "sa", "se", "si", "so", "ta", "te", "ti", "to", "va",
    "ve", "vi", "vo", "za",
)  # fmt: skip
_ENDS = (
    "bini", "betti", "coni", "caro", "cucci", "delli", "done", "gari", "lacci", "lese", "nato",
    "mera", "misi", "rola", "sante", "torti",
)  # fmt: skip
_LETTERS = "abcdefghilmnopqrstuvz"
_DOMAINS = ("example.org", "example.com", "example.net", "mail.example", "post.example")


class Somebody(Struct, frozen=True):
    """A registration. `person` is the same number where the same person registers again."""

    person: int
    given: str
    family: str
    born_on: date | None
    phone: str
    email: str
    place: dict[str, str]

    def identifiers(self) -> tuple[Identifier, ...]:
        """Phone and address, where they were said."""
        named = Identifier("phone", self.phone), Identifier("email", self.email)
        return tuple(each for each in named if each.value)

    def looks(self) -> Looks:
        """The registration in comparable form."""
        return looks(self.given, self.family, self.born_on, self.identifiers(), dict(self.place))


def everybody(count: int, seed: int) -> Iterator[Somebody]:
    """So many registrations. A second one comes anywhere after the first."""
    chance = Random(seed)
    waiting: list[Somebody] = []
    before: Somebody | None = None
    person, used = 0, set[str]()
    for _ in range(count):
        if waiting and chance.random() < TWICE / (1 + TWICE):
            second = again(waiting.pop(chance.randrange(len(waiting))), chance)
            yield _once(second, used)
            continue
        before = _born(person, before, chance)
        person += 1
        before = _once(replace(before, email=_free(before, used, chance)), used)
        if chance.random() < 1.5 * TWICE:  # more than will: some wait in vain, and that is fine
            waiting.append(before)
        yield before


def _once(who: Somebody, used: set[str]) -> Somebody:
    """Without a phone or an address that somebody has: one names one member."""
    who = replace(
        who, phone="" if who.phone in used else who.phone,
        email="" if who.email in used else who.email,
    )  # fmt: skip
    used.update((who.phone, who.email))
    return who


def _born(person: int, before: Somebody | None, chance: Random) -> Somebody:
    given, family = name(chance).given, _family(chance)
    while before is not None and given == before.given:
        given = name(chance).given
    fresh = Somebody(
        person, given, family, _FIRST + timedelta(chance.randrange(_DAYS)), _phone(chance), "",
        _place(chance),
    )  # fmt: skip
    if before is not None and chance.random() < HOME:
        same = before.born_on if chance.random() < TWIN else fresh.born_on
        fresh = replace(fresh, family=before.family, place=before.place, born_on=same)
    return fresh


def again(first: Somebody, chance: Random) -> Somebody:
    """The same person once more, as people and cashiers are. The phone is another or mistyped:
    nobody registers twice with one phone."""
    second = replace(
        first,
        given=_either(chance, first.given, (0.12, _mistyped), (0.06, _shortened), (0.03, _nothing)),
        family=_either(chance, first.family, (0.10, _mistyped), (0.04, _married)),
        born_on=None if chance.random() < 0.10 else _misdated(first.born_on, chance),
        phone=_either(chance, first.phone, (0.3, _nothing), (0.2, _misdialled), (1, _other_phone)),
        place=_moved(first.place, chance),
    )
    if chance.random() < 0.02:
        second = replace(second, given=second.family, family=second.given)
    local = first.email.partition("@")[0]
    kinds = (_nothing, lambda *_: f"{local}@{chance.choice(_DOMAINS[1:])}", _mistyped,
             lambda *_: _email(second, chance))  # fmt: skip
    email = chance.choices(kinds, (40, 25, 10, 25))[0](first.email, chance)
    return replace(second, email=email if email != first.email else "")


Change = Callable[[str, Random], str]


def _either(chance: Random, said: str, *kinds: tuple[float, Change]) -> str:
    """At most one of these, each with its probability where those before did not happen."""
    for likely, change in kinds:
        if chance.random() < likely:
            return change(said, chance)
    return said


def _nothing(said: str, chance: Random) -> str:
    return ""


def _shortened(said: str, chance: Random) -> str:
    return said[: max(3, len(said) // 2)]


def _married(said: str, chance: Random) -> str:
    return _family(chance)


def _mistyped(said: str, chance: Random) -> str:
    """A letter more, less or other, or two turned round; not in a domain."""
    head, at, tail = said.partition("@")
    if len(head) < 2:
        return said
    spot, letter = chance.randrange(len(head) - 1), chance.choice(_LETTERS)
    kinds = (
        head[:spot] + letter + head[spot:], head[:spot] + head[spot + 1 :],
        head[:spot] + letter + head[spot + 1 :],
        head[:spot] + head[spot + 1] + head[spot] + head[spot + 2 :],
    )  # fmt: skip
    return chance.choice(kinds) + at + tail


def _misdialled(said: str, chance: Random) -> str:
    if not said:
        return ""
    spot = chance.randrange(4, len(said))
    return said[:spot] + str((int(said[spot]) + chance.randint(1, 9)) % 10) + said[spot + 1 :]


def _misdated(born: date | None, chance: Random) -> date | None:
    if born is None or chance.random() >= 0.07:
        return born
    if chance.random() < 0.3 and born.day <= 12:
        return born.replace(month=born.day, day=born.month)
    if chance.random() < 0.4 or born.day > 28:  # those days are not in every month
        return born.replace(day=chance.randint(1, 28))
    if chance.random() < 0.5:
        return born.replace(year=born.year + chance.choice((-10, -1, 1, 10)))
    return born.replace(month=born.month % 12 + 1)


def _moved(place: dict[str, str], chance: Random) -> dict[str, str]:
    what = chance.random()
    if what < 0.25:
        return _place(chance)
    if what < 0.45:
        return {}
    return place | {"street": _either(chance, place["street"], (0.15, _mistyped))}


def _other_phone(said: str, chance: Random) -> str:
    return _phone(chance)


def _phone(chance: Random) -> str:
    return f"+393{chance.randrange(10**9):09}"


def _email(who: Somebody, chance: Random) -> str:
    plain = "".join(letter for letter in f"{who.given}{who.family}".lower() if letter.isalnum())
    number = chance.choice(("", str(chance.randrange(100)), str(chance.randrange(10_000))))
    return f"{plain}{number}@{chance.choice(_DOMAINS)}"


def _free(who: Somebody, used: set[str], chance: Random) -> str:
    """An address that nobody has."""
    while (found := _email(who, chance)) in used:
        continue
    return found


def _place(chance: Random) -> dict[str, str]:
    area = chance.randrange(4_000)
    return {
        "street": f"via {chance.choice(_families()[0])}",
        "house_number": str(chance.randint(1, 90)),
        "postcode": f"{10_000 + 20 * area}", "city": _families()[0][area // 4],
    }  # fmt: skip


def _family(chance: Random) -> str:
    names, sums = _families()
    return chance.choices(names, cum_weights=sums)[0]


@cache
def _families() -> tuple[list[str], list[float]]:
    """Family names, and how frequent they are: sums up to each."""
    chance = Random(0)
    found: dict[str, None] = {}
    while len(found) < _NAMES:
        begin = "".join(chance.choices(_SYLLABLES, k=chance.choice((1, 2, 2))))
        found[begin + chance.choice(_ENDS)] = None
    return list(found), list(accumulate((rank + 20) ** -0.9 for rank in range(_NAMES)))
