"""A rule's data as the boxes of a form. Pure; `reading` makes data of them again.

A box is called by its way: `caps.0.per`, `when.1.0.days`; after a colon stands what is about the
box itself: `when.1:kind`, `days:was`. What has no control of its own is written as JSON (`:raw`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tessera.program.core.kinds import FieldTold, Kinds, KindTold
from tessera.program.core.marked import scalar_of

GROUPS = ("all", "any", "none")
MAX_DEPTH = 20  # of what is shown; more is a mistake anyway


@dataclass(frozen=True)
class Box:
    """One field of a form.

    name    of the control; path: of the value inside the rule, as faults name it
    value   what stands there now; picked: of several to tick, which are
    said    the text says it; else `told.usual` holds
    raw     it is written as JSON
    inside  of settings: their boxes; items: of a list of settings, those of each
    """

    name: str
    path: str
    told: FieldTold
    value: str = ""
    picked: tuple[str, ...] = ()
    said: bool = False
    raw: bool = False
    inside: tuple[Box, ...] = ()
    items: tuple[tuple[Box, ...], ...] = ()


@dataclass(frozen=True)
class Branch:
    """A condition of the form: a group with what is in it, or one with its boxes.

    kind  all, any, none; a condition's code; "" for what cannot be shown: then `raw` is its JSON
    bare  of the first group: the rule's condition stands alone, the group is only shown
    """

    name: str
    path: str
    kind: str
    parts: tuple[Branch, ...] = ()
    boxes: tuple[Box, ...] = ()
    told: KindTold | None = None
    raw: str = ""
    bare: bool = False
    other: str = ""

    @property
    def group(self) -> bool:
        """Whether it holds others."""
        return self.kind in GROUPS


@dataclass(frozen=True)
class Sheet:
    """A whole rule as a form. other: what no field is for, as JSON; "" if there is nothing."""

    mechanic: str
    told: KindTold | None
    own: tuple[Box, ...] = ()
    common: tuple[Box, ...] = ()
    tree: Branch = field(default_factory=lambda: Branch("when", "when", "all"))
    other: str = ""

    def box(self, name: str) -> Box | None:
        """A box of the rule itself by its field's name."""
        return next((box for box in (*self.own, *self.common) if box.name == name), None)


def sheet_of(rule: Mapping[str, Any], kinds: Kinds) -> Sheet:
    """The form of a rule, whatever is wrong with it."""
    code = rule.get("mechanic")
    told = kinds.mechanic(code) if isinstance(code, str) else None
    own = told.fields if told else ()
    mine = {each.name for each in own}
    common = tuple(each for each in kinds.common if each.name not in mine)
    rest = {key: value for key, value in rule.items() if key not in ("mechanic", "when")}
    boxes, rest = boxes_of(rest, own, "", "")
    more, rest = boxes_of(rest, common, "", "")
    tree = branch_of(rule["when"], kinds, "when", "when", first=True) if _there(rule) else None
    return Sheet(
        code if isinstance(code, str) else "", told, boxes, more,
        tree or Branch("when", "when", "all"), as_json(rest) if rest else "",
    )  # fmt: skip


def _there(rule: Mapping[str, Any]) -> bool:
    return rule.get("when") is not None


def boxes_of(
    data: Mapping[str, Any], fields: Sequence[FieldTold], name: str, path: str
) -> tuple[tuple[Box, ...], dict[str, Any]]:
    """(a box for each field, what of the data belongs to none)."""
    rest, found = dict(data), []
    for told in fields:
        short = told.name.removesuffix("_minor")
        keys = [key for key in dict.fromkeys((told.name, short)) if key in rest]
        if short != told.name and short in {each.name for each in fields}:
            keys = [key for key in keys if key == told.name]
        said = len(keys) == 1 and not (rest[keys[0]] is None and told.usual is None)
        key = keys[0] if len(keys) == 1 else told.name
        # In two spellings it is a mistake, and stays one.
        value = rest.pop(key) if len(keys) == 1 else None
        at = f"{path}.{key}".lstrip(".")
        found.append(_box(told, value, said, f"{name}{told.name}", at, key))
    return tuple(found), rest


