"""The reference of rules and roles, made from the shelves and from the policy."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, get_args, get_origin

import msgspec
import yaml

from tessera.access.core import GRANTS, PEOPLE, POLICY, ROLES, sight_of
from tessera.identity.privacy.core import HOLDS, TOLD, UNTOLD, Fate
from tessera.program.core.facts_text import Plain
from tessera.program.core.scenario import blocks
from tessera.rules import conditions, mechanics
from tessera.rules.core import basket, brand, caps, engine, facts, plan, prizes, settings, words
from tessera.rules.core.basket import Goods
from tessera.rules.core.conditions import Condition, sentence
from tessera.rules.core.filling import Filler, short_field
from tessera.rules.core.prizes import Prize
from tessera.rules.core.settings import Cap, Sample, Step
from tessera.rules.core.words import Mechanic, Program

_NESTED: tuple[type[msgspec.Struct], ...] = (Goods, Prize, Cap, Sample, Step)
_WORDS: tuple[type[Any], ...] = (*_NESTED, Condition)
_MADE = "Made by `make reference`"
_EFFECTS = {
    "discount": "money off, shared over the lines; `given` and `wanted` in minor units",
    "payment": "points that paid; `given` in minor units, `points` what was spent",
    "points": "points earned, shared over the lines that earned them",
    "gift": "pieces of `item` to hand over; nothing is taken off the receipt",
    "coupon": "coupons of the kind `item` to hand out",
    "ticket": "tickets for the draw `item`, entered at once",
    "badge": "the badge `item`, shown to the member",
    "privilege": "what the member may do from now on: `item`",
    "donation": "the shop gives to the cause `item`; `given` in minor units",
}


def reference() -> dict[str, str]:
    """{file name: text} of the pages of `docs/reference`."""
    of_mechanics, of_conditions = mechanics.shelf(), conditions.shelf()
    return {
        "mechanics.md": "\n".join(_mechanics(of_mechanics)) + "\n",
        "conditions.md": "\n".join(_conditions(of_conditions)) + "\n",
        "program.md": "\n".join(_program()) + "\n",
        "roles.md": "\n".join(_roles()) + "\n",
        "privacy.md": "\n".join(_privacy()) + "\n",
        "codes.md": "\n".join(_codes(of_mechanics, of_conditions)) + "\n",
    }


def _mechanics(shelf: Mapping[str, ModuleType]) -> Iterator[str]:
    yield "# Mechanics"
    yield f"\n{_MADE} from `rules/mechanics/`; every example is executed.\n"
    yield "| mechanic | lane | what the customer gets |\n|---|---|---|"
    for code, module in shelf.items():
        kind = mechanics.mechanic_of(module)
        yield f"| [{code}](#{code}) | {_lane(kind)} | {_first(module)} |"
    yield "\n## Every rule\n"
    yield _about(Mechanic)
    yield from _fields(Mechanic, ())
    for code, module in shelf.items():
        kind = mechanics.mechanic_of(module)
        yield f"\n## {code}\n\n{_first(module)}\n\n{_about(kind)}"
        yield from _fields(kind, Mechanic.__struct_fields__)
        for block in blocks(module.SCENARIOS)[:3]:
            yield f"\n```receipt\n{block}\n```"
    yield "\n## Words inside rules"
    for nested in _NESTED:
        yield f"\n### {nested.__name__}\n\n{_about(nested)}"
        yield from _fields(nested, ())


def _conditions(shelf: Mapping[str, ModuleType]) -> Iterator[str]:
    kinds = {code: conditions.condition_of(module) for code, module in shelf.items()}
    yield "# Conditions"
    yield f"\n{_MADE} from `rules/conditions/`; every example is executed."
    yield "\nA condition is written `name: {field: value}`, or `name: value` for its first field;"
    yield "`all:` and `any:` hold a list of conditions, `not:` holds one.\n"
    yield "| condition | what it asks |\n|---|---|"
    for code, module in shelf.items():
        yield f"| [{code}](#{code}) | {_first(module)} |"
    for code, module in shelf.items():
        kind = kinds[code]
        yield f"\n## {code}\n\n{_about(kind)}\n\nShort form: `{code}: <{short_field(kind)}>`"
        yield from _fields(kind, ())
        for block in blocks(module.EXAMPLES)[:3]:
            yield f"\n{_in_words(block, kinds)}\n\n```condition\n{block}\n```"


def _in_words(block: str, kinds: Mapping[str, type[Condition]]) -> str:
    """The sentence of an example's condition."""
    filler = Filler(kinds)
    tree = filler.tree(yaml.load(block.splitlines()[0], Plain), "")
    assert tree is not None, filler.faults
    said = sentence(tree, "EUR")
    return f"{said[:1].upper()}{said[1:]}:"


