"""Whether a condition tree can hold at all: tried with moments and places, the rest left open.

A condition is asked with a moment, or a place, and nothing else to look at. What looks at anything
else is left open, so that only what is certain is said.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, get_args

import msgspec

from tessera.rules.core.conditions import AllOf, AnyOf, Condition, NotSo, Reading, walk
from tessera.rules.core.facts import Met
from tessera.rules.core.texts import phrase
from tessera.rules.core.words import Mechanic
from tessera.warehouse.core import Channel

DAYS, FEW_DAYS = 400, 35  # so far ahead is looked: for one rule, for each of many pairs
_NAMES = 40  # of stores and regions: with more, places are left open
_CLOCK = re.compile(r"(?<!\d)([01]\d|2[0-3]):([0-5]\d)(?!\d)")
_DAY = re.compile(r"(?<!\d)(?:(\d{4})-)?(\d\d)-(\d\d)(?!\d)")
_ELSE = "\0elsewhere"
NO_HOUR = "at no hour of the {days} days from {day} on its conditions hold together"
ON_NO_EVENT = "on no event its conditions hold together"
ON_NO_RECEIPT = "on no receipt its conditions hold together"
Holds = Callable[[Any], bool | None]


class _At:
    """A moment, and nothing else."""

    __slots__ = ("at",)

    def __init__(self, at: datetime) -> None:
        self.at = at


class _In:
    """A place, and nothing else."""

    __slots__ = ("region", "store")

    def __init__(self, store: str, region: str) -> None:
        self.store, self.region = store, region


class _By:
    """A channel, and nothing else."""

    __slots__ = ("channel",)

    def __init__(self, channel: str) -> None:
        self.channel = channel


class _Of:
    """A kind of event, and nothing else; "" for a receipt."""

    __slots__ = ("event",)

    def __init__(self, event: str) -> None:
        self.event = event


def never(rule: Mechanic, tree: Condition, on: date, days: int = DAYS) -> str:
    """Why the tree of a rule cannot hold from a day on; "" if it can, or if that is not known.

    days  so many are tried, and those that the conditions name
    """
    moments = (_At(at) for at in _moments(rule, tree, on, days))
    if not _can(tree, moments):
        return phrase(NO_HOUR, days=str(days), day=str(on))
    if not _can(tree, iter(_places(rule, tree))):
        return phrase("in no store and no region its conditions hold together")
    if not _can(tree, (_By(way) for way in get_args(Channel))):
        return phrase("by no channel its conditions hold together")
    kinds = sorted({*_words(tree), _ELSE}) if rule.trigger == "event" else [""]
    if not _can(tree, (_Of(kind) for kind in kinds)):
        return phrase(ON_NO_EVENT if rule.trigger == "event" else ON_NO_RECEIPT)
    return ""


def both(first: Mechanic, second: Mechanic, trees: Sequence[Condition], on: date) -> bool:
    """Whether two rules may hold on one receipt, as far as that can be told."""
    starts = max(first.starts or on, second.starts or on)
    ends = min(first.ends or date.max, second.ends or date.max)
    if starts > ends:
        return False
    narrow = [rule for rule in (first, second) if rule.stores or rule.regions]
    by_store = len(narrow) == 2 and not (first.regions or second.regions)
    if by_store and not set(first.stores) & set(second.stores):
        return False
    return not trees or not never(first, AllOf(of=tuple(trees)), starts, FEW_DAYS)


def _can(tree: Condition, looks: Iterator[Any]) -> bool:
    """Whether it may hold in some of these looks; true where there is nothing to try."""
    tried = False
    holds: Holds | None = None
    for look in looks:
        if holds is None:
            holds, certain = _compiled(tree, look)
            if not certain:
                return True
        tried = True
        if holds(look) is not False:
            return True
    return not tried


def _compiled(tree: Condition, look: Any) -> tuple[Holds, bool]:
    """(true, false or not known for a look; whether any part of it can be told at all)."""
    if isinstance(tree, AllOf | AnyOf):
        parts = [_compiled(part, look) for part in tree.of]
        inner = [holds for holds, _ in parts]
        stop = not isinstance(tree, AllOf)
        return lambda each: _joined([holds(each) for holds in inner], stop), any(
            certain for _, certain in parts
        )
    if isinstance(tree, NotSo):
        holds, certain = _compiled(tree.of, look)
        return lambda each: _turned(holds(each)), certain
    read = tree.reading()
    if _asked(read, look) is None:
        return lambda _: None, False
    return lambda each: _asked(read, each), True


def _joined(said: Sequence[bool | None], stop: bool) -> bool | None:
    if stop in said:
        return stop
    return None if None in said else not stop


def _turned(said: bool | None) -> bool | None:
    return None if said is None else not said


def _asked(read: Reading, look: Any) -> bool | None:
    try:
        return isinstance(read(None, look), Met)  # type: ignore[arg-type]  # on purpose: no basket
    except (AttributeError, TypeError):  # it looks at something that is not there
        return None


def _moments(rule: Mechanic, tree: Condition, on: date, days: int) -> Iterator[datetime]:
    """Days and hours at which something may change."""
    words = list(_words(tree))
    clocks = {time(int(h), int(m)) for word in words for h, m in _CLOCK.findall(word)}
    clocks |= {time(0)}
    first = max(on, rule.starts or on)
    last = rule.ends or date.max
    tried = {first + timedelta(days=n) for n in range(days)}
    tried |= {each for word in words for each in _named_days(word, first.year)}
    for day in sorted(each for each in tried if first <= each <= last):
        for clock in sorted(clocks):
            yield datetime.combine(day, clock)


def _named_days(word: str, year: int) -> Iterator[date]:
    """The days in a text: 2026-03-08, and 03-08 in four years, one of them a leap year."""
    for y, month, day in _DAY.findall(word):
        for each in (int(y),) if y else range(year, year + 4):
            with contextlib.suppress(ValueError):
                yield date(each, int(month), int(day))


def _places(rule: Mechanic, tree: Condition) -> list[_In]:
    """Every store in every region that is named, and others."""
    names = {*rule.stores, *rule.regions, *_words(tree), _ELSE}
    if len(names) > _NAMES:
        return []
    narrow = bool(rule.stores or rule.regions)
    return [
        _In(store, region)
        for store in sorted(names)
        for region in sorted(names)
        if not narrow or store in rule.stores or region in rule.regions
    ]


def _words(tree: Condition) -> Iterator[str]:
    """Every text in the fields of a tree's conditions."""
    for condition in walk(tree):
        if not condition.parts():
            yield from _texts(msgspec.to_builtins(condition))


def _texts(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for each in data.values():
            yield from _texts(each)
    elif isinstance(data, list | tuple):
        for each in data:
            yield from _texts(each)