def _box(told: FieldTold, value: Any, said: bool, name: str, path: str, key: str) -> Box:
    box = Box(name, path, told, said=said)
    if not said:
        return _empty(box)
    show = _SHOWN.get(told.control)
    shown = show(box, value, key) if show is not None else None
    return shown or replaced(box, raw=True, value=as_json(value))


def _empty(box: Box) -> Box:
    """Nothing is said: what holds then is seen where it can be."""
    usual = box.told.usual
    match box.told.control:
        case "settings":
            boxes, _ = boxes_of({}, box.told.fields, f"{box.name}.", box.path)
            return replaced(box, inside=boxes)
        case "yes_no":
            return replaced(box, picked=("yes",) if usual else ())
        case "choices":
            return replaced(box, picked=tuple(map(str, usual or ())))
        case "choice" if usual is not None:
            return replaced(box, value=str(usual))
    return box


def replaced(box: Box, **changes: Any) -> Box:
    """The box, otherwise."""
    return Box(**{**{name: getattr(box, name) for name in box.__dataclass_fields__}, **changes})


def _whole(box: Box, value: Any, key: str) -> Box | None:
    if isinstance(value, bool) or not isinstance(value, int | str):
        return None
    return replaced(box, value=str(value)) if plain(value) else None


def _money(box: Box, value: Any, key: str) -> Box | None:
    """Major units; a number by name keeps the spelling that says which units it is in."""
    if isinstance(value, bool) or not isinstance(value, int | str) or not plain(value):
        return None
    major = key != box.told.name
    if isinstance(value, int):
        return replaced(box, value=f"{value}.00" if major else decimal(value))
    if value.startswith("$"):
        return replaced(box, value=value, name=box.name if not major else _major(box.name))
    if not major and value.isascii() and value.lstrip("-").isdecimal():
        return replaced(box, value=decimal(int(value)))
    return replaced(box, value=value)


def _major(name: str) -> str:
    return name.removesuffix("_minor")


def decimal(minor: int) -> str:
    """1250 -> 12.50"""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def _text(box: Box, value: Any, key: str) -> Box | None:
    if isinstance(value, bool) or not isinstance(value, int | str) or not plain(value):
        return None
    return replaced(box, value=str(value)) if str(value) or not box.told.usual else None


def _choice(box: Box, value: Any, key: str) -> Box | None:
    return replaced(box, value=value) if value in box.told.choices else None


def _yes_no(box: Box, value: Any, key: str) -> Box | None:
    return replaced(box, picked=("yes",) if value else ()) if isinstance(value, bool) else None


def _date(box: Box, value: Any, key: str) -> Box | None:
    return replaced(box, value=value) if isinstance(value, str) and value and plain(value) else None


def _list(box: Box, value: Any, key: str) -> Box | None:
    """Several as "a, b": what holds a comma or nothing is written as JSON."""
    several = value if isinstance(value, list) else [value]
    if not several or any(isinstance(each, bool) for each in several):
        return None
    fits = all(
        isinstance(each, int) or (isinstance(each, str) and plain(each) and each == each.strip()
                                  and each and "," not in each)
        for each in several
    )  # fmt: skip
    return replaced(box, value=", ".join(map(str, several))) if fits else None


def _value(box: Box, value: Any, key: str) -> Box | None:
    return replaced(box, value=scalar(value)) if fits(value) else None


def _values(box: Box, value: Any, key: str) -> Box | None:
    several = value if isinstance(value, list) else [value]
    if not several or not all(fits(each) and "," not in scalar(each) for each in several):
        return None
    return replaced(box, value=", ".join(map(scalar, several)))


