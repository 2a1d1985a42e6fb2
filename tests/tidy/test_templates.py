"""What only the reader of a page would find out: a figure asked for without what it needs."""

from __future__ import annotations

from inspect import signature
from pathlib import Path

from jinja2 import Environment, nodes

from tessera.doors import web
from tessera.doors.language.local import Local
from tessera.doors.web.render import FIGURES

DOORS = Path(web.__file__).parents[1]
LOCAL = Local("en")


def faults(text: str) -> list[str]:
    """Figures of a template that are not given what they are told of: "12: money"."""
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse(text)
    found = []
    for each in tree.find_all(nodes.Filter):
        if each.name in FIGURES:
            given = [each.node, *each.args]
            try:
                signature(getattr(LOCAL, each.name)).bind(*given)
            except TypeError:
                found.append(f"{each.lineno}: {each.name}")
    return found


def test_every_figure_is_given_what_it_needs():
    assert faults("{{ n|money }}{{ n|money(currency) }}{{ n|day(1) }}") == ["1: money", "1: day"]
    found = {str(path.relative_to(DOORS)): faults(path.read_text())
             for path in DOORS.rglob("*.html")}  # fmt: skip
    assert len(found) > 100
    assert {path: told for path, told in found.items() if told} == {}
