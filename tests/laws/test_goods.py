"""Goods of a rule: looked up, they are the lines that fit when each is compared."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from support.anything import AISLES, BRANDS, SKUS, struct
from tessera.rules.core.basket import Basket, Goods
from tessera.rules.core.filling import Filler
from tessera.rules.core.words import Program
from tessera.warehouse.core import Line

PROGRAM = Program(name="Plain", currency="EUR", rules=())
LINES = st.lists(
    st.builds(
        Line, st.sampled_from(SKUS), st.integers(1, 3), st.integers(0, 300),
        st.sampled_from(["piece", "g"]), category=st.sampled_from(["", *AISLES]),
        brand=st.sampled_from(["", *BRANDS]), promo=st.sampled_from(["", "SALE"]),
        kind=st.sampled_from(["goods", "gift_card"]),
    ),
    min_size=1, max_size=6,
).map(tuple)  # fmt: skip


def fits(goods: Goods, line: Line) -> bool:
    """Every word by itself, as the reference says it."""
    return (
        (not goods.skus or line.sku in goods.skus)
        and (not goods.categories or line.category in goods.categories)
        and (not goods.brands or line.brand in goods.brands)
        and (not goods.kinds or line.kind in goods.kinds)
        and (not goods.unit or line.unit == goods.unit)
        and line.sku not in goods.not_skus
        and line.category not in goods.not_categories
        and line.unit_minor >= goods.unit_from_minor
        and (goods.promoted == "any" or (goods.promoted == "only") == bool(line.promo))
    )


@settings(deadline=None, max_examples=400)
@given(
    struct(Goods), st.sets(st.sampled_from(Goods.__struct_fields__), max_size=2), LINES, st.data()
)
def test_what_is_looked_up_is_what_fits(body, said, lines, data):
    filler = Filler({})
    goods = filler.fill(Goods, {name: body[name] for name in said & body.keys()}, "of")
    assert goods is not None, filler.faults
    kept = [data.draw(st.integers(0, line.quantity)) for line in lines]
    basket = Basket(lines, kept, PROGRAM)
    naive = [i for i, line in enumerate(lines) if kept[i] and fits(goods, line)]
    assert goods.lines(basket) == naive
