"""A condition tree and its three readings: a closure, the facts it needs, a sentence."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from tessera.rules.core.basket import Basket
from tessera.rules.core.facts import MET, Facts, Met, Missing, Need, PersonTest, Trait
from tessera.rules.core.shelves import Shelved
from tessera.rules.core.texts import Numbers, Phrase, Said, Template, phrase_of, said_of, tell
from tessera.rules.core.tongues import ENGLISH, Tongue, Untold

if TYPE_CHECKING:
    from tessera.rules.core.words import Program

MAX_DEPTH, MAX_NODES, MAX_ALL_NODES = 16, 500, 20_000
Reading = Callable[[Basket, Facts], Met | Missing]


class Condition(Shelved, frozen=True, kw_only=True, tag_field="condition"):
    """One condition. A file in `conditions/` holds one: schema, readings, examples."""

    # Its sentence says what neither a till nor a member may read: of the person, of another rule.
    private: ClassVar[bool] = False

    @abstractmethod
    def reading(self) -> Reading:
        """The closure: does it hold for this receipt and this member, and on what evidence?"""

    def needs(self) -> tuple[Need, ...]:
        """The facts the closure looks up among the known ones."""
        return ()

    @abstractmethod
    def sentence(self) -> tuple[Template, Numbers]:
        """What it says, beginning in lower case: "the receipt is 50.00 EUR or more"."""

    def parts(self) -> tuple[Condition, ...]:
        """The conditions inside it."""
        return ()

    def asked_rules(self) -> tuple[str, ...]:
        """The rules whose giving it looks at; none of them may wait for the one that asks."""
        return ()

    def misfits(self, program: Program) -> Iterable[tuple[str, str, str]]:
        """(field, why, cure) where it names what the program does not declare: see `declared`."""
        return ()


class Personal(Condition, PersonTest, frozen=True):
    """A condition on the person. It is looked up before the decision, and kept as a number only."""

    private: ClassVar[bool] = True
    code_missing: ClassVar[str] = "audience"
    why: ClassVar[Template] = "this is for other members"

    def reading(self) -> Reading:
        """It holds when the trait was found to be 1 or more: so many times."""
        key, missing = self.trait_key(), Missing(self.code_missing, 0, self.why)

        def personal(basket: Basket, facts: Facts) -> Met | Missing:
            times = facts.known.get(key, 0)
            return (MET if times == 1 else Met(times)) if times > 0 else missing

        return personal

    def needs(self) -> tuple[Need, ...]:
        """Itself, as a trait."""
        return (Trait(self),)


class Node(Condition, frozen=True):
    """A condition of conditions. Its sentence is put together of theirs: see `sentence`."""

    def sentence(self) -> tuple[Template, Numbers]:
        """Without a currency: amounts are bare numbers."""
        return sentence(self, ""), {}


class AllOf(Node, frozen=True, tag="all"):
    """Every one of these holds."""

    of: tuple[Condition, ...]

    def reading(self) -> Reading:
        """The first that is missing; else the fewest times, and the lines that all name."""
        readings = [part.reading() for part in self.of]

        def all_of(basket: Basket, facts: Facts) -> Met | Missing:
            times, lines = 0, None
            for read in readings:
                found = read(basket, facts)
                if isinstance(found, Missing):
                    return found
                times = min(times, found.times) if times else found.times
                if found.lines:
                    mine = found.lines
                    lines = mine if lines is None else _both(lines, mine)
            return Met(max(times, 1), lines or ())

        return all_of

    def parts(self) -> tuple[Condition, ...]:
        """Those that must all hold."""
        return self.of


def _both(some: tuple[int, ...], others: tuple[int, ...]) -> tuple[int, ...]:
    """The lines that are in both, in their order."""
    if some == others:
        return some
    these = set(others)
    return tuple([i for i in some if i in these])


class AnyOf(Node, frozen=True, tag="any"):
    """At least one of these holds."""

    of: tuple[Condition, ...]

    def reading(self) -> Reading:
        """The first that holds; else the one that lacks least of what can be made up."""
        readings = [part.reading() for part in self.of]

        def any_of(basket: Basket, facts: Facts) -> Met | Missing:
            nearest: Missing | None = None
            for read in readings:
                found = read(basket, facts)
                if isinstance(found, Met):
                    return found
                if nearest is None or 0 < found.lacking < (nearest.lacking or found.lacking + 1):
                    nearest = found
            return nearest or Missing("never", 0, "this can never be")

        return any_of

    def parts(self) -> tuple[Condition, ...]:
        """Those of which one is enough."""
        return self.of


class NotSo(Node, frozen=True, tag="not"):
    """This does not hold. What is not known does not hold, so its `not` does."""

    of: Condition

    def reading(self) -> Reading:
        """Met once where the inner one is missing."""
        numbers: Numbers = {}
        read, why = self.of.reading(), _EXCLUDED
        if not any(part.private for part in walk(self.of)):
            why, numbers = "not where {words}", {"words": in_words(self.of)}
        missing = Missing("excluded", 0, why, numbers)

        def none_of(basket: Basket, facts: Facts) -> Met | Missing:
            return MET if isinstance(read(basket, facts), Missing) else missing

        return none_of

    def parts(self) -> tuple[Condition, ...]:
        """The one that must not hold."""
        return (self.of,)


def walk(condition: Condition) -> Iterator[Condition]:
    """A tree's conditions, each before its parts."""
    yield condition
    for part in condition.parts():
        yield from walk(part)


