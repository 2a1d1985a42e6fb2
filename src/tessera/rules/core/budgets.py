"""Budgets: ceilings on what rules give all members together, and what each giving costs.

Costs are counted in hundredths of a minor unit: one point may be worth less than a cent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

from tessera.base.text import Code, Name
from tessera.ledger.core import MAIN
from tessera.rules.core.stories import Effect, Story, Wish

if TYPE_CHECKING:
    from tessera.rules.core.words import Mechanic, Program

Funding = Literal["margin", "marketing", "partner", "supplier"]
Span = Literal["day", "week", "month", "quarter", "year", "ever"]
Whose = Literal["all", "store", "region", "member"]
Codes = Annotated[tuple[Code, ...], Meta(max_length=500)]
Most = Annotated[int, Meta(ge=1, le=10**12)]
FREE = 1 << 62
USED_UP = "the budget {budget} is used up"
MONEY, PIECES = frozenset({"discount", "donation"}), frozenset({"gift", "coupon", "ticket"})
_MOST_X100 = 10**15  # of one giving: above any ceiling, and sums of them stay whole 64 bits


class Budget(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A ceiling on what may be given: it trims what would pass it, and nothing is given after that.

    rules        what draws on it: these rules, the rules of these `campaigns`, what is given of
                 these `items`; without any of them, every rule of the program
    per          a period of the store's calendar, by the day of the purchase
    by           one ceiling for all together, or one for each store, region or member
    most_minor   what it may cost: discounts, goods at cost, points at what one is worth
    most_points  points; `most_pieces` gifts, coupons, tickets: the stock of a prize
    turnover_percent_x100  hundredths of a percent of the turnover with a card: the goods' prices
                 before the program's discounts, less what came back, this receipt among it
    warn_percent  from so much of a ceiling on it is said that it comes near
    """

    name: Name = ""
    rules: Codes = ()
    campaigns: Codes = ()
    items: Codes = ()
    per: Span = "month"
    by: Whose = "all"
    most_minor: Most | None = None
    most_points: Most | None = None
    most_pieces: Most | None = None
    turnover_percent_x100: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    warn_percent: Annotated[int, Meta(ge=1, le=99)] = 80

    @property
    def limits(self) -> bool:
        """Whether it has a ceiling at all."""
        ceilings = (self.most_minor, self.most_points, self.most_pieces)
        return any(each is not None for each in (*ceilings, self.turnover_percent_x100))


class Draw(NamedTuple):
    """What is drawn on a budget: cost in hundredths of a minor unit, points, pieces."""

    cost_x100: int = 0
    points: int = 0
    pieces: int = 0

    def plus(self, other: Draw, sign: int = 1) -> Draw:
        """Both together, or (-1) the difference."""
        a, b, c = other
        return Draw(self.cost_x100 + sign * a, self.points + sign * b, self.pieces + sign * c)


@dataclass(frozen=True, slots=True)
class Book:
    """A program's budgets, ready to be asked.

    by_rule  {rule: the budgets it draws on, whatever it gives}; by_item likewise
    worth    {currency: hundredths of a minor unit that one point costs}
    costs    {gift or coupon: minor units}; funding: {rule: who pays}
    """

    budgets: Mapping[str, Budget]
    by_rule: Mapping[str, tuple[str, ...]]
    by_item: Mapping[str, tuple[str, ...]]
    worth: Mapping[str, int]
    costs: Mapping[str, int]
    funding: Mapping[str, Funding]

    def drawn_on(self, rule: str, item: str) -> Sequence[str]:
        """The budgets that a rule draws on when it gives this."""
        own, more = self.by_rule.get(rule, ()), self.by_item.get(item, ()) if item else ()
        return (*own, *(code for code in more if code not in own)) if more else own

    def each_x100(self, kind: str, unit: str, item: str) -> int:
        """What one minor unit, point or piece costs. Payment with points: nothing more."""
        if kind == "points":
            return self.worth.get(unit, 0)
        if kind in MONEY:
            return 100
        return 0 if kind == "payment" else self.costs.get(item, 0) * 100

    def draw(self, effect: Effect) -> Draw:
        """What an effect draws."""
        return self.of(effect.kind, effect.unit, effect.item, effect.given)

    def of(self, kind: str, unit: str, item: str, amount: int) -> Draw:
        """What it draws to give so much of it."""
        cost = min(amount * self.each_x100(kind, unit, item), _MOST_X100)
        return Draw(
            cost, amount if kind == "points" else 0, amount if kind in PIECES else 0
        )  # fmt: skip

    def drawn(self, story: Story) -> dict[tuple[str, Funding], Draw]:
        """{(budget, who pays): what a decision draws on it}; what no rule gave is nobody's."""
        found: dict[tuple[str, Funding], Draw] = {}
        for effect in story.effects:
            paid_by = self.funding.get(effect.rule)
            if paid_by is None or not effect.given or effect.kind == "payment":
                continue
            draw = self.draw(effect)
            for code in self.drawn_on(effect.rule, effect.item):
                found[code, paid_by] = found.get((code, paid_by), Draw()).plus(draw)
        return found

    def stopped(self, story: Story) -> frozenset[str]:
        """The budgets for whose sake a decision gave less than was wished."""
        numbers = [*(e.numbers for e in story.effects), *(s.numbers for s in story.silent)]
        return frozenset([str(each[_WHICH]) for each in numbers if _WHICH in each])


_WHICH = "budget_code"


