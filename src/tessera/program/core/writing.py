"""A program as data written as a directory of text; read again it is the same data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import yaml

from tessera.program.core.facts_text import Plain
from tessera.program.core.text import HEAD, RULES
from tessera.rules.core.words import Mechanic, Program

_WIDTH = 100
_FIRST = ("id", "name", "mechanic")
_TABLES = ("numbers", "groups", "attributes", "events")
_STEP = 10  # between the numbers of files, so that a rule can be put between two


def written(body: Mapping[str, Any], mechanics: Mapping[str, type[Mechanic]]) -> dict[str, str]:
    """{path: text} of a valid program: one file for what it declares, one for each rule.

    mechanics  {code: mechanic}: a rule's own fields come before those that all rules have
    """
    found = {HEAD: head_text({name: value for name, value in body.items() if name != "rules"})}
    rules = body["rules"]
    width = max(4, len(str(len(rules) * _STEP)))
    for number, rule in enumerate(rules, 1):
        found[_file(number * _STEP, width, rule)] = rule_text(rule, mechanics)
    return found


def head_text(head: Mapping[str, Any]) -> str:
    """What a program declares besides its rules, as text."""
    return _text(_ordered(head, ("name", "currency", "numbers", *Program.__struct_fields__)))


def rule_text(rule: Any, mechanics: Mapping[str, type[Mechanic]]) -> str:
    """A rule as text, or several of one file; what is no rule yet is written as it is."""
    if isinstance(rule, list):
        return _text([_rule_ordered(each, mechanics) for each in rule])
    return _text(_rule_ordered(rule, mechanics))


def next_file(names: Iterable[str], rule: Mapping[str, Any]) -> str:
    """The name of a new rule's file: behind all that are there."""
    rules = [name.removeprefix(RULES) for name in names if name.startswith(RULES)]
    last = max((int(found[0]) for name in rules if (found := re.match(r"\d+", name))), default=0)
    width = max(4, max((len(name.partition("-")[0]) for name in rules), default=4))
    return _file((last // _STEP + 1) * _STEP, width, rule)


def _file(number: int, width: int, rule: Mapping[str, Any]) -> str:
    return f"{RULES}{number:0{width}}-{_slug(str(rule.get('id', '')))}.yaml"


def _rule_ordered(rule: Any, mechanics: Mapping[str, type[Mechanic]]) -> Any:
    if not isinstance(rule, dict):
        return rule
    kind = mechanics.get(rule["mechanic"]) if isinstance(rule.get("mechanic"), str) else None
    return _ordered(rule, (*_FIRST, *_own_fields(kind), *Mechanic.__struct_fields__))


def _own_fields(kind: type[Mechanic] | None) -> Iterable[str]:
    """The fields of a mechanic; money may be written without `_minor`."""
    for name in kind.__struct_fields__ if kind is not None else ():
        if name not in Mechanic.__struct_fields__:
            yield name
            yield name.removesuffix("_minor")


def _ordered(data: Mapping[str, Any], order: Iterable[str]) -> dict[str, Any]:
    names = [*dict.fromkeys(name for name in order if name in data)]
    return {name: data[name] for name in [*names, *sorted(set(data) - set(names))]}


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "rule"


_BREAKS = "\r\n\x85\u2028\u2029\ufeff"


class _Writer(yaml.SafeDumper):  # type: ignore[misc]  # ships no types
    """Writes what `marked` reads: what would look like something else is put into quotes."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = Plain.yaml_implicit_resolvers

    def ignore_aliases(self, data: Any) -> bool:
        """Values are written out as often as they come."""
        return True

    def represent_str(self, data: str) -> Any:
        """What YAML takes for the end of a line is written as an escape, or it would be a blank."""
        style = '"' if any(sign in data for sign in _BREAKS) else None
        return self.represent_scalar("tag:yaml.org,2002:str", data, style=style)

    def serialize(self, node: Any) -> None:
        """What people look through stands in lines of its own, small things in one."""
        node.flow_style = False
        if isinstance(node, yaml.SequenceNode):  # several rules in one file
            for each in node.value:
                each.flow_style = False
        for name, value in node.value if isinstance(node, yaml.MappingNode) else ():
            if name.value in _TABLES and isinstance(value, yaml.MappingNode) and value.value:
                value.flow_style = False
        super().serialize(node)

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        """Lists stand below their name, further in."""
        super().increase_indent(flow, False)


_Writer.add_representer(str, _Writer.represent_str)


def _text(data: Any) -> str:
    text: str = yaml.dump(
        data, Dumper=_Writer, default_flow_style=None, sort_keys=False, allow_unicode=True,
        width=_WIDTH,
    )  # fmt: skip
    return text
