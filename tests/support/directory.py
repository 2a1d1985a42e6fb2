"""A small program as a directory of text, of which a test replaces files."""

from __future__ import annotations

from tessera.program.core import Reader
from tessera.program.core.text import Read, read_text
from tessera.rules import conditions, mechanics

READER = Reader(mechanics.shelf(), conditions.shelf())
HEAD = """\
name: The corner shop
currency: EUR
numbers:
  coffee: 6
"""
BASE = "id: base\nmechanic: base_rate\npoints: 2\nper: 1.00\n"
COFFEE = "- id: coffee\n  mechanic: every_nth_free\n  product: LATTE\n  n: $coffee\n"
WEEKEND = """\
id: weekend
mechanic: multiplier
times_x100: 200
when:
  weekday: [sat, sun]
"""
SHOP = {"program.yaml": HEAD, "rules/10-base.yaml": BASE, "rules/20-coffee.yaml": COFFEE,
        "rules/30-weekend.yaml": WEEKEND}  # fmt: skip


def read(**changed: str) -> Read:
    """The shop with files replaced; `x__y` stands for x/y."""
    files = SHOP | {name.replace("__", "/") + ".yaml": text for name, text in changed.items()}
    return read_text({name: text.encode() for name, text in files.items()}, READER)


def rule(name: str, when: str = "", **more: str) -> str:
    """A rule for double points, as a file."""
    lines = [f"id: {name}", "mechanic: multiplier", "times_x100: 200"]
    lines += [f"when: {when}"] if when else []
    return "\n".join([*lines, *(f"{key}: {value}" for key, value in more.items())]) + "\n"
