"""The sentence of a rule in parts: what it gives of which goods."""

from __future__ import annotations

from tessera.rules.core.basket import EVERYTHING, Goods
from tessera.rules.core.phrases import goods_words
from tessera.rules.core.texts import Numbers, Template


def told_of(
    of: Goods, whole: Template, part: Template, **numbers: int | str
) -> tuple[Template, Numbers]:
    """The text for everything, or the one that names the `{goods}`, with its numbers."""
    if of == EVERYTHING:
        return whole, numbers
    return part, {**numbers, "goods": goods_words(of)}
