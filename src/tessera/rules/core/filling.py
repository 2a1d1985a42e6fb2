"""Plain data made into rules and conditions: every mistake is found, each with its place.

Text and JSON come in the same shape. A condition is a mapping with one key, its code: `{weekday:
[sat, sun]}`; `all`, `any` and `not` hold others. `$name` stands for a number of the program. A
field `x_minor` may be written `x: 12.50`. Goods may be written as SKUs: `of: [LATTE, CAKE]`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import msgspec
from msgspec import Struct

from tessera.rules.core.basket import Goods
from tessera.rules.core.conditions import (
    MAX_ALL_NODES,
    MAX_DEPTH,
    MAX_NODES,
    AllOf,
    AnyOf,
    Condition,
    NotSo,
)

Made = TypeVar("Made", bound=Struct)
_PATIENCE = 200
_MONEY = re.compile(r"-?\d{1,12}(?:\.\d{1,2})?", re.ASCII)


class Fault(Struct, frozen=True, order=True):
    """One mistake: where (`rules[2].when.all[0].weekday`), why, and what to do."""

    path: str
    why: str
    cure: str


class Filler:
    """Fills structs from data and gathers what is wrong.

    numbers  the program's named numbers
    kinds    {code: condition} as found on the shelf
    """

    def __init__(
        self, kinds: Mapping[str, type[Condition]], numbers: Mapping[str, Any] | None = None
    ) -> None:
        self.kinds, self.numbers = kinds, numbers or {}
        self.faults: list[Fault] = []
        self.used: set[str] = set()
        self._nodes = self._all_nodes = 0

    def fault(self, path: str, why: str, cure: str) -> None:
        """Note a mistake and go on."""
        self.faults.append(Fault(path, why, cure))

    def fill(self, kind: type[Made], data: Any, path: str, skip: Iterable[str] = ()) -> Made | None:
        """A struct from a mapping; None if anything in it is wrong (and noted)."""
        if not isinstance(data, dict):
            self.fault(path, f"{_shown(data)} stands where a mapping should", "write field: value")
            return None
        before = len(self.faults)
        fields = _fields(kind)
        values: dict[str, Any] = {}
        for key, raw in data.items():
            if key in skip:
                continue
            name = f"{key}_minor" if key not in fields and f"{key}_minor" in fields else key
            if name not in fields:
                self._unknown(path, key, fields)
                continue
            if name in values:
                why = f"{name} is given twice, in two spellings"
                self.fault(f"{path}.{key}".lstrip("."), why, "take one of them away")
                continue
            values[name] = self._value(fields[name], raw, f"{path}.{key}".lstrip("."), name != key)
        for name, field in fields.items():
            if field.required and name not in values:
                self.fault(path, f"{name} is missing", f"add {name}")
        if len(self.faults) > before:
            return None
        try:
            return kind(**values)
        except ValueError as wrong:  # what only its fields together show: `__post_init__`
            self.fault(path, str(wrong), "change one of the fields it names")
            return None

    def _unknown(self, path: str, key: str, fields: Iterable[str]) -> None:
        near = self._near(key, fields)
        cure = f"did you mean {near[0]}?" if near else f"take it out; there are {_few(fields)}"
        self.fault(f"{path}.{key}".lstrip("."), f"there is no field {key}", cure)

    def _value(self, field: Any, raw: Any, path: str, major: bool) -> Any:
        before = len(self.faults)
        inside = _struct_in(field.type) or _is_tree(field.type) or _struct_of_each(field.type)
        if isinstance(raw, str) or not inside:  # else what lies inside is resolved in its turn
            raw = self.resolved(raw, path)
            if len(self.faults) > before:
                return None
        inner = _struct_in(field.type)
        if inner is not None and raw is not None:
            if inner is Goods and isinstance(raw, str | list):
                raw = {short_field(Goods): raw}
            return self.fill(inner, raw, path)
        if _is_tree(field.type):
            return None if raw is None else self.tree(raw, path)
        if field.name.endswith("_minor"):
            raw = self._minor(raw, path, major)
        if not isinstance(raw, list) and raw is not None and _is_list(field.type):
            raw = [raw]
        each = _struct_of_each(field.type)
        if each is not None:
            raw = self._each(each, raw, path)
            if len(self.faults) > before:
                return None
        return self._converted(field, raw, path)

    def _each(self, kind: type[Struct], raw: Any, path: str) -> Any:
        """A list or mapping of settings, like caps or groups: what is wrong in each is found."""
        if isinstance(raw, list):
            return [self.fill(kind, one, f"{path}[{i}]") for i, one in enumerate(raw)]
        if isinstance(raw, dict):
            return {name: self.fill(kind, one, f"{path}.{name}") for name, one in raw.items()}
        return raw

    def _converted(self, field: Any, raw: Any, path: str) -> Any:
        """A value of the field's type; where text is wanted, 4711 is text too."""
        try:
            return msgspec.convert(raw, field.type, strict=True)
        except msgspec.ValidationError as wrong:
            if "Expected `str`, got `int`" in str(wrong) and raw != _in_text(raw):
                return self._converted(field, _in_text(raw), path)
            inside, why = _told(str(wrong), raw)
            self.fault(path + inside, why, _cure(field))
            return None

    def resolved(self, raw: Any, path: str) -> Any:
        """Data with the program's numbers put in for `$name`."""
        if isinstance(raw, str) and raw.startswith("$"):
            name = raw[1:]
            if name in self.numbers:
                self.used.add(name)
                return self.numbers[name]
            near = self._near(name, self.numbers)
            cure = f"did you mean ${near[0]}?" if near else f"add {name} to the numbers"
            self.fault(path, f"there is no number {name}", cure)
            return raw
        if isinstance(raw, list):
            return [self.resolved(each, f"{path}[{i}]") for i, each in enumerate(raw)]
        if isinstance(raw, dict):
            return {key: self.resolved(each, f"{path}.{key}") for key, each in raw.items()}
        return raw

    def _minor(self, raw: Any, path: str, major: bool) -> Any:
        """An amount: 12.50 or "12.50"; a whole number is minor units only in an `x_minor` field."""
        if isinstance(raw, str) and _MONEY.fullmatch(raw):
            if not major and "." not in raw:
                return int(raw)
            whole, _, part = raw.partition(".")
            minor = int(whole.lstrip("-")) * 100 + int(part.ljust(2, "0") or 0)
            return -minor if raw.startswith("-") else minor
        if major and isinstance(raw, int) and not isinstance(raw, bool):
            return raw * 100
        return raw

    def tree(self, data: Any, path: str, depth: int = 1) -> Condition | None:
        """A condition tree; at most 16 deep and 500 nodes in the whole program's rule."""
        self._nodes += 1
        self._all_nodes += 1
        if self._all_nodes > MAX_ALL_NODES:
            if self._all_nodes == MAX_ALL_NODES + 1:
                self.fault(path, f"over {MAX_ALL_NODES} conditions in one program", "use fewer")
            return None
        if depth > MAX_DEPTH or self._nodes > MAX_NODES:
            if depth > MAX_DEPTH or self._nodes == MAX_NODES + 1:
                limit = f"{MAX_DEPTH} levels" if depth > MAX_DEPTH else f"{MAX_NODES} conditions"
                self.fault(path, f"this is more than {limit}", "say it with fewer conditions")
            return None
        if not isinstance(data, dict) or len(data) != 1:
            self.fault(
                path, f"a condition has one name, {_shown(data)} has not",
                "write `name: {...}`; several conditions go under `all:` or `any:`",
            )  # fmt: skip
            return None
        code, inside = next(iter(data.items()))
        at = f"{path}.{code}"
        if code == "not":
            part = self.tree(inside, at, depth + 1)
            return None if part is None else NotSo(of=part)
        if code in ("all", "any"):
            return self._several(code, inside, at, depth)
        return self._leaf(code, inside, at)

    def _several(self, code: str, inside: Any, at: str, depth: int) -> Condition | None:
        if not isinstance(inside, list) or not inside:
            self.fault(at, f"`{code}` holds a list of conditions", "list one or more below it")
            return None
        parts = [self.tree(each, f"{at}[{i}]", depth + 1) for i, each in enumerate(inside)]
        made = tuple(part for part in parts if part is not None)
        if len(made) < len(parts):
            return None
        return AllOf(of=made) if code == "all" else AnyOf(of=made)

    def _leaf(self, code: str, inside: Any, at: str) -> Condition | None:
        kind = self.kinds.get(code)
        if kind is None:
            near = self._near(code, [*self.kinds, "all", "any", "not"])
            cure = f"did you mean {near[0]}?" if near else f"there are {_few(self.kinds)}"
            self.fault(at, f"there is no condition {code}", cure)
            return None
        if not isinstance(inside, dict):  # of money, the major units: `receipt_total: 50`
            inside = {short_field(kind).removesuffix("_minor"): inside}
        return self.fill(kind, inside, at)

    def _near(self, word: Any, names: Iterable[str]) -> list[str]:
        """What was probably meant; not looked for where there are mistakes upon mistakes."""
        if len(self.faults) > _PATIENCE:
            return []
        return difflib.get_close_matches(str(word)[:64], list(names)[:_PATIENCE], 1)

    def begin_rule(self) -> None:
        """The next trees are another rule's: their nodes are counted anew."""
        self._nodes = 0


