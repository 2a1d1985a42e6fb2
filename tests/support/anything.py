"""Any rule and any program: data drawn from the schemas of whatever lies on the shelves."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from tessera.program.core import Reader
from tessera.rules import conditions, mechanics
from tessera.rules.core.basket import Goods
from tessera.rules.core.conditions import Condition
from tessera.rules.core.draws import LUCK, stock_key
from tessera.rules.core.facts import Facts, Moment, Person, Trait
from tessera.rules.core.filling import Filler
from tessera.rules.core.prizes import Prize
from tessera.rules.core.settings import Sample
from tessera.rules.core.words import Mechanic, Program
from tessera.warehouse.core import Line

READER = Reader(mechanics.shelf(), conditions.shelf())
SKUS, AISLES, BRANDS = ("A", "B", "C"), ("dairy", "drinks"), ("ACME", "OWN")
NUMBERS = (0, 1, 2, 3, 5, 7, 10, 50, 99, 100, 101, 250, 500, 1000, 2000, 12345)
WORDS = {
    "skus": SKUS, "product": SKUS, "not_skus": SKUS, "categories": AISLES, "brands": BRANDS,
    "not_categories": AISLES, "stores": ("S1", "S2"), "regions": ("north",),
    "tills": ("1", "2"), "methods": ("cash", "member_card"), "channels": ("store", "online"),
}  # fmt: skip
WINDOWS = ("ever", "this month", "30 days", "12 months", "since 02-01")
BASICS = set(Mechanic.__struct_fields__)


def of_type(kind: Any, name: str) -> st.SearchStrategy[Any]:
    """Plain data for a field of that type and name, as text would have it."""
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        metas = [part for part in args[1:] if isinstance(part, msgspec.Meta)]
        return bounded(args[0], metas, name)
    if origin is Literal:
        return st.sampled_from(args)
    if origin is Union or str(origin) == "<class 'types.UnionType'>":
        return st.one_of(*(of_type(part, name) for part in args if part is not type(None)))
    if origin is tuple:
        items = st.lists(of_type(args[0], name), min_size=1, max_size=3)
        return (
            items
            if len(args) == 2 and args[1] is Ellipsis
            else st.tuples(*(of_type(part, name) for part in args)).map(list)
        )
    if origin is dict:
        return st.dictionaries(of_type(args[0], name), of_type(args[1], name), max_size=2)
    if isinstance(kind, type) and issubclass(kind, Condition):
        return CONDITIONS
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return struct(kind)
    return bounded(kind, [], name)


def bounded(kind: Any, metas: list[msgspec.Meta], name: str) -> st.SearchStrategy[Any]:
    if kind is bool:
        return st.booleans()
    if kind is date:
        return st.sampled_from(["2026-01-05", "2026-02-07", "2026-12-31"])
    if kind is int:
        low = max([m.ge for m in metas if m.ge is not None], default=-5)
        high = min([m.le for m in metas if m.le is not None], default=1000)
        near = [n for n in {*NUMBERS, low, high, low + 1} if low <= n <= min(high, 10**6)]
        return st.sampled_from(sorted(near) or [low])
    if kind is str:
        return text(next((m.pattern for m in metas if m.pattern), ""), name)
    return of_type(kind, name)


def text(pattern: str, name: str) -> st.SearchStrategy[str]:
    """A word of the small shop, or of a kind of its own: a window, a scope, a recurrence, a day."""
    if "months" in pattern:
        return st.sampled_from(WINDOWS)
    if "cs" in pattern:
        return st.sampled_from(["c:dairy", "c:drinks", "s:A"])
    if "=[A-Z" in pattern:
        return st.sampled_from(["FREQ=WEEKLY;BYDAY=MO,SA", "FREQ=DAILY", "FREQ=MONTHLY"])
    if pattern and "u202a" not in repr(pattern):
        return st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
    return st.sampled_from(WORDS.get(name, (*SKUS, *AISLES)))


def struct(kind: type[msgspec.Struct], without: set[str] | frozenset[str] = frozenset()) -> Any:
    """Data for a struct: what is required, and now and then the rest."""
    if kind is Prize:
        return PRIZES
    needed: dict[str, Any] = {}
    more: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.name not in without:
            (needed if field.required else more)[field.name] = of_type(field.type, field.name)
    return st.fixed_dictionaries(needed, optional=more)


def read_condition(data: Any) -> bool:
    return Filler(READER.conditions).tree(data, "") is not None


PRIZES = st.one_of(
    st.fixed_dictionaries({"points": st.integers(1, 100)}),
    st.fixed_dictionaries({"percent": st.integers(1, 100)}, optional={"of": struct(Goods)}),
    st.fixed_dictionaries({"off_minor": st.integers(1, 5000)}, optional={"of": struct(Goods)}),
    st.fixed_dictionaries({"gift": st.just("MUG")}, optional={"count": st.integers(1, 3)}),
    st.fixed_dictionaries({"coupon": st.just("TEN")}, optional={"title": st.just("Ten off")}),
    st.fixed_dictionaries({"ticket": st.sampled_from(SKUS)}, optional={"count": st.integers(1, 3)}),
    st.fixed_dictionaries({"badge": st.just("FAN")}, optional={"title": st.just("Fan")}),
)
LEAVES = st.deferred(
    lambda: st.one_of(
        *(struct(kind).map(lambda inside, code=code: {code: inside})
          for code, kind in READER.conditions.items())
    ).filter(read_condition)
)  # fmt: skip
CONDITIONS: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda of: {"all": of}),
        st.lists(inner, min_size=1, max_size=3).map(lambda of: {"any": of}),
        inner.map(lambda of: {"not": of}),
    ),
    max_leaves=4,
)


@st.composite
def rules(draw: Any, code: str, *, plain: bool = False) -> dict[str, Any]:
    """A rule of that mechanic that the reader takes.

    plain  nothing but the mechanic's own fields
    """
    kind = READER.mechanics[code]
    own = draw(struct(kind, without=BASICS))
    rule = {"id": draw(st.sampled_from([f"{code[:20]}-{n}" for n in range(99)])), "mechanic": code}
    if not plain:
        extra = {"priority": st.integers(-3, 3), "when": CONDITIONS, "hidden": st.booleans(),
                 "stack": st.booleans(), "sample": struct(Sample),
                 "group": st.just("one")}  # fmt: skip
        rule |= draw(st.fixed_dictionaries({}, optional=extra))
        if draw(st.booleans()) and code != "pay_with_points":
            rule["caps"] = [{"per": draw(st.sampled_from(["receipt", "day", "year"])),
                             "most": draw(st.sampled_from([1, 5, 100]))}]  # fmt: skip
    return rule | own


FIELDS = {
    "fields": {"receipt": {"required": False}, "minor": {"type": "integer", "required": False}}
}


def program_of(some: list[dict[str, Any]], **more: Any) -> Program | None:
    """The program of these rules; None if the reader refuses it."""
    words = (*SKUS, *AISLES)
    body = {
        "name": "Any",
        "currency": "EUR",
        "groups": {"one": {"pick": "best_for_member"}},
        "events": {word: FIELDS for word in (*words, "collected", "donation", "receipt_uploaded")},
        "attributes": {word: {} for word in words},
        "draws": {
            word: {"prizes": [{"item": "CAR"}, {"item": "MUG", "one_in": 3}], "ends": "2026-03-01"}
            for word in words
        },
        "tiers": {
            word: {"levels": [{"code": each, "reach": n} for n, each in enumerate(words)]}
            for word in words
        },
        "rules": some,
        **more,
    }
    program, _ = READER.examine(body, 1)
    return program


LINES = st.builds(
    Line,
    sku=st.sampled_from(SKUS),
    quantity=st.integers(1, 12),
    unit_minor=st.integers(0, 2_000),
    unit=st.sampled_from(["piece", "piece", "piece", "g"]),
    kind=st.sampled_from(["goods", "goods", "goods", "goods", "gift_card", "delivery"]),
    category=st.sampled_from(["", *AISLES]),
    brand=st.sampled_from(["", *BRANDS]),
    promo=st.sampled_from(["", "", "WEEK"]),
    cost_minor=st.none() | st.integers(0, 1_500),
)
BASKETS = st.lists(LINES, min_size=1, max_size=6).map(tuple)
PEOPLE = st.builds(
    Person, registered=st.booleans(), joined_on=st.none() | st.just(date(2020, 2, 7)),
    born_on=st.none() | st.sampled_from([date(1980, 2, 7), date(1996, 2, 29)]),
    given_name=st.sampled_from(["", "Anna"]), language=st.sampled_from(["en", "it"]),
    attributes=st.dictionaries(st.sampled_from([*SKUS, *AISLES]), st.sampled_from(["f", 3, True])),
)  # fmt: skip
MOMENTS = st.sampled_from(
    [
        datetime.fromisoformat(t)
        for t in ("2026-02-07T10:30", "2026-03-08T19:00", "2024-02-29T23:59")
    ]
)


@st.composite
def facts_for(draw: Any, program: Program) -> Facts:
    """Facts under which a program decides: some of what it needs known, some not."""
    at, person = draw(MOMENTS), draw(PEOPLE)
    known = {}
    for need in program.plan.needs:
        if isinstance(need, Trait):
            value = need.of.trait(person, at.date())
            if value is not None:
                known[need.key] = value
        elif isinstance(need, Moment) and need.word == "luck":
            known[need.key] = draw(st.sampled_from([0, LUCK // 3, LUCK - 1]))
            known |= {stock_key(code, "MUG"): draw(st.integers(0, 1)) for code in program.draws}
        elif draw(st.booleans()):
            known[need.key] = draw(st.sampled_from([0, 1, 2, 3, 4, 9, 365]))
    return Facts(
        True, True, 10**6, draw(st.none() | st.integers(1, 5_000)), at=at, store="S1",
        region="north", channel=draw(st.sampled_from(["store", "online"])), till="1",
        card=draw(st.sampled_from(["", "A"])), who=draw(st.sampled_from(["anna", "bob", "eve"])),
        payments=draw(st.sampled_from([(), (("member_card", 500), ("cash", 100))])),
        favourites=draw(st.sampled_from([(), ("A",), ("dairy", "B")])), known=known,
    )  # fmt: skip