def book_of(program: Program) -> Book | None:
    """The budgets of a program made ready; None where it has none."""
    if not program.budgets:
        return None
    by_rule = {
        rule.id: tuple(
            code for code, budget in program.budgets.items() if _always(budget, rule)
        ) for rule in program.rules
    }  # fmt: skip
    by_item: dict[str, tuple[str, ...]] = {}
    for code, budget in program.budgets.items():
        for item in budget.items:
            by_item[item] = (*by_item.get(item, ()), code)
    worth = {code: each.point_minor_x100 for code, each in program.currencies.items()}
    return Book(
        program.budgets, by_rule, by_item, {MAIN: program.point_minor_x100, **worth},
        program.costs, {rule.id: rule.funding for rule in program.rules},
    )  # fmt: skip


def _always(budget: Budget, rule: Mechanic) -> bool:
    if not (budget.rules or budget.campaigns or budget.items):
        return True
    return rule.id in budget.rules or bool(rule.campaign and rule.campaign in budget.campaigns)


class Limit(NamedTuple):
    """How much may still be given, and the budget that does not let it be more."""

    most: int
    code: str = ""


class Purses:
    """What the budgets leave for one decision; it shrinks as rules give.

    known        `b:CODE ...` as of `told`; what is not there: nothing was drawn yet
    gross_minor  of the goods that are kept: this receipt's own turnover
    """

    __slots__ = ("_book", "_given", "_gross", "_known")

    def __init__(self, book: Book, known: Mapping[str, int], gross_minor: int) -> None:
        self._book, self._known, self._gross = book, known, gross_minor
        self._given: dict[str, Draw] = {}

    def left(self, rule: Mechanic, wish: Wish) -> Limit:
        """The tightest of the budgets that a rule draws on, in what it would give."""
        found = Limit(FREE)
        if wish.kind == "payment":
            return found
        each = self._book.each_x100(wish.kind, rule.earns, wish.item)
        for code in self._book.drawn_on(rule.id, wish.item):
            most = self._most(code, wish.kind, each)
            if most < found.most:
                found = Limit(most, code)
        return found

    def take(self, rule: Mechanic, wish: Wish, amount: int) -> None:
        """So much was given."""
        if not amount or wish.kind == "payment":
            return
        draw = self._book.of(wish.kind, rule.earns, wish.item, amount)
        for code in self._book.drawn_on(rule.id, wish.item):
            self._given[code] = self._given.get(code, Draw()).plus(draw)

    def numbers(self, code: str) -> dict[str, str]:
        """What the text of a budget that is used up tells."""
        return {"budget": self._book.budgets[code].name or code, _WHICH: code}

    def _most(self, code: str, kind: str, each_x100: int) -> int:
        budget, given = self._book.budgets[code], self._given.get(code, Draw())
        known, most = self._known, FREE
        if each_x100:
            if budget.most_minor is not None:
                left = known.get(minor_key(code), budget.most_minor * 100) - given.cost_x100
                most = min(most, left // each_x100)
            if budget.turnover_percent_x100 is not None:
                own = budget.turnover_percent_x100 * self._gross
                left = (known.get(turnover_key(code), 0) + own) // 100 - given.cost_x100
                most = min(most, left // each_x100)
        if kind == "points":
            if budget.most_points is not None:
                left = known.get(points_key(code), budget.most_points) - given.points
                most = min(most, left)
        elif kind in PIECES and budget.most_pieces is not None:
            most = min(most, known.get(pieces_key(code), budget.most_pieces) - given.pieces)
        return max(most, 0)


def minor_key(code: str) -> str:
    """Among the known facts: what is left of `most_minor`, in hundredths of a minor unit."""
    return f"b:{code} minor"


def turnover_key(code: str) -> str:
    """... of its share of the turnover so far, in ten-thousandths of a minor unit; also below 0."""
    return f"b:{code} turnover"


def points_key(code: str) -> str:
    """... of `most_points`."""
    return f"b:{code} points"


def pieces_key(code: str) -> str:
    """... of `most_pieces`."""
    return f"b:{code} pieces"


def told(
    code: str, budget: Budget, drawn: Draw, turnover_minor: int
) -> Iterator[tuple[str, int]]:  # fmt: skip
    """The facts of a budget of which so much is drawn or kept: (key, what is left)."""
    if budget.most_minor is not None:
        yield minor_key(code), budget.most_minor * 100 - drawn.cost_x100
    if budget.turnover_percent_x100 is not None:
        share = budget.turnover_percent_x100 * turnover_minor
        yield turnover_key(code), share - drawn.cost_x100 * 100
    if budget.most_points is not None:
        yield points_key(code), budget.most_points - drawn.points
    if budget.most_pieces is not None:
        yield pieces_key(code), budget.most_pieces - drawn.pieces


def budget_faults(
    program: Program, known: set[str] | None
) -> Iterator[tuple[str, str, str]]:  # fmt: skip
    """(path, why, cure) of what the budgets name and is not there.

    known  the rules' ids; None: some could not be read
    """
    campaigns = {rule.campaign for rule in program.rules}
    for code, budget in program.budgets.items():
        path = f"budgets.{code}"
        if not budget.limits:
            cure = "add `most_minor`, `most_points`, `most_pieces` or `turnover_percent_x100`"
            yield path, "this budget limits nothing", cure
        if known is None:
            continue
        for i, name in enumerate(budget.rules):
            if name not in known:
                yield f"{path}.rules[{i}]", f"there is no rule {name}", "name a rule by its id"
        for i, name in enumerate(budget.campaigns):
            if name not in campaigns:
                why = f"no rule is of the campaign {name}"
                yield f"{path}.campaigns[{i}]", why, "write `campaign` into its rules"
