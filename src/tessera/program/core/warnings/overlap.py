"""Two rules of one kind about the same goods and of like conditions that may both give at once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice

from tessera.program.core.chances import both
from tessera.program.core.dead import tree_of
from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.basket import EVERYTHING, Goods
from tessera.rules.core.conditions import Condition, walk
from tessera.rules.core.texts import phrase
from tessera.rules.core.words import Mechanic

_LOOKED, _TRIED = 200_000, 2_000  # pairs whose goods are looked at, and whose conditions are tried


BOTH = "on one receipt {first} and this rule, both {kind}, may give"
CURE = "put both into one group, or narrow one of them"


def find(seen: Seen) -> Iterator[Caution]:
    """One for each pair; base rules are meant to meet others, and so is a group."""
    kinds: dict[tuple[str, str], list[Mechanic]] = {}
    for rule in seen.program.rules:
        if not rule.base and rule.id not in seen.dead:
            kinds.setdefault((rule.lane, rule.code), []).append(rule)
    pairs = (pair for rules in kinds.values() for pair in combinations(rules, 2))
    near = ((a, b) for a, b in islice(pairs, _LOOKED) if not _apart(a, b) and _same_goods(a, b))
    for first, second in islice(near, _TRIED):
        if _meet(first, second, seen):
            why = phrase(BOTH, first=first.id, kind=first.code)
            yield Caution("overlap", second.id, why, phrase(CURE))


def _meet(first: Mechanic, second: Mechanic, seen: Seen) -> bool:
    trees = [tree for tree in map(tree_of, (first, second)) if tree is not None]
    if len(trees) == 2 and _kinds(trees[0]) != _kinds(trees[1]):
        return False  # one looks at the day, say, and one at the member: that is on purpose
    return both(first, second, trees, seen.on)


def _kinds(tree: Condition) -> set[str]:
    return {each.code for each in walk(tree) if not each.parts()}


def _apart(first: Mechanic, second: Mechanic) -> bool:
    """Of one group, or of samples of one draw that have no member in common."""
    if first.group and first.group == second.group:
        return True
    if first.sample is None or second.sample is None:
        return False
    one, two = first.sample, second.sample
    together = one.salt and one.salt == two.salt
    return bool(together and (one.upto <= two.above or two.upto <= one.above))


def _same_goods(first: Mechanic, second: Mechanic) -> bool:
    """Whether a line may count for both, as far as their codes tell."""
    one, two = _goods(first), _goods(second)
    if one is None or two is None:
        return False
    if EVERYTHING in (one, two):
        return True
    pairs = [(getattr(one, name), getattr(two, name)) for name in ("skus", "categories")]
    return any(set(mine) & set(other) for mine, other in pairs)


def _goods(rule: Mechanic) -> Goods | None:
    """What a rule is about; None where only its own fields say it."""
    watched = rule.watches()
    if watched is not None:
        return watched
    product = getattr(rule, "product", None)
    if isinstance(product, str):
        return Goods(skus=(product,))
    return EVERYTHING if not any("product" in name for name in rule.__struct_fields__) else None