def _program() -> Iterator[str]:
    yield "# A program's settings and its effects"
    yield f"\n{_MADE}.\n"
    yield _about(Program)
    yield from _fields(Program, ("rules", "version"))
    for nested in (settings.Group, settings.Control, settings.Attribute, settings.EventType,
                   settings.Field, brand.Brand):  # fmt: skip
        yield f"\n## {nested.__name__}\n\n{_about(nested)}"
        yield from _fields(nested, ())
    yield "\n## Effects\n\nWhat an answer's `effects` can be.\n\n| kind | what it is |\n|---|---|"
    for kind, what in _EFFECTS.items():
        yield f"| {kind} | {what} |"


_MARKS: dict[str, str] = {"all": "●", "own_store": "◐", "self": "○"}


def _roles() -> Iterator[str]:
    """The policy, from the one table that the doors ask."""
    yield "# Roles"
    yield f"\n{_MADE} from `access/core/policy.py`, the table that every call is judged by."
    yield "What has no mark is refused. Keys are issued for every role but `member`, whose token is"
    yield "a session; what is for anybody needs none. Roles of your own: `tessera roles make`.\n"
    yield "| role | who | operations | persons |\n|---|---|---|---|"
    for role, about in ROLES.items():
        yield f"| {role} | {about} | {len(GRANTS[role])} | {_SIGHTS[sight_of(role)]} |"
    yield "\n● everywhere, ◐ in own stores, ○ what is one's own\n"
    columns = [role for role in ROLES if role not in PEOPLE]
    yield f"| operation | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for operation, row in POLICY.items():
        if not PEOPLE.intersection(row):
            marks = " | ".join(_MARKS[row[role]] if role in row else "" for role in columns)
            yield f"| {operation} | {marks} |"
    for role, title in (("member", "A member, about what is his own"), ("anybody", "Anybody")):
        names = [f"`{operation}`" for operation in GRANTS[role]]
        if names:
            yield f"\n{title}: {', '.join(names)}."


def _privacy() -> Iterator[str]:
    """What every table holds of people, what an erasure does, and where an export tells it."""
    yield "# What is held about people"
    yield f"\n{_MADE} from `identity/privacy/core.py`; a test holds it against the database.\n"
    yield "| table | when a member is erased | what and why | in an export |\n|---|---|---|---|"
    order = list(get_args(Fate))
    for table, (fate, why) in sorted(HOLDS.items(), key=lambda row: (order.index(row[1][0]), row)):
        told = f"`{TOLD[table]}`" if table in TOLD else UNTOLD.get(table, "")
        yield f"| {table} | {_FATES[fate]} | {why} | {told} |"


_FATES: dict[Fate, str] = {
    "deleted": "deleted", "blanked": "blanked", "sealed": "its key is destroyed",
    "pseudonym": "stays under a number", "nothing": "holds nothing of members",
}  # fmt: skip
_SIGHTS: dict[str, str] = {"masked": "masked", "pseudonym": "pseudonyms"}


def _codes(of_mechanics: Mapping[str, ModuleType], of_conditions: Mapping[str, ModuleType]) -> Any:
    yield "# Why a rule gave nothing"
    yield f"\n{_MADE}: the codes of `silent`, and who says them.\n"
    yield "| code | said by |\n|---|---|"
    said: dict[str, list[str]] = {}
    own = {"every rule": [basket, caps, engine, facts, plan, prizes, words]}
    for who, modules in own.items():
        for module in modules:
            _note(said, module, who)
    for shelf in (of_mechanics, of_conditions):
        for code, module in shelf.items():
            _note(said, module, code)
    for code in sorted(said):
        yield f"| `{code}` | {', '.join(said[code])} |"


