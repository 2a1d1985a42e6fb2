"""Every template that the rules say something with, found in the sources: what must be translated.

What is found: pairs of `one_many`, what stands in `Missing`, `phrase`, `Said`, `Wish` and `Effect`,
what `sentence`, `gives` and `asks` return, and constants with words in them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from tessera.members.consents.core import Channel as Contact
from tessera.rules.core.phrases import OF_A_YEAR, OF_YEARS
from tessera.rules.core.recurring import THE, THE_LAST, THE_NTH_LAST
from tessera.rules.core.tongues import POINTS
from tessera.warehouse.core import Channel, Kind

SOURCE = Path(__file__).parents[2] / "src" / "tessera"
PLACES = (
    "rules/core/*.py", "rules/conditions/*.py", "rules/mechanics/*.py",
    "program/core/sentences.py", "program/core/difference.py", "program/core/warnings/*.py",
    "program/core/dead.py", "program/core/chances.py", "program/core/open_rules.py",
    "program/core/ladder_words.py",
    "checkout/core/tell.py", "checkout/core/gifts.py", "checkout/core/event.py",
    "checkout/core/back.py", "rewards/coupons/core/words.py",
)  # fmt: skip
_APART = {"_EXAMPLE", "SCENARIOS", "EXAMPLES", "PLACES", "RETURN"}
_CONSTANT = re.compile(r"_?[A-Z][A-Z_]*\Z")
_CALLS = {"Missing": (2,), "phrase": (0,), "Said": (0,), "Wish": (3, 4), "Effect": (8, 9)}
_TELLING = {"sentence", "gives", "asks", "reading", "_limits", "_narrowed", "_ends"}
_KEYWORDS = ("limit", "screen", "slip", "why", "trimmed")
_PATTERN = re.compile(r"[\\^$]|\.\.\.|^[a-z_]+\Z|^[A-Z]{2}\Z|^\[0-9\]|^this should be ")
Found = str | tuple[str, str]


# What is made of lists and of the words of the program's text.
MADE = (
    ", ", *OF_YEARS.values(), *OF_A_YEAR.values(), *THE.values(), *THE_LAST.values(),
    *THE_NTH_LAST.values(), *(kind.replace("_", " ") for kind in get_args(Kind)),
    *get_args(Channel), *get_args(Contact), POINTS,
)  # fmt: skip


def templates() -> dict[Found, str]:
    """{template: the file that says it}."""
    found: dict[Found, str] = dict.fromkeys(MADE, "made")
    for place in PLACES:
        for path in sorted(set(SOURCE.glob(place)) - {SOURCE / "rules/core/filling.py"}):
            for each in _of(ast.parse(path.read_text(encoding="utf-8"))):
                found.setdefault(each, path.relative_to(SOURCE).as_posix())
    return found


def _of(tree: ast.Module) -> Iterator[Found]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                yield from _called(name, node)
            case ast.FunctionDef(name=name) if name in _TELLING:
                yield from _returned(node)
            case ast.AnnAssign(annotation=kind, value=ast.expr() as value):
                if "ClassVar[Template]" in ast.unparse(kind):
                    yield from _literals([value])
            case ast.Assign(targets=[target], value=value):
                yield from _assigned(target, value)
    for node in tree.body:
        yield from _constants(node)


def _called(name: str, node: ast.Call) -> Iterator[Found]:
    """What is handed to whatever takes templates."""
    args = node.args
    if name == "one_many":
        yield _text(args[0]) or "", _text(args[1]) or ""
    elif name == "_Texts":
        yield from (_pair(each) for each in args[:2] if isinstance(each, ast.Tuple))
        yield from _literals(args[:2])
        yield from (text for each in args[2:] for text in _inside(each))
    elif name in _CALLS:
        yield from _literals([args[at] for at in _CALLS[name] if at < len(args)])
        yield from _literals([each.value for each in node.keywords if each.arg in _KEYWORDS])


def _assigned(target: ast.expr, value: ast.expr) -> Iterator[Found]:
    """What a function keeps for later as `trimmed` or `why`."""
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    values = value.elts if isinstance(value, ast.Tuple) else [value] * len(names)
    for name, said in zip(names, values, strict=False):
        if isinstance(name, ast.Name) and name.id in ("trimmed", "why"):
            yield from _literals([said])


def _constants(node: ast.stmt) -> Iterator[Found]:
    """Constants of a module with words in them; their names are in capitals."""
    if isinstance(node, ast.Assign):
        target, value = node.targets[0], node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        target, value = node.target, node.value
    else:
        return
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    if all(isinstance(n, ast.Name) and _CONSTANT.match(n.id) and n.id not in _APART for n in names):
        for text in _inside(value):
            if (" " in text or "{" in text or text[:1].isupper()) and not _PATTERN.search(text):
                yield text


def _inside(value: ast.expr) -> Iterator[str]:
    """Strings of tuples and of dicts' values, but not what calls get: that is found by the call."""
    match value:
        case ast.Constant(value=str() as text):
            yield text
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _inside(part)
        case ast.Dict(values=parts):
            for part in parts:
                yield from _inside(part)


def _returned(function: ast.FunctionDef) -> Iterator[Found]:
    for node in ast.walk(function):
        if isinstance(node, ast.Return | ast.Expr) and node.value is not None:
            value = node.value
            if isinstance(value, ast.Yield) and value.value is not None:
                value = value.value
            if isinstance(value, ast.Tuple) and value.elts:
                yield from _literals([value.elts[0]])


def _literals(values: list[ast.expr]) -> Iterator[Found]:
    for value in values:
        if isinstance(value, ast.IfExp):
            yield from _literals([value.body, value.orelse])
        elif isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
            yield value.value


def _pair(pair: ast.Tuple) -> tuple[str, str]:
    one, many = pair.elts
    return _text(one) or "", _text(many) or ""


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
