"""Any condition, any person, any basket: for laws over all conditions of the shelf.

A leaf is made from its schema, as data; what its fields together forbid is not drawn again, the
one who draws asks for another.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from tessera.rules import conditions
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import AllOf, AnyOf, Condition, NotSo, all_needs
from tessera.rules.core.facts import Facts, Need, Person, Trait
from tessera.rules.core.filling import Filler
from tessera.rules.core.words import Program
from tessera.warehouse.core import Line

KINDS = {code: conditions.condition_of(module) for code, module in conditions.shelf().items()}
NAMES = ("A", "B", "C")  # of articles, categories, stores, rules, attributes, ...: they meet
RULES = (
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;BYDAY=SA,SU", "FREQ=WEEKLY;INTERVAL=2",
    "FREQ=MONTHLY;BYDAY=1SA", "FREQ=MONTHLY;BYMONTHDAY=-1;BYHOUR=8,18", "FREQ=YEARLY;BYEASTER=0",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", "FREQ=DAILY;COUNT=9", "FREQ=MONTHLY;UNTIL=20271231",
)  # fmt: skip
BY_NAME: dict[str, st.SearchStrategy[Any]] = {
    "rule": st.sampled_from((*RULES, *NAMES)),
    "starts": st.sampled_from(["2026-01-05", "2024-02-29 18:30", "2026-12-31 23:00"]),
    "of": st.sampled_from(["", "c:A", "c:B", "s:A", "s:B", "e:A"]),
    "window": st.sampled_from(["ever", "this month", "30 days", "1 years", "since 02-29"]),
    "names": st.dictionaries(
        st.sampled_from(["Anna", "B"]), st.sampled_from(["02-29", "12-30 01-02"]), min_size=1
    ),
}


@cache
def leaves(code: str = "") -> st.SearchStrategy[Any]:
    """Valid conditions, of this code or any."""
    if not code:
        return st.one_of([leaves(each) for each in KINDS])
    data = data_of(KINDS[code])
    return data.map(lambda fields: fill(code, fields)).filter(lambda made: made is not None)


def fill(code: str, data: dict[str, Any]) -> Condition | None:
    """The condition as the text of a program would give it."""
    return Filler(KINDS).tree({code: data}, "")


def data_of(kind: type[msgspec.Struct]) -> st.SearchStrategy[dict[str, Any]]:
    """A struct's fields as plain data, those with a default sometimes left out."""
    shape = inspect.type_info(kind)
    assert isinstance(shape, inspect.StructType)
    must: dict[str, st.SearchStrategy[Any]] = {}
    may: dict[str, st.SearchStrategy[Any]] = {}
    for field in shape.fields:
        plain = field.type.type if isinstance(field.type, inspect.Metadata) else field.type
        known = field.name in BY_NAME and not isinstance(plain, inspect.StructType)
        value = BY_NAME[field.name] if known else any_of(plain)
        (must if field.required else may)[field.name] = value
    return st.fixed_dictionaries(must, optional=may).map(in_order)


def in_order(data: dict[str, Any]) -> dict[str, Any]:
    """Of two bounds the lower one first."""
    for low, high in (("at_least", "at_most"), ("at_least_minor", "at_most_minor")):
        ends = [data.get(low), data.get(high)]
        if type(ends[0]) is type(ends[1]) and ends[0] is not None and ends[0] > ends[1]:
            data |= {low: ends[1], high: ends[0]}
    return data


def any_of(kind: inspect.Type) -> st.SearchStrategy[Any]:
    """A value of a field, as plain data; often a small one or a name that others have as well."""
    match kind:
        case inspect.Metadata(type=described):
            return any_of(described)
        case inspect.NoneType():
            return st.none()
        case inspect.BoolType():
            return st.booleans()
        case inspect.LiteralType(values=values):
            return st.sampled_from(values)
        case inspect.IntType(ge=low, le=high):
            assert low is not None and high is not None
            few = st.integers(max(low, -2), min(high, 8))
            return few | st.integers(low, high)
        case inspect.StrType():
            return texts(kind)
        case inspect.VarTupleType(item_type=item, min_length=least, max_length=most):
            return st.lists(any_of(item), min_size=least or 0, max_size=min(most or 3, 3))
        case inspect.UnionType(types=types):
            return st.one_of([any_of(each) for each in types])
        case inspect.StructType(cls=struct):
            return data_of(struct)
    raise AssertionError(f"no values for {kind}")


