"""Budgets: ceilings on what rules give all members together, and what each giving costs.

Costs are counted in hundredths of a minor unit: one point may be worth less than a cent.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple, Protocol

from msgspec import Meta, Struct

from tessera.base.text import Code, Name
from tessera.ledger.core import MAIN
from tessera.rules.core.stories import Story, Wish

if TYPE_CHECKING:
    from tessera.rules.core.words import Mechanic, Program

Funding = Literal["margin", "marketing", "partner", "supplier"]
Span = Literal["day", "week", "month", "quarter", "year", "ever"]
Whose = Literal["all", "store", "region", "member"]
Codes = Annotated[tuple[Code, ...], Meta(max_length=500)]
Most = Annotated[int, Meta(ge=1, le=10**12)]
FREE = 1 << 62
_ENDLESS = 1 << 200  # above FREE also where it is shared by what one piece costs
USED_UP = "the budget {budget} is used up"
MONEY, PIECES = frozenset({"discount", "donation"}), frozenset({"gift", "coupon", "ticket"})
MOST_X100 = 10**15  # of one giving: above any ceiling, and sums of them stay whole 64 bits


class Budget(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A ceiling on what may be given: it trims what would pass it, and nothing is given after that.

    rules        what draws on it: these rules, the rules of these `campaigns`, what is given or
                 drawn of these `items`; without any of them, and without the next, every rule and
                 every drawn prize
    rewards      claims of these rewards of the catalogue, at what one costs; claims: of all of them
    referrals    prizes for bringing somebody; boards: prizes of boards
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
    rewards: Codes = ()
    claims: bool = False
    referrals: bool = False
    boards: bool = False
    per: Span = "month"
    by: Whose = "all"
    most_minor: Most | None = None
    most_points: Most | None = None
    most_pieces: Most | None = None
    turnover_percent_x100: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    warn_percent: Annotated[int, Meta(ge=1, le=99)] = 80

    @property
    def whole(self) -> bool:
        """Whether it names nothing: whatever rules give draws on it."""
        named = self.rules or self.campaigns or self.items or self.rewards
        return not (named or self.claims or self.referrals or self.boards)

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

    def drawn(self, story: Story) -> dict[tuple[str, Funding], Draw]:
        """{(budget, who pays): what a decision draws on it}; what no rule gave is nobody's."""
        alike: dict[tuple[Sequence[str], Funding], list[int]] = {}  # most draw on the same ones
        for effect in story.effects:
            paid_by, kind, amount = self.funding.get(effect.rule), effect.kind, effect.given
            if paid_by is None or not amount or kind == "payment":
                continue
            key = (self.drawn_on(effect.rule, effect.item), paid_by)
            sums = alike.get(key)
            if sums is None:
                sums = alike[key] = [0, 0, 0]
            sums[0] += min(amount * self.each_x100(kind, effect.unit, effect.item), MOST_X100)
            if kind == "points":
                sums[1] += amount
            elif kind in PIECES:
                sums[2] += amount
        found: dict[tuple[str, Funding], Draw] = {}
        for (codes, paid_by), (cost_x100, points, pieces) in alike.items():
            draw = Draw(cost_x100, points, pieces)
            for code in codes:
                known = found.get((code, paid_by))
                found[code, paid_by] = draw if known is None else known.plus(draw)
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


def of_claims(budgets: Mapping[str, Budget], reward: str) -> dict[str, Budget]:
    """Those that a claim of this reward draws on."""
    return {code: b for code, b in budgets.items() if b.claims or reward in b.rewards}


def of_referrals(budgets: Mapping[str, Budget]) -> dict[str, Budget]:
    """Those that a prize for bringing somebody draws on."""
    return {code: b for code, b in budgets.items() if b.referrals}


def of_boards(budgets: Mapping[str, Budget]) -> dict[str, Budget]:
    """Those that a prize of a board draws on."""
    return {code: b for code, b in budgets.items() if b.boards}


def of_drawn(budgets: Mapping[str, Budget], item: str) -> dict[str, Budget]:
    """Those that a prize drawn among tickets draws on."""
    return {code: b for code, b in budgets.items() if b.whole or item in b.items}


def _always(budget: Budget, rule: Mechanic) -> bool:
    if budget.whole:
        return True
    return rule.id in budget.rules or bool(rule.campaign and rule.campaign in budget.campaigns)


