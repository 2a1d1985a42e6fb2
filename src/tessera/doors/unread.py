"""A body that could not be read: where in it that was, and what may stand there, in words."""

from __future__ import annotations

import re
from typing import Any

from msgspec import inspect

from tessera.base.text import PLAIN

TOKEN = re.compile(rb'"((?:[^"\\]++|\\.)*+)(?:"(\s*:)?|\\?\Z)|(-?[0-9][0-9.eE+-]*)|[\[\]{},]', re.S)
_STEP = re.compile(r"\.?(\w+)|\[[0-9.]*\]")
_PATTERN = "Expected `str` matching regex "
_PLAIN_WHY = "it holds control characters, or marks that turn the direction of writing"


def near(raw: bytes, end: int) -> str:
    """Where in a body this byte is: `lines[0].quantity`; "" if that is the body as a whole."""
    path: list[str | int] = []
    for token in TOKEN.finditer(raw, 0, end):
        sign = token[0]
        if token[2] and path:
            path[-1] = token[1].decode("utf-8", "replace")[:64]
        elif sign in (b"{", b"["):
            path.append("" if sign == b"{" else 0)
        elif sign in (b"}", b"]") and path:
            path.pop()
        elif sign == b"," and path and isinstance(path[-1], int):
            path[-1] += 1
    said = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return said.strip(".")


def in_words(why: str) -> str:
    """What a reader says of a text, without the pattern that it did not fit."""
    return _PLAIN_WHY if why == f"{_PATTERN}{PLAIN!r}" else why


def choices(shape: Any, field: str) -> list[str]:
    """The words of which a field is one, by the type of its body; none if it is no such field."""
    kinds = [inspect.type_info(shape)]
    for step in _STEP.finditer(field):
        kinds = [inner for kind in kinds for inner in _inside(kind, step[1])]
    return [str(word) for kind in _flat(kinds) for word in getattr(kind, "values", ())]


def _inside(kind: inspect.Type, name: str | None) -> list[inspect.Type]:
    """What lies in there under that name; None: what is listed there."""
    found: list[inspect.Type] = []
    for each in _flat([kind]):
        if isinstance(each, inspect.StructType) and name:
            found += [field.type for field in each.fields if field.encode_name == name]
        elif isinstance(each, inspect.DictType) and name:
            found.append(each.value_type)
        elif name is None and isinstance(each, inspect.ListType | inspect.VarTupleType):
            found.append(each.item_type)
    return found


def _flat(kinds: list[inspect.Type]) -> list[inspect.Type]:
    """The kinds of which one may stand there, without notes on them."""
    found: list[inspect.Type] = []
    for kind in kinds:
        if isinstance(kind, inspect.UnionType):
            found += _flat(list(kind.types))
        elif isinstance(kind, inspect.Metadata):
            found += _flat([kind.type])
        else:
            found.append(kind)
    return found