def _note(said: dict[str, list[str]], module: ModuleType, who: str) -> None:
    for code in missing_codes(inspect.getsource(module)):
        if who not in said.setdefault(code, []):
            said[code].append(who)


def missing_codes(source: str) -> set[str]:
    """The codes of a file: the first word of each `Missing(...)` and each `code_missing`."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        value: ast.expr | None = None
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Missing" and node.args:
            value = node.args[0]
        elif isinstance(node, ast.AnnAssign) and getattr(node.target, "id", "") == "code_missing":
            value = node.value
        if value is not None:
            found |= {
                part.value
                for part in ast.walk(value)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            }
    return found


def _first(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().splitlines()[0]


def _about(kind: type[Any]) -> str:
    """A docstring as text: its list of fields is told in the table."""
    doc = inspect.cleandoc(kind.__doc__ or "")
    parts = [part for part in doc.split("\n\n") if not part.startswith(tuple(_names(kind)))]
    return "\n\n".join(parts)


def _names(kind: type[Any]) -> list[str]:
    return [f"{name} " for name in kind.__struct_fields__] + [
        f"{name}," for name in kind.__struct_fields__
    ]


def _lane(kind: type[Mechanic]) -> str:
    lane: object = inspect.getattr_static(kind, "lane", None)
    return lane if isinstance(lane, str) else "the prize's"


def _fields(kind: type[msgspec.Struct], without: tuple[str, ...]) -> Iterator[str]:
    """A table of a struct's fields: what may stand there, and what holds if nothing does."""
    fields = [field for field in msgspec.structs.fields(kind) if field.name not in without]
    if not fields:
        return
    told = _told_fields(kind)
    yield "\n| field | what may stand there | if left out | meaning |\n|---|---|---|---|"
    for field in fields:
        if field.required:
            default = "required"
        else:
            given = field.default is not msgspec.NODEFAULT
            default = _default(field.default if given else field.default_factory())
        meaning = _described(field.type) or told.get(field.name, "")
        yield f"| `{field.name}` | {_kind(field.type)} | {default} | {meaning} |"


def _told_fields(kind: type[Any]) -> dict[str, str]:
    """{field: what the docstring's list says of it}."""
    told: dict[str, str] = {}
    name = ""
    for base in kind.__mro__[:1]:
        for line in inspect.cleandoc(base.__doc__ or "").splitlines():
            word, _, rest = line.partition(" ")
            word = word.rstrip(",")
            if word in kind.__struct_fields__ and rest.strip():
                name = word
                told[name] = rest.strip()
            elif name and line.startswith("  "):
                told[name] += f" {line.strip()}"
            else:
                name = ""
    return told


def _default(value: Any) -> str:
    if value is None or value == "" or value == () or value == {}:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | str):
        return f"`{value}`"
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in value)
    return "nothing narrowed" if isinstance(value, Goods) else "as below"


def _described(kind: Any) -> str:
    for part in get_args(kind) if get_origin(kind) is Annotated else ():
        if isinstance(part, msgspec.Meta) and part.description:
            return part.description
    return ""


def _kind(kind: Any) -> str:
    """A type in words."""
    for nested in _WORDS:
        if kind is nested or nested in get_args(kind):
            return "a condition" if nested is Condition else str(nested.__name__)
    schema = msgspec.json.schema(kind)
    return _schema(schema, schema.get("$defs", {}))


def _schema(schema: Mapping[str, Any], defs: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(
            _schema(part, defs) for part in schema["anyOf"] if part.get("type") != "null"
        )
    match schema.get("type"):
        case "integer":
            low, high = schema.get("minimum"), schema.get("maximum")
            return (
                f"{low:,} to {high:,}" if low is not None and high is not None else "whole number"
            )
        case "array":
            return f"list of {_schema(schema.get('items', {}), defs) or 'values'}"
        case "boolean":
            return "true, false"
        case "object":
            return "mapping"
        case "string":
            return "date" if schema.get("format") == "date" else "text"
    return "text"


if __name__ == "__main__":
    import sys

    for name, text in reference().items():
        (Path(sys.argv[1]) / name).write_text(text, encoding="utf-8")