def texts(kind: inspect.StrType) -> st.SearchStrategy[str]:
    """Names that fit, else whatever the pattern allows."""
    fitting = [name for name in (*NAMES, "en") if not kind.pattern or re.search(kind.pattern, name)]
    if fitting:
        return st.sampled_from(fitting)
    assert kind.pattern is not None
    return st.from_regex(kind.pattern)


TREES = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: AllOf(of=tuple(parts))),
        st.lists(inner, min_size=1, max_size=4).map(lambda parts: AnyOf(of=tuple(parts))),
        inner.map(lambda part: NotSo(of=part)),
    ),
    max_leaves=8,
)
DAYS = st.dates(date(1970, 1, 1), date(2100, 12, 31)) | st.dates(
    date(2025, 12, 1), date(2027, 1, 31)
)
TIMES = st.builds(datetime.combine, DAYS, st.times()).map(lambda at: at.replace(second=0))
NAME = st.sampled_from((*NAMES, ""))
LINES = st.lists(
    st.builds(
        Line, sku=st.sampled_from(NAMES), quantity=st.integers(1, 9),
        unit_minor=st.integers(0, 2_000), unit=st.sampled_from(["piece", "piece", "g"]),
        category=NAME, brand=NAME, promo=st.sampled_from(["", "WEEK7"]),
        kind=st.sampled_from(["goods", "goods", "deposit", "delivery"]),
    ),
    max_size=5,
)  # fmt: skip
PEOPLE = st.builds(
    Person, registered=st.booleans(), joined_on=st.none() | DAYS, born_on=st.none() | DAYS,
    given_name=st.sampled_from(["", "Anna", "ANNA-MARIA", "B"]),
    language=st.sampled_from(["", "en", "de-CH"]),
    attributes=st.dictionaries(
        st.sampled_from(NAMES),
        st.booleans() | st.integers(-3, 9) | st.sampled_from(["A", "2026-05-05", "12-30"]),
    ),
)  # fmt: skip


@st.composite
def baskets(draw: st.DrawFn) -> Basket:
    """A receipt in the middle of its decision: some of it kept, lowered, paid with points."""
    lines = draw(LINES)
    kept = draw(st.none() | st.tuples(*[st.integers(0, line.quantity) for line in lines]))
    basket = Basket(lines, kept, Program(name="Any", currency="EUR", rules=()))
    basket.left = [draw(st.integers(0, total)) for total in basket.total]
    if draw(st.booleans()):
        basket.by_points = [draw(st.integers(0, left)) for left in basket.left]
    basket.gave = draw(st.dictionaries(st.sampled_from(NAMES), st.integers(0, 9)))
    return basket


class Looked(dict[str, int]):
    """Known facts that note what was looked up."""

    def __init__(self, known: dict[str, int]) -> None:
        super().__init__(known)
        self.keys_seen: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.keys_seen.add(key)
        return super().get(key, default)

    def __getitem__(self, key: str) -> int:
        self.keys_seen.add(key)
        return super().__getitem__(key)

    def __contains__(self, key: object) -> bool:
        self.keys_seen.add(str(key))
        return super().__contains__(key)


@st.composite
def facts_for(draw: st.DrawFn, condition: Condition) -> Facts:
    """Facts in which some of what the condition needs is known."""
    at = draw(st.none() | TIMES)
    person = draw(PEOPLE)
    known: dict[str, int] = {}
    for need in all_needs(condition):
        value = draw(st.none() | known_of(need, person, at))
        if value is not None:
            known[need.key] = value
    pay = st.tuples(st.sampled_from(NAMES), st.integers(0, 5_000))
    return Facts(
        draw(st.booleans()), at=at, store=draw(NAME), region=draw(NAME), till=draw(NAME),
        channel=draw(st.sampled_from(["store", "online", "app", "phone"])), card=draw(NAME),
        payments=tuple(draw(st.lists(pay, max_size=3))),
        favourites=tuple(draw(st.lists(st.sampled_from(NAMES), max_size=2))), event=draw(NAME),
        data=draw(st.dictionaries(st.sampled_from(NAMES), st.integers(-3, 9) | st.booleans())),
        known=Looked(known),
    )  # fmt: skip


def known_of(need: Need, person: Person, at: datetime | None) -> st.SearchStrategy[int | None]:
    """What may be known under a need; a trait is what its condition says of the person."""
    if isinstance(need, Trait):
        return st.just(need.of.trait(person, at.date()) if at else None)
    return st.integers(0, 9) | st.integers(0, 10**9)
