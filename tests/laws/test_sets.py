"""Sets of several parts, against trying everything; bundles at a price, against looking again."""

from __future__ import annotations

from bisect import bisect_left
from itertools import chain, combinations

from hypothesis import event, given, settings
from hypothesis import strategies as st

from support.anything import program_of
from tessera.rules.core.basket import Basket
from tessera.rules.core.facts import Facts, Met
from tessera.rules.core.sets import Part, Sets
from tessera.warehouse.core import Line

MANY = settings(deadline=None, max_examples=400)


def shelves(parts, most):
    """[(units, the parts it fits)] of lines, each fitting one part or more."""
    fits = st.sets(st.integers(0, parts - 1), min_size=1)
    return st.lists(st.tuples(st.integers(1, most), fits), min_size=1, max_size=6)


def parts_of(shelf, needed, turns):
    """The parts over these lines, each in the order of its turn."""
    lines = [[i for i, (_, fits) in enumerate(shelf) if at in fits] for at in range(len(needed))]
    return [Part(lines[at][:: turns[at]], units) for at, units in enumerate(needed)]


@MANY
@given(shelves(3, 4), st.lists(st.integers(1, 2), min_size=1, max_size=3))
def test_a_set_is_found_as_often_as_it_is_there(shelf, needed):
    """Against trying every way to lay single pieces to parts."""
    parts = parts_of(shelf, needed, [1, 1, 1])
    room = {i: units for i, (units, _) in enumerate(shelf)}
    single = [fits for units, fits in shelf for _ in range(units)]
    sets = Sets(parts, room)
    assert sets.lacking() == sum(needed) - laid(single, needed, 0)
    times = sets.most_times()
    assert laid(single, needed, times - 1) == sum(needed) * times
    assert laid(single, needed, times) < sum(needed) * (times + 1)


def laid(single, needed, times):
    """The most places of `times` + 1 sets that single pieces can fill: augmenting paths."""
    places = [at for at, units in enumerate(needed) for _ in range(units * (times + 1))]
    taken_by: dict[int, int] = {}

    def place(piece, seen):
        for spot, part in enumerate(places):
            if part in single[piece] and spot not in seen:
                seen.add(spot)
                if spot not in taken_by or place(taken_by[spot], seen):
                    taken_by[spot] = piece
                    return True
        return False

    return sum(place(piece, set()) for piece in range(len(single)))


@MANY
@given(
    shelves(4, 9), st.lists(st.integers(1, 3), min_size=2, max_size=4),
    st.lists(st.sampled_from([1, -1]), min_size=4, max_size=4), st.data(),
)  # fmt: skip
def test_every_part_takes_its_first_units_that_the_rest_can_spare(shelf, needed, turns, data):
    parts = parts_of(shelf, needed, turns)
    room = {i: units for i, (units, _) in enumerate(shelf)}
    sets = Sets(parts, room)
    times = data.draw(st.integers(0, sets.most_times()))
    event("bounded" if times == sets.most_times() > 0 else "free")
    picks = sets.parted(times)
    assert picks == one_by_one(parts, room, times)
    assert [list(pick) for pick in picks] == [
        [i for i in part.order if i in pick] for part, pick in zip(parts, picks, strict=True)
    ]


def one_by_one(parts, room, times):
    """Unit by unit: is what is left enough for the parts after it?"""
    room, picks = dict(room), []
    for at, part in enumerate(parts):
        pick: dict[int, int] = {}
        for i in part.order:
            while room[i] and sum(pick.values()) < part.units * times:
                room[i] -= 1
                if not enough(parts[at + 1 :], room, times):
                    room[i] += 1
                    break
                pick[i] = pick.get(i, 0) + 1
        picks.append(pick)
    return picks


def enough(parts, room, times):
    """Hall's theorem, choice by choice."""
    choices = chain.from_iterable(combinations(parts, n) for n in range(1, len(parts) + 1))
    return all(
        sum(room[i] for i in {i for part in choice for i in part.order})
        >= sum(part.units for part in choice) * times
        for choice in choices
    )


AISLES = "abc"
BUNDLES = st.fixed_dictionaries({
    "parts": st.lists(
        st.fixed_dictionaries({
            "of": st.sets(st.sampled_from(AISLES), min_size=1).map(
                lambda aisles: {"categories": sorted(aisles)}
            ),
            "units": st.integers(1, 2),
        }),
        min_size=2, max_size=3,
    ),
    "price_minor": st.integers(1, 1_200),
})  # fmt: skip
GOODS = st.builds(
    lambda units, price, aisle: Line(aisle.upper(), units, price, category=aisle),
    st.integers(1, 9), st.integers(0, 500), st.sampled_from(AISLES),
)  # fmt: skip


@MANY
@given(BUNDLES, st.lists(GOODS, min_size=2, max_size=6))
def test_a_bundle_at_a_price_is_given_as_often_as_it_pays(body, lines):
    program = program_of([body | {"id": "set", "mechanic": "bundle"}])
    assert program is not None
    basket, shown = Basket(lines, None, program), body["price_minor"]
    order = sorted(range(len(lines)), key=lambda i: -lines[i].unit_minor)
    parts = [
        Part([i for i in order if lines[i].category in part["of"]["categories"]], part["units"])
        for part in body["parts"]
    ]
    room = {i: line.quantity for i, line in enumerate(lines)}

    def worth(times):
        picks = one_by_one(parts, room, times)
        return sum(lines[i].unit_minor * units for pick in picks for i, units in pick.items())

    times = Sets(parts, room).most_times()
    pays = [worth(n + 1) - worth(n) > shown for n in range(times)]
    if times and not pays[-1]:
        times = bisect_left(range(times - 1), True, key=lambda n: not pays[n])
    event(f"{min(times, 3)} sets")
    found = program.rules[0].check(basket, Facts(True))
    assert (found.times if isinstance(found, Met) else 0) == times