def all_needs(condition: Condition) -> Iterator[Need]:
    """What the closures of a tree look up."""
    for each in walk(condition):
        yield from each.needs()


def sentence(condition: Condition, currency: str, tongue: Tongue = ENGLISH) -> str:
    """A tree in words of people: "a and b, unless c or (d and e)".

    tongue  the language; a sentence that it has no words for in part is said in English, whole
    """
    said = _spoken(condition)
    try:
        return tell(said, currency, tongue)
    except Untold:
        return tell(said, currency)


def in_words(condition: Condition) -> Phrase:
    """The same as a phrase inside another sentence; its amounts are bare numbers in English."""
    return phrase_of(_spoken(condition))


def _spoken(each: Condition) -> Said:
    each = _positive(each)
    if isinstance(each, NotSo):
        return Said("it is not so that {inner}", {"inner": _bracketed(each.of)})
    if isinstance(each, AllOf | AnyOf):
        return _group(each)
    return said_of(*each.sentence())


def _group(each: AllOf | AnyOf) -> Said:
    """All but some: "a and b, unless c"."""
    parts = [_positive(part) for part in each.of]
    if isinstance(each, AnyOf):
        return _joined(parts, _OR)
    but = [part.of for part in parts if isinstance(part, NotSo)]
    rest = [part for part in parts if not isinstance(part, NotSo)]
    if not but or not rest:
        return _joined(parts, _AND)
    said = {"first": _joined(rest, _AND), "second": _joined(but, _OR)}
    return Said("{first}, unless {second}", said)


def _joined(parts: Sequence[Condition], template: Template) -> Said:
    if not parts:
        return Said("it is always so" if template == _AND else "it is never so")
    whole = _bracketed(parts[0])
    for part in parts[1:]:
        whole = Said(template, {"first": whole, "second": _bracketed(part)})
    return whole


def _bracketed(part: Condition) -> Said:
    part = _positive(part)
    deep = isinstance(part, AllOf | AnyOf) and len(part.of) > 1
    return Said("({inner})", {"inner": _spoken(part)}) if deep else _spoken(part)


_AND, _OR = "{first} and {second}", "{first} or {second}"
_EXCLUDED = "something else excludes this"


def _positive(condition: Condition) -> Condition:
    """Without a `not` of a `not`."""
    while isinstance(condition, NotSo) and isinstance(condition.of, NotSo):
        condition = condition.of.of
    return condition