class Limit(NamedTuple):
    """How much may still be given, and the budget that does not let it be more."""

    most: int
    code: str = ""


class _Purse:
    """What a budget leaves: money in hundredths of a minor unit, points, pieces."""

    __slots__ = ("money", "pieces", "points")

    def __init__(self, money: int, points: int, pieces: int) -> None:
        self.money, self.points, self.pieces = money, points, pieces


_UNLIMITED = Limit(FREE)
_Drawn = tuple[int, Sequence[tuple[str, _Purse]]]


class Purses:
    """What the budgets leave for one decision; it shrinks as rules give.

    known        `b:CODE ...` as of `told`; what is not there: nothing was drawn yet
    gross_minor  of the goods that are kept: this receipt's own turnover
    """

    __slots__ = ("_asked", "_book", "_found", "_gross", "_known", "_lists", "_purses")

    def __init__(self, book: Book, known: Mapping[str, int], gross_minor: int) -> None:
        self._book, self._known, self._gross = book, known, gross_minor
        self._purses: dict[str, _Purse] = {}
        self._lists: dict[Sequence[str], Sequence[tuple[str, _Purse]]] = {}
        self._asked: Wish | None = None
        self._found: _Drawn = (0, ())

    def left(self, rule: Mechanic, wish: Wish) -> Limit:
        """The tightest of the budgets that a rule draws on, in what it would give."""
        kind = wish.kind
        if kind == "payment":
            return _UNLIMITED
        least, stops = FREE, ""
        each, purses = self._drawn_by(rule, wish)
        points, pieces = kind == "points", kind in PIECES
        for code, purse in purses:
            most = purse.money // each if each else _ENDLESS
            if points and purse.points < most:
                most = purse.points
            elif pieces and purse.pieces < most:
                most = purse.pieces
            if most < least:
                least, stops = max(most, 0), code
        return Limit(least, stops) if stops else _UNLIMITED

    def take(self, rule: Mechanic, wish: Wish, amount: int) -> None:
        """So much was given."""
        kind = wish.kind
        if not amount or kind == "payment":
            return
        each, purses = self._found if self._asked is wish else self._drawn_by(rule, wish)
        cost_x100 = min(amount * each, MOST_X100)
        points, pieces = kind == "points", kind in PIECES
        for _, purse in purses:
            purse.money -= cost_x100
            if points:
                purse.points -= amount
            elif pieces:
                purse.pieces -= amount

    def _drawn_by(self, rule: Mechanic, wish: Wish) -> _Drawn:
        """(what one piece costs, the purses), kept: what is taken was asked about just before."""
        self._asked = wish
        self._found = (
            self._book.each_x100(wish.kind, rule.earns, wish.item),
            self._of(self._book.drawn_on(rule.id, wish.item)),
        )
        return self._found

    def _of(self, codes: Sequence[str]) -> Sequence[tuple[str, _Purse]]:
        """The purses of these budgets; most rules draw on the same ones."""
        known = self._lists.get(codes)
        if known is None:
            known = self._lists[codes] = tuple(
                [(code, self._purses.get(code) or self._open(code)) for code in codes]
            )
        return known

    def numbers(self, code: str) -> dict[str, str]:
        """What the text of a budget that is used up tells."""
        return {"budget": self._book.budgets[code].name or code, _WHICH: code}

    def _open(self, code: str) -> _Purse:
        """What is left of a budget before anything is given here."""
        budget, known = self._book.budgets[code], self._known
        money = points = pieces = _ENDLESS
        if budget.most_minor is not None:
            money = known.get(minor_key(code), budget.most_minor * 100)
        if budget.turnover_percent_x100 is not None:
            own = budget.turnover_percent_x100 * self._gross
            money = min(money, (known.get(turnover_key(code), 0) + own) // 100)
        if budget.most_points is not None:
            points = known.get(points_key(code), budget.most_points)
        if budget.most_pieces is not None:
            pieces = known.get(pieces_key(code), budget.most_pieces)
        purse = self._purses[code] = _Purse(money, points, pieces)
        return purse


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


class Drawn(Protocol):
    """What is drawn or kept, in the measures of `Draw`."""

    @property
    def cost_x100(self) -> int: ...
    @property
    def points(self) -> int: ...
    @property
    def pieces(self) -> int: ...


def told(
    code: str, budget: Budget, drawn: Drawn, turnover_minor: int
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
