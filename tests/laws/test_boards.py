"""What the places of a board win: never more than its prizes, the same for the same."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from tessera.checkout.boards.core import Standing, winners
from tessera.rules.core.boards import BoardPrize

AMOUNTS = st.lists(st.integers(1, 6), max_size=30).map(lambda each: sorted(each, reverse=True))
PRIZES = st.lists(
    st.builds(BoardPrize, points=st.integers(1, 100), places=st.integers(1, 5)), max_size=4
).map(lambda each: sorted(each, key=lambda one: -one.points))


def standings(amounts):
    return [Standing(UUID(int=n), amount) for n, amount in enumerate(amounts, 1)]


@given(AMOUNTS, PRIZES)
def test_places_share_what_they_take(amounts, prizes):
    found = winners(prizes, standings(amounts))
    there = [each.points for each in prizes for _ in range(each.places)]
    assert sum(each.points for each in found) <= sum(there[: len(amounts)])
    for each in found:
        assert each.place == 1 + sum(amount > each.amount for amount in amounts)
        assert each.sharing == amounts.count(each.amount)
        pot = sum(there[each.place - 1 : each.place - 1 + each.sharing])
        assert each.points == pot // each.sharing > 0
    same = {(each.amount, each.points) for each in found}
    assert len(same) == len({amount for amount, _ in same}), "who have the same win the same"
    assert [each.points for each in found] == sorted((e.points for e in found), reverse=True)
    missed = set(amounts) - {each.amount for each in found}
    for amount in missed:
        place, sharing = 1 + sum(each > amount for each in amounts), amounts.count(amount)
        assert sum(there[place - 1 : place - 1 + sharing]) < sharing, "less than a point each"


def test_two_firsts_share_the_first_two_prizes():
    prizes = [BoardPrize(1000), BoardPrize(501), BoardPrize(100, 2)]
    found = winners(prizes, standings([9, 9, 4, 3, 2]))
    assert [(each.place, each.sharing, each.points) for each in found] == [
        (1, 2, 750), (1, 2, 750), (3, 1, 100), (4, 1, 100),
    ]  # fmt: skip
