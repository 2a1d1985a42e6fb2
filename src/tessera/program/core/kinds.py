"""What mechanics and conditions are made of, for whoever asks people: fields, bounds, choices.

Read from annotations and docstrings alone: a new file on a shelf has its form at once.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import ModuleType
from typing import Any, Literal

import msgspec
import yaml
from msgspec import Struct
from msgspec import inspect as types

from tessera.base.text import Code
from tessera.program.core.facts_text import Plain
from tessera.program.core.reader import Reader
from tessera.program.core.scenario import blocks, parse
from tessera.rules.core.conditions import Condition
from tessera.rules.core.facts import Window
from tessera.rules.core.filling import short_field
from tessera.rules.core.scopes import GoodsScope, Scope
from tessera.rules.core.words import Mechanic

Control = Literal[
    "whole", "money", "text", "choice", "yes_no", "date",  # one value
    "texts", "wholes", "choices",  # several of them
    "value", "values",  # a word, a number, yes or no
    "settings", "several",  # fields inside, once or in a list
    "tree", "raw",  # a condition; what has no form and is written as text
]  # fmt: skip
_WORDS = {"PrizeMechanic", "Mechanic", "Shelved", "Struct", "Condition", "Personal", "Node"}
_OWN_APART = ("mechanic", "when")


class FieldTold(Struct, frozen=True, omit_defaults=True):
    """A field: what may stand there and what it means.

    required   it has to be said; else `usual` holds if it is left out, as JSON has it
    low, high  bounds of a whole number; money in minor units
    choices    what it may be; form: how it is written, where it has a form of its own
    unit       what is counted: days, percent, points, hundredths, seconds; "" where it is plain
    most       of a list: how many at most
    settings   of fields inside: what they are called together; `fields` are they
    """

    name: str
    control: Control
    about: str = ""
    required: bool = False
    usual: Any = None
    low: int | None = None
    high: int | None = None
    choices: tuple[str, ...] = ()
    form: str = ""
    unit: str = ""
    most: int | None = None
    settings: str = ""
    fields: tuple[FieldTold, ...] = ()


class KindTold(Struct, frozen=True, omit_defaults=True):
    """A mechanic or a condition.

    title    what it is for, in one line; about: how it counts
    lane     of a mechanic; "" where its prize decides that
    short    the field that stands for all in the short form; of a condition
    fields   its own; those of every rule are in `Kinds.common`
    example  as a program's text has it: a rule, or what stands below a condition's name
    """

    code: str
    title: str
    about: str
    fields: tuple[FieldTold, ...]
    example: Any
    lane: str = ""
    short: str = ""


class Kinds(Struct, frozen=True):
    """Everything a rule can be made of; `common` are the fields that every rule has."""

    mechanics: tuple[KindTold, ...]
    conditions: tuple[KindTold, ...]
    common: tuple[FieldTold, ...]

    def mechanic(self, code: str) -> KindTold | None:
        """A mechanic by its code."""
        return next((each for each in self.mechanics if each.code == code), None)

    def condition(self, code: str) -> KindTold | None:
        """A condition by its code."""
        return next((each for each in self.conditions if each.code == code), None)


@lru_cache(maxsize=8)
def kinds_of(reader: Reader) -> Kinds:
    """Of all that a reader knows; made once."""
    return Kinds(
        tuple(_mechanic(code, kind) for code, kind in sorted(reader.mechanics.items())),
        tuple(_condition(code, kind) for code, kind in sorted(reader.conditions.items())),
        tuple(fields_of(Mechanic, without=_OWN_APART)),
    )


def _mechanic(code: str, kind: type[Mechanic]) -> KindTold:
    module = sys.modules[kind.__module__]
    lane = inspect.getattr_static(kind, "lane", None)
    example = parse(blocks(module.SCENARIOS)[0]).rules[-1]
    common = {field.name: field for field in fields_of(Mechanic)}
    fields = fields_of(kind, without=_OWN_APART)
    # A field of every rule is its own where it is something else if left out.
    own = tuple(
        field for field in fields
        if field.name not in common or field.usual != common[field.name].usual
    )  # fmt: skip
    said = lane if isinstance(lane, str) else ""
    return KindTold(code, _title(module), _about(kind), own, example, said)


def _condition(code: str, kind: type[Condition]) -> KindTold:
    module = sys.modules[kind.__module__]
    head = blocks(module.EXAMPLES)[0].splitlines()[0]
    example = yaml.load(head, Plain)[code]  # a safe loader of ours
    own = tuple(fields_of(kind))
    return KindTold(code, _title(module), _about(kind), own, example, short=short_field(kind))


def _title(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().splitlines()[0]


def _about(kind: type[Any]) -> str:
    """A docstring without its list of fields: that is told with them."""
    names = tuple(f"{name}{sign}" for name in kind.__struct_fields__ for sign in (" ", ","))
    parts = inspect.cleandoc(kind.__doc__ or "").split("\n\n")
    return "\n\n".join(part.replace("\n", " ") for part in parts if not part.startswith(names))


def fields_of(kind: type[Struct], without: tuple[str, ...] = ()) -> Iterator[FieldTold]:
    """The fields of a struct, in their order."""
    shape = types.type_info(kind)
    assert isinstance(shape, types.StructType)
    about = told_fields(kind)
    for field in shape.fields:
        if field.name not in without:
            yield _field(field, about.get(field.name, ""))


def told_fields(kind: type[Any]) -> dict[str, str]:
    """{field: what the docstrings of a struct, and of what it is made of, say of it}."""
    told: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if hasattr(base, "__struct_fields__"):
            told |= _told_by(base, kind.__struct_fields__)
    return told


def _told_by(base: type[Any], fields: tuple[str, ...]) -> dict[str, str]:
    told: dict[str, str] = {}
    names: list[str] = []
    for line in inspect.cleandoc(base.__doc__ or "").splitlines():
        found = re.match(r"((?:[a-z_0-9]+, )*[a-z_0-9]+) +(\S.*)", line)
        if found and not line.startswith(" ") and set(found[1].split(", ")) <= set(fields):
            names = found[1].split(", ")
            told |= dict.fromkeys(names, found[2])
        elif names and line.startswith("  "):
            told |= {name: f"{told[name]} {line.strip()}" for name in names}
        else:
            names = []
    return told


def _field(field: types.Field, about: str) -> FieldTold:
    kind, description = _bare(field.type)
    usual = None if field.required else _plain(_default(field))
    told = FieldTold(
        field.name, "raw", description or about, field.required, usual, unit=_unit(field.name)
    )
    if isinstance(kind, types.StrType) and kind.pattern and kind.pattern != _ANY_CODE:
        form = _FORMS.get(kind.pattern, description)
        said = about if form == description else description
        told = msgspec.structs.replace(told, form=form, about=said or about)
    return msgspec.structs.replace(told, **_shape(kind, field.name))


def _default(field: types.Field) -> Any:
    if field.default is not msgspec.NODEFAULT:
        return field.default
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else None


def _plain(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def _pattern_of(alias: Any) -> tuple[str, str]:
    """(pattern, how people write it) of an annotated text."""
    meta = next(part for part in alias.__metadata__ if part.pattern)
    return meta.pattern, meta.description or ""


# What a field says of itself hides how its kind of text is written.
_FORMS = dict(_pattern_of(alias) for alias in (Window, Scope, GoodsScope))
_ANY_CODE = _pattern_of(Code)[0]


def _bare(kind: types.Type) -> tuple[types.Type, str]:
    """A type without its wrappings and without `or nothing`, and what is said of it."""
    said = ""
    while isinstance(kind, types.Metadata | types.UnionType):
        if isinstance(kind, types.UnionType):
            left = [each for each in kind.types if not isinstance(each, types.NoneType)]
            if len(left) != 1:
                return kind, said
            kind = left[0]
        else:
            said = said or (kind.extra_json_schema or {}).get("description", "")
            kind = kind.type
    return kind, said


def _shape(kind: types.Type, name: str) -> dict[str, Any]:
    """Which control a type takes, with its bounds."""
    match kind:
        case types.BoolType():
            return {"control": "yes_no"}
        case types.IntType(ge=low, le=high):
            money = name.endswith("_minor")
            return {"control": "money" if money else "whole", "low": low, "high": high}
        case types.LiteralType(values=values):
            return {"control": "choice", "choices": tuple(map(str, _in_order(values, name)))}
        case types.DateType():
            return {"control": "date"}
        case types.StrType(max_length=most):
            return {"control": "text", "high": most}
        case types.VarTupleType(item_type=item, max_length=most):
            return _several(item, most)
        case types.StructType(cls=struct):
            return _inside(struct, "settings")
        case types.UnionType():
            return {"control": "value"}
    return {}


def _in_order(values: tuple[Any, ...], name: str) -> tuple[Any, ...]:
    """msgspec sorts what may be chosen; days and periods have an order of their own."""
    for order in _ORDERS:
        if set(values) <= set(order):
            return tuple(each for each in order if each in values)
    return values


_ORDERS = (
    ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    ("receipt", "line", "unit"), ("receipt", "day", "week", "month", "year", "ever"),
    ("days", "weeks", "months", "years"),
)  # fmt: skip


def _several(item: types.Type, most: int | None) -> dict[str, Any]:
    kind, said = _bare(item)
    form = {"form": said} if said else {}
    match kind:
        case types.LiteralType(values=values):
            return {"control": "choices", "choices": tuple(map(str, _in_order(values, "")))}
        case types.IntType(ge=low, le=high):
            return {"control": "wholes", "low": low, "high": high, "most": most, **form}
        case types.StrType(max_length=high, pattern=pattern):
            if pattern == _ANY_CODE:
                form = {}
            return {"control": "texts", "high": high, "most": most, **form}
        case types.StructType(cls=struct):
            return _inside(struct, "several") | {"most": most}
    return {"control": "values", "most": most}


def _inside(struct: type[Any], control: Control) -> dict[str, Any]:
    if issubclass(struct, Condition):
        return {"control": "tree"}
    return {
        "control": control, "settings": struct.__name__.lower(), "fields": tuple(fields_of(struct)),
    }  # fmt: skip


_UNITS: Mapping[str, str] = {
    "percent": "percent", "days": "days", "points": "points", "years": "years",
    "minutes": "minutes",
}  # fmt: skip


def _unit(name: str) -> str:
    """By the last part of the name, as everywhere in the house."""
    if name.endswith("_x100"):
        return "hundredths"
    if name in ("upto", "above", "chance"):
        return "percent"
    first, _, last = name.rpartition("_")
    return _UNITS.get(last) or ("days" if first == "days" or name.startswith("days_") else "")
