"""Why, and why not, for every rule: a stored decision taken again from what it knew. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from tessera.checkout.core.case import facts_again
from tessera.checkout.core.words import Kept, Row
from tessera.rules.core.engine import settle, settle_kept
from tessera.rules.core.words import Program, Story
from tessera.warehouse.core import Line


def sale_again(row: Row, lines: Sequence[Line], kept: Kept, program: Program) -> Story:
    """A sale's whole story: every rule of the version that decided it is heard."""
    return settle(lines, facts_again(row, kept.facts), program)


def return_again(
    sale: Row, lines: Sequence[Line], first: Kept, kept: Kept, program: Program
) -> Story:
    """The whole story of what a return left of its sale, whose first decision is `first`.

    What a return left, settled once more, is itself: no earlier return has to be known.
    """
    facts = facts_again(sale, first.facts)
    return settle_kept(lines, facts, program, kept.kept, kept.story)
