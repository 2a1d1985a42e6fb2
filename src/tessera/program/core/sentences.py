"""What stands in a program, in words: values, rules, what a rule is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import reduce
from typing import Any

import msgspec
from msgspec import Struct

from tessera.rules.core.basket import Goods
from tessera.rules.core.conditions import AllOf, Condition, sentence
from tessera.rules.core.conditions import in_words as condition_words
from tessera.rules.core.phrases import by_bounds, day_words, listed
from tessera.rules.core.texts import Numbers, Template, one_many, phrase, say_in
from tessera.rules.core.tongues import ENGLISH, Tongue
from tessera.rules.core.words import Mechanic

_SAID_APART = ("id", "when")  # of a rule: its name stands before the rest, its condition after it


def told(value: Any, name: str) -> str:
    """A value of a field in words; of `x_minor` as money. What holds words is a phrase."""
    match value:
        case None:
            return phrase("not set")
        case bool():
            return phrase("yes") if value else phrase("no")
        case int() if name.endswith("_minor"):
            return phrase("{amount_minor}", amount_minor=value)
        case date():
            return value.isoformat()
        case tuple() | list():
            return _row([_bracketed(each, name) for each in value]) or phrase("nothing")
        case Mapping():
            said = [phrase(PAIR, name=key, value=told(each, key)) for key, each in value.items()]
            return reduce(lambda one, two: phrase(BESIDE, first=one, second=two), said, "")
        case Condition():
            return condition_words(value)
        case Struct():
            return _settings(value)
    return str(value) or phrase("empty")


PAIR, BESIDE = "{name}: {value}", "{first}; {second}"


def _row(parts: Sequence[str]) -> str:
    """Parts side by side: "a, b, c"."""
    return phrase("{parts}", parts=tuple(parts)) if parts else ""


def label(name: str) -> str:
    """A field as people read it: `per_minor` is told as money, so it is `per`."""
    return name.removesuffix("_minor")


def rule_told(rule: Mechanic) -> str:
    """A whole rule: its mechanic, its fields that were set, when it is asked."""
    parts = [rule.code, *_set_fields(rule)]
    if rule.when is not None:
        parts.append(phrase("when {condition}", condition=condition_words(rule.when)))
    return _row(parts)


def plain(rule: Mechanic, currency: str, tongue: Tongue = ENGLISH) -> str:
    """A rule as people say it: "2 points for every 1.00 EUR, if it is Saturday. From 1 May on."

    tongue  the language; the templates are the messages' keys
    """

    def words(template: Template, numbers: Numbers) -> str:
        return say_in(tongue, template, numbers, currency)

    what = words(*rule.gives())
    asked = rule.asks()
    found = [words(*asked)] if asked is not None else []
    parts = [each for each in (rule.implied(), rule.when) if each is not None]
    if parts:
        tree = parts[0] if len(parts) == 1 else AllOf(of=tuple(parts))
        found.append(sentence(tree, currency, tongue))
    if found:
        asked_for = found[0]
        for more in found[1:]:
            asked_for = words(BOTH, {"first": asked_for, "second": more})
        what = words(IF, {"what": what, "when": asked_for})
    said = [words(*each) for each in ((WHOLE, {"what": what}), *_limits(rule))]
    return " ".join(f"{each[:1].upper()}{each[1:]}" for each in said)


def _limits(rule: Mechanic) -> Iterator[tuple[Template, Numbers]]:
    """When, where, for whom and how much it is, a sentence for each."""
    if rule.starts or rule.ends:
        ends = {"first": rule.starts, "last": rule.ends}
        days = {name: day_words(str(end)) for name, end in ends.items() if end is not None}
        yield by_bounds(rule.starts, rule.ends, (FROM_TO, FROM, UNTIL)), days
    if rule.stores:
        yield ONLY_IN, {"places": listed(rule.stores)}
    if rule.regions:
        yield ONLY_REGIONS, {"places": listed(rule.regions)}
    if rule.coupon:
        yield WITH_COUPON, {"coupon": rule.coupon}
    if rule.sample is not None:
        yield SAMPLE, {"above": rule.sample.above, "upto": rule.sample.upto}
    for cap in rule.caps:
        if cap.times is not None:
            yield TIMES[cap.per], {"count": cap.times}
        if cap.most is not None:
            money = rule.lane == "price"
            yield (MOST_MONEY if money else MOST)[cap.per], {
                "count": cap.most, "most_minor": cap.most,
            }  # fmt: skip
    if rule.hidden:
        yield HIDDEN, {}


BOTH = "{first}, and {second}"
IF = "{what}, if {when}"
WHOLE = "{what}."
FROM_TO, FROM, UNTIL = "from {first} to {last}.", "from {first} on.", "until {last}."
ONLY_IN = "only in the stores {places}."
ONLY_REGIONS = "only in the regions {places}."
WITH_COUPON = "only with a coupon {coupon}."
SAMPLE = "only for the members from {above} to {upto} % of a draw."
HIDDEN = "hidden from members and cashiers."
TIMES: dict[str, Template] = {
    "receipt": one_many("at most once on a receipt.", "at most {count} times on a receipt."),
    "day": one_many("at most once a day.", "at most {count} times a day."),
    "week": one_many("at most once a week.", "at most {count} times a week."),
    "month": one_many("at most once a month.", "at most {count} times a month."),
    "year": one_many("at most once a year.", "at most {count} times a year."),
    "ever": one_many("only once.", "only {count} times."),
}
MOST: dict[str, Template] = {
    "receipt": "at most {count} on a receipt.", "day": "at most {count} a day.",
    "week": "at most {count} a week.", "month": "at most {count} a month.",
    "year": "at most {count} a year.", "ever": "at most {count} in all.",
}  # fmt: skip
MOST_MONEY: dict[str, Template] = {
    "receipt": "at most {most_minor} on a receipt.", "day": "at most {most_minor} a day.",
    "week": "at most {most_minor} a week.", "month": "at most {most_minor} a month.",
    "year": "at most {most_minor} a year.", "ever": "at most {most_minor} in all.",
}  # fmt: skip


def _settings(value: Struct) -> str:
    said = _row(list(_set_fields(value)))
    return said or phrase("everything" if isinstance(value, Goods) else "as usual")


def _set_fields(value: Struct) -> Iterator[str]:
    """The fields that are not as they are left out."""
    for field in msgspec.structs.fields(type(value)):
        mine = getattr(value, field.name)
        if field.name in _SAID_APART or mine == _usual(field):
            continue
        yield phrase(FIELD, name=label(field.name), value=_bracketed(mine, field.name))


FIELD = "{name} {value}"


def _usual(field: msgspec.structs.FieldInfo) -> Any:
    made = field.default_factory
    return made() if made is not msgspec.NODEFAULT else field.default


def _bracketed(value: Any, name: str) -> str:
    """Settings inside settings stand in brackets."""
    said = told(value, name)
    deep = isinstance(value, Struct) and not isinstance(value, Condition)
    return phrase("({inner})", inner=said) if deep else said
