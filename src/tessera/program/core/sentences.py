"""What stands in a program, in words: values, rules, what a rule is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from tessera.base.money import in_words
from tessera.rules.core.basket import Goods
from tessera.rules.core.conditions import Condition, sentence
from tessera.rules.core.words import Mechanic

_SAID_APART = ("id", "when")  # of a rule: its name stands before the rest, its condition after it


def told(value: Any, name: str, currency: str) -> str:
    """A value of a field in words; of `x_minor` as money."""
    match value:
        case None:
            return "not set"
        case bool():
            return "yes" if value else "no"
        case int() if name.endswith("_minor"):
            return in_words(value, currency)
        case date():
            return value.isoformat()
        case tuple() | list():
            return ", ".join(_bracketed(each, name, currency) for each in value) or "nothing"
        case Mapping():
            return "; ".join(f"{key}: {told(each, key, currency)}" for key, each in value.items())
        case Condition():
            return sentence(value, currency)
        case Struct():
            return _settings(value, currency)
    return str(value) or "empty"


def label(name: str) -> str:
    """A field as people read it: `per_minor` is told as money, so it is `per`."""
    return name.removesuffix("_minor")


def rule_told(rule: Mechanic, currency: str) -> str:
    """A whole rule: its mechanic, its fields that were set, when it is asked."""
    parts = [rule.code, *_set_fields(rule, currency)]
    if rule.when is not None:
        parts.append(f"when {sentence(rule.when, currency)}")
    return ", ".join(parts)


def _settings(value: Struct, currency: str) -> str:
    said = ", ".join(_set_fields(value, currency))
    return said or ("everything" if isinstance(value, Goods) else "as usual")


def _set_fields(value: Struct, currency: str) -> Iterator[str]:
    """The fields that are not as they are left out."""
    for field in msgspec.structs.fields(type(value)):
        mine = getattr(value, field.name)
        if field.name in _SAID_APART or mine == _usual(field):
            continue
        yield f"{label(field.name)} {_bracketed(mine, field.name, currency)}"


def _usual(field: msgspec.structs.FieldInfo) -> Any:
    made = field.default_factory
    return made() if made is not msgspec.NODEFAULT else field.default


def _bracketed(value: Any, name: str, currency: str) -> str:
    """Settings inside settings stand in brackets."""
    said = told(value, name, currency)
    deep = isinstance(value, Struct) and not isinstance(value, Condition)
    return f"({said})" if deep else said
