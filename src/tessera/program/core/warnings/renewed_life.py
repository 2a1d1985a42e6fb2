"""A circle of exchanges that costs nothing: points that expire begin anew as often as asked."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product

from tessera.program.core.seen import Caution, Seen
from tessera.rules.core.texts import phrase
from tessera.rules.core.words import Program

WHY = "{of} become {into} and come back as many as they were, with a new life"
CURE = "give fewer of one of them back, or take a way away"


def find(seen: Seen) -> Iterator[Caution]:
    """One for the first such way whose points expire."""
    best = _best(seen.program)
    for of, into in best:
        if best[of, into] * best.get((into, of), 0) == 1 and seen.program.lives[of].expiry:
            why = phrase(WHY, of=of or "points", into=into or "points")
            yield Caution("renewed_life", "", why, phrase(CURE))
            return


def _best(program: Program) -> dict[tuple[str, str], Fraction]:
    """{(currency, another): how many of it one becomes at best, through whatever is between}.

    source  Floyd and Warshall, by products; exact. No circle makes more of what goes in.
    """
    rates = program.transfers.exchange if program.transfers else ()
    best = {(rate.of, rate.into): Fraction(rate.get, rate.give) for rate in rates}
    known = list(dict.fromkeys(code for way in best for code in way))
    for between, of, into in product(known, known, known):
        through = best.get((of, between), Fraction(0)) * best.get((between, into), Fraction(0))
        if of != into and through > best.get((of, into), 0):
            best[of, into] = through
    return best
