"""Who the members are: everybody's own rhythm, hours, tastes and card, made from seed and number.

Nothing is kept for a member: whoever needs one makes it again, the same every time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Literal, NamedTuple

from tessera.doors.cli.demo import people
from tessera.doors.cli.demo.basket import MISSIONS, Tastes, own_things
from tessera.doors.cli.demo.catalogue import products
from tessera.doors.cli.demo.chain import ONLINE
from tessera.doors.cli.demo.people import Name
from tessera.warehouse.core import EntryMode

Label = Literal["classic", "gold", "app"]
LABELS: tuple[Label, ...] = ("classic", "gold", "app")
DAY_S = 86_400
# Cards of 25 members in a row, by the place of their label: 60 % classic, 8 % gold, 32 % app.
_CARDS = (0, 2, 0, 1, 0, 2, 0, 0, 2, 0, 2, 0, 0, 2, 0, 1, 2, 0, 0, 2, 0, 0, 2, 0, 0)
_RANK = tuple(_CARDS[:n].count(_CARDS[n]) for n in range(len(_CARDS)))
_FOUNDERS = 0.45  # of all members: there before the first day, some for nine years
_OLDEST_D = 3_300
_WEEKLY = 0.42  # visits a week while a member shops here, on average over members
_UNEVEN = 0.95  # shape of how that differs between members: 1 is exponential
_LAPSE = 0.36  # a year: the hazard of never coming again, on average over members
_ONCE = 0.08  # of the members come once and never again
_MISSION_WEEK = {
    "bar": (108, 112, 112, 112, 112, 92, 52),
    "lunch": (128, 132, 132, 132, 128, 32, 16),
    "treat": (75, 75, 80, 85, 100, 155, 130),
    "larder": (90, 85, 90, 95, 112, 150, 78),
    "online": (118, 110, 100, 100, 90, 82, 100),
}
# How dear each errand is to people: shapes of gamma draws, small ones part people more.
_ERRANDS = {"bar": 0.55, "lunch": 0.3, "treat": 0.25, "larder": 2.8, "online": 0.12}
_ENTRIES: tuple[EntryMode, ...] = ("scan", "typed", "tap")
_FAVOURITES = ("coffee", "pastry", "bread", "fruit", "cellar", "sweets", "gelato")


class Crowd(NamedTuple):
    """All members of a story. `first` and `days`: its days; `stores`: how many there are."""

    seed: int
    members: int
    first: date
    days: int
    stores: int

    @property
    def founders(self) -> int:
        """How many were there before the first day; they have the first numbers."""
        return round(self.members * _FOUNDERS)


class Member(NamedTuple):
    """Somebody, for the whole story. Moments are seconds from the first day's midnight.

    who             the member's number, from 0 in the order of joining
    label, serial   the batch of the card and its number there
    joins_s, until  when they came first (before the story: negative), and the day they left
    registers       days after coming that the form is filled in; None: the card stays a shadow
    gap_d           days between two visits, on average; `regularity`: shape of the gaps, 1 is pure
                    chance and 8 like clockwork
    week, errands   what weekday suits them, and what for on each (cumulative, as MISSIONS)
    hours           when they do what, as MISSIONS
    away            first day and days of their holiday, counted from 1 January
    method          how they pay; `spends` points now and then
    answers         surveys and reviews now and then; `checks_in` with the app at the door
    told            what they said in the form: attributes
    """

    who: int
    label: Label
    serial: int
    name: Name
    born_on: date | None
    joins_s: int
    until: int
    registers: int | None
    gap_d: float
    regularity: float
    week: tuple[int, ...]
    errands: tuple[tuple[float, ...], ...]
    hours: tuple[float, ...]
    away: tuple[int, int]
    store: int
    tastes: Tastes
    entry: EntryMode
    method: str
    spends: bool
    answers: bool
    checks_in: bool
    told: dict[str, bool | int | str]
    favourites: tuple[str, ...]


def card_counts(count: int) -> dict[Label, int]:
    """How many cards of each kind so many members hold."""
    whole, rest = divmod(count, len(_CARDS))
    found = [_CARDS.count(place) * whole + _CARDS[:rest].count(place) for place in range(3)]
    return dict(zip(LABELS, found, strict=True))


def member(crowd: Crowd, index: int) -> Member:
    """The member of this number, from 0: made anew, the same every time."""
    chance = Random((crowd.seed << 32) + index)
    turn, place = divmod(index, len(_CARDS))
    label = LABELS[_CARDS[place]]
    joins_s = _joins(chance, crowd, index)
    since = max(joins_s, 0) // DAY_S
    loyal = {"classic": 1.0, "gold": 1.7, "app": 1.15}[label]
    wishes = _wishes(chance)
    often = chance.gammavariate(_UNEVEN, _WEEKLY / _UNEVEN) * loyal * (0.75 + wishes[0]) + 0.02
    hazard = chance.gammavariate(0.9, _LAPSE / 0.9) / loyal / 365
    stays = 0 if chance.random() < _ONCE else int(chance.expovariate(max(hazard, 1e-6)))
    children = chance.choices((0, 1, 2, 3), (55, 20, 19, 6))[0]
    name = people.name(chance)
    born = date(1938, 1, 1) + timedelta(days=int(chance.betavariate(1.7, 1.5) * 25_500))
    registers = _registers(chance, index < crowd.founders)
    week, errands = _week(chance, wishes)
    paying = (34, 40, 60 if label == "gold" else 18)
    return Member(
        who=index,
        label=label,
        serial=_CARDS.count(_CARDS[place]) * turn + _RANK[place],
        name=name,
        born_on=born if chance.random() < 0.9 else None,
        joins_s=joins_s,
        until=since + stays,
        registers=registers,
        gap_d=7 / often,
        regularity=min(max(chance.lognormvariate(0.4, 0.7), 0.5), 9.0),
        week=week,
        errands=errands,
        hours=_hours(chance),
        away=_away(chance),
        store=_store(chance, crowd.stores),
        tastes=_tastes(chance, children),
        entry="app" if label == "app" else chance.choices(_ENTRIES, (78, 7, 15))[0],
        method=chance.choices(("cash", "card", "member_card"), paying)[0],
        spends=registers is not None and chance.random() < 0.3,
        answers=registers is not None and chance.random() < 0.35,
        checks_in=label == "app" and chance.random() < 0.4,
        told=_told(chance, name, children),
        favourites=_favourites(chance),
    )


def _joins(chance: Random, crowd: Crowd, index: int) -> int:
    """Later numbers join later: founders over nine years, the others evenly over the story."""
    if index < crowd.founders:
        to_go = 1 - (index + chance.random()) / crowd.founders
        at = -(to_go * to_go) * _OLDEST_D - 1
    else:
        newcomers = crowd.members - crowd.founders
        at = (index - crowd.founders + chance.random()) / newcomers * crowd.days * 0.97
    day, part = divmod(at, 1)
    return int(day) * DAY_S + 9 * 3600 + int(part * 9 * 3600)  # while the shop is open


def _registers(chance: Random, founder: bool) -> int | None:
    """Most fill in the form at once, some after a while, a tenth never do."""
    if chance.random() < 0.1:
        return None
    return 0 if founder or chance.random() < 0.82 else chance.randint(3, 60)


def _wishes(chance: Random) -> list[float]:
    """How a member's visits part into errands, as MISSIONS: they sum to 1."""
    drawn = [chance.gammavariate(_ERRANDS[mission], 1) + 1e-4 for mission in MISSIONS]
    return [each / sum(drawn) for each in drawn]