@lru_cache(maxsize=1024)
def _fields(kind: type[Struct]) -> dict[str, Any]:
    """{name: field} of a struct; looking its types up anew took most of reading a program."""
    return {field.name: field for field in msgspec.structs.fields(kind)}


def short_field(kind: type[Struct]) -> str:
    """The field that may be written without its name: the first one."""
    return kind.__struct_fields__[0]


def _struct_in(kind: Any) -> type[Struct] | None:
    """The settings a field holds, like a prize or a sample: they are filled as a rule is."""
    either = get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)
    for each in either:
        if get_origin(each) is Annotated:
            each = get_args(each)[0]
        if isinstance(each, type) and issubclass(each, Struct) and not issubclass(each, Condition):
            return each
    return None


def _is_tree(kind: Any) -> bool:
    """Whether a field holds a condition."""
    return kind is Condition or Condition in get_args(kind)


def _struct_of_each(kind: Any) -> type[Struct] | None:
    """The settings of which a field holds several, by place or by name."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) is tuple:
        return _struct_in(get_args(kind)[0])
    return _struct_in(get_args(kind)[1]) if get_origin(kind) is dict else None


def _in_text(raw: Any) -> Any:
    """Codes like 4711 that were written without quotes, as the text they are."""
    if isinstance(raw, list):
        return [_in_text(each) for each in raw]
    return str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw


def _is_list(kind: Any) -> bool:
    """Whether a field holds several: one of them may be written without the brackets."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return get_origin(kind) is tuple