def scalar(value: Any) -> str:
    """A word, a number, yes or no as the program's text has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def fits(value: Any) -> bool:
    """Whether it is read from a box as what it is."""
    said = scalar(value)
    if value is None or not isinstance(value, bool | int | str) or not said or not plain(said):
        return False
    again = scalar_of(said)
    return type(again) is type(value) and again == value and said == said.strip()


def _choices(box: Box, value: Any, key: str) -> Box | None:
    several = value if isinstance(value, list) else [value]
    known = [each for each in several if each in box.told.choices]
    if not several or len(known) < len(several) or len(set(several)) < len(several):
        return None
    return replaced(box, picked=tuple(several))


def _settings(box: Box, value: Any, key: str) -> Box | None:
    if box.told.settings == "goods" and isinstance(value, str | list):
        value = {box.told.fields[0].name: value}
    if not isinstance(value, dict):
        return None
    boxes, rest = boxes_of(value, box.told.fields, f"{box.name}.", box.path)
    return None if rest else replaced(box, inside=boxes)


def _several(box: Box, value: Any, key: str) -> Box | None:
    several = value if isinstance(value, list) else [value]
    items = []
    for i, each in enumerate(several):
        if not isinstance(each, dict):
            return None
        at = f"{box.path}[{i}]"
        boxes, rest = boxes_of(each, box.told.fields, f"{box.name}.{i}.", at)
        if rest:
            return None
        items.append(boxes)
    return replaced(box, items=tuple(items))


_SHOWN = {
    "whole": _whole, "money": _money, "text": _text, "choice": _choice, "yes_no": _yes_no,
    "date": _date, "texts": _list, "wholes": _list, "choices": _choices, "settings": _settings,
    "several": _several, "value": _value, "values": _values,
}  # fmt: skip


def plain(value: Any) -> bool:
    """Whether a line of a form can hold it."""
    return not isinstance(value, str) or (value.isprintable() and "\n" not in value)


def branch_of(data: Any, kinds: Kinds, name: str, path: str, *, first: bool = False) -> Branch:
    """A condition of the text as a branch of the form; what is too deep is written as JSON."""
    bare = Branch(name, path, "", raw=as_json(data))
    if not isinstance(data, dict) or len(data) != 1 or name.count(".") > MAX_DEPTH:
        return Branch(name, path, "all", (replaced_name(bare),), bare=True) if first else bare
    code, inside = next(iter(data.items()))
    made = _group(code, inside, kinds, name, path) or _leaf(code, inside, kinds, name, path, bare)
    if first and not made.group:
        # Shown in a group of one, so that others can be added.
        inner = branch_of(data, kinds, f"{name}.0", path)
        return Branch(name, path, "all", (inner,), bare=True)
    return made


def replaced_name(branch: Branch) -> Branch:
    """What cannot be shown, as the only one of the first group."""
    return Branch(f"{branch.name}.0", branch.path, "", raw=branch.raw)


def _group(code: str, inside: Any, kinds: Kinds, name: str, path: str) -> Branch | None:
    at = f"{path}.{code}"
    if code in ("all", "any") and isinstance(inside, list):
        parts = [
            branch_of(each, kinds, f"{name}.{i}", f"{at}[{i}]") for i, each in enumerate(inside)
        ]
        return Branch(name, at, code, tuple(parts))
    if code != "not":
        return None
    if isinstance(inside, dict) and list(inside) == ["any"] and isinstance(inside["any"], list):
        several = inside["any"]
        if len(several) != 1:
            parts = [
                branch_of(each, kinds, f"{name}.{i}", f"{at}.any[{i}]")
                for i, each in enumerate(several)
            ]
            return Branch(name, f"{at}.any", "none", tuple(parts))
    return Branch(name, at, "none", (branch_of(inside, kinds, f"{name}.0", at),))


def _leaf(
    code: str, inside: Any, kinds: Kinds, name: str, path: str, bare: Branch
) -> Branch:  # fmt: skip
    told = kinds.condition(code)
    if told is None:
        return bare
    if not isinstance(inside, dict):
        inside = {told.short.removesuffix("_minor"): inside}
    at = f"{path}.{code}"
    boxes, rest = boxes_of(inside, told.fields, f"{name}.", at)
    return Branch(name, at, code, boxes=boxes, told=told, other=as_json(rest) if rest else "")


def as_json(value: Any) -> str:
    """A value as text that a box can hold."""
    return msgspec.json.encode(value).decode()


def walk(branch: Branch) -> Iterator[Branch]:
    """A branch and all in it."""
    yield branch
    for part in branch.parts:
        yield from walk(part)


def every(boxes: Sequence[Box]) -> Iterator[Box]:
    """Boxes and all inside them."""
    for box in boxes:
        yield box
        yield from every(box.inside)
        for item in box.items:
            yield from every(item)