def _week(
    chance: Random, wishes: Sequence[float]
) -> tuple[tuple[int, ...], tuple[tuple[float, ...], ...]]:
    """(how each weekday suits, what for on each weekday): errands have days of their own."""
    suits, errands = [], []
    for weekday in range(7):
        parts = [wish * _MISSION_WEEK[mission][weekday]
                 for wish, mission in zip(wishes, MISSIONS, strict=True)]  # fmt: skip
        suits.append(1 + int(sum(parts) * chance.gammavariate(2.5, 0.4)))
        errands.append(tuple(accumulate(parts)))
    return tuple(suits), tuple(errands)


def _hours(chance: Random) -> tuple[float, ...]:
    """The usual hour of each errand, as MISSIONS."""
    early = chance.random() < 0.45
    return (
        chance.gauss(8.2, 0.8), chance.gauss(13.1, 0.4), chance.gauss(16.6, 0.9),
        chance.gauss(10.4, 1.0) if early else chance.gauss(18.0, 1.0), chance.gauss(20.3, 1.6),
    )  # fmt: skip


def _away(chance: Random) -> tuple[int, int]:
    """Most are away for a while in summer."""
    if chance.random() < 0.3:
        return (0, 0)
    return (int(chance.gauss(222, 14)), chance.randint(6, 21))


def _store(chance: Random, stores: int) -> int:
    """The store they live near; the online one is nobody's."""
    if stores == ONLINE + 1:
        return int(chance.random() < 0.41)
    place = int(chance.random() ** 1.3 * (stores - 1))
    return place + (place >= ONLINE)


def _tastes(chance: Random, children: int) -> Tastes:
    size = chance.lognormvariate(1.72, 0.42) * (1 + 0.12 * children)
    repeats = chance.betavariate(2.2, 3.6)
    baby = children > 0 and chance.random() < 0.3
    return Tastes(own_things(chance), repeats, chance.betavariate(1.3, 2.2), size, baby)


def _told(chance: Random, name: Name, children: int) -> dict[str, bool | int | str]:
    """What the form asked besides name and birthday, by those who answered."""
    told: dict[str, bool | int | str] = {}
    if chance.random() < 0.93:
        told["gender"] = "x" if chance.random() < 0.01 else name.gender
    if chance.random() < 0.68:
        told["children"] = children
    return told


def _favourites(chance: Random) -> tuple[str, ...]:
    """A third choose one in advance, an article or a shelf; a few of them two."""
    if chance.random() > 0.33:
        return ()
    liked = chance.choices(_SOLD, _LIKED, k=2)
    first = chance.choice(_FAVOURITES) if chance.random() < 0.3 else liked[0].sku
    return (first,) if chance.random() < 0.75 else (first, liked[1].sku)


_SOLD = [product for product in products() if product.liking]
_LIKED = [product.liking for product in _SOLD]