def _few(names: Iterable[str]) -> str:
    listed = sorted(names)
    return ", ".join(listed[:12]) + (", ..." if len(listed) > 12 else "")


def _shown(data: Any) -> str:
    text = repr(data)
    return text if len(text) <= 40 else f"{text[:37]}..."


def _told(wrong: str, raw: Any) -> tuple[str, str]:
    """(where in a value, why) of what msgspec says, with the value itself."""
    why, _, inside = wrong.partition(" - at `$")
    inside = inside.rstrip("`")
    for place in re.findall(r"\[(\d+)\]", inside):
        if isinstance(raw, list) and int(place) < len(raw):
            raw = raw[int(place)]
    for pattern, said in _WORDS:
        why = re.sub(pattern, said, why)
    return inside, f"{why[:1].lower()}{why[1:]}, got {_shown(raw)}"


_WORDS = (  # what msgspec says, and how people say it
    (r", got `\w+`$", ""), ("`", ""), (r" \| null\b", ""),
    (r"^Invalid enum value .*", "this is none of what it may be"),
    (r"^Invalid RFC3339 encoded (\w+)", r"this is no \1"),
    (r"^Expected str matching regex .*", "this has not the form it must have"),
    (r"^Expected ", "this should be "),
    (r"\bint\b", "a whole number"), (r"\bstr\b", "text"), (r"\bbool\b", "true or false"),
    (r"\barray\b", "a list"), (r"\bobject\b", "a mapping"),
)  # fmt: skip


def _cure(field: Any) -> str:
    """What may stand in the field, as its type says."""
    whole = msgspec.json.schema(field.type)
    schema = _one(whole, whole.get("$defs", {}))
    several = schema.get("type") == "array" and "items" in schema
    if several:
        schema = _one(schema["items"], whole.get("$defs", {}))
    each = "each " if several else ""
    if "enum" in schema:
        return f"{each}one of {', '.join(map(str, schema['enum']))}"
    if "examples" in schema:
        return f"write {' or '.join(schema['examples'])}: {schema['description']}"
    if "description" in schema and "pattern" in schema:
        return f"write {schema['description']}"
    if schema.get("format") == "date":
        return "write it as 2026-12-31"
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        return f"{each}a whole number from {low} to {high}"
    kinds = {"string": "text", "integer": "a whole number", "boolean": "true or false",
             "array": "a list", "object": "a mapping"}  # fmt: skip
    kind = kinds.get(schema.get("type", ""), "what the reference says")
    return f"write a list, each {kind}" if several else f"write {kind}"


def _one(schema: dict[str, Any], named: dict[str, Any]) -> dict[str, Any]:
    """The schema itself where it is only pointed to, or where null is the other possibility."""
    while "$ref" in schema or "anyOf" in schema:
        if "$ref" in schema:
            schema = named.get(schema["$ref"].rpartition("/")[2], {})
        else:
            schema = next((each for each in schema["anyOf"] if each.get("type") != "null"), {})
    return schema
