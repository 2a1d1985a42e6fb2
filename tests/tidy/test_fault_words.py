"""Every mistake that the reader of a program finds has words in every language."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.templates import templates
from tessera.doors.language.faults import CONTEXT, retold
from tessera.doors.language.words import LANGUAGES, catalogue

SOURCE = Path(__file__).parents[2] / "src" / "tessera"
OTHERS = [language for language in LANGUAGES if language != "en"]
PLACES = (
    "rules/core/*.py", "rules/conditions/*.py", "rules/mechanics/*.py", "program/core/*.py",
    "ledger/core/lives.py", "members/choices/core.py",
)  # fmt: skip
_NOTED = {"fault", "Fault", "mistake_at", "mistake", "Mistake"}
_SAYING = {
    "misfits", "_misfits", "_no_event", "brand_faults", "ladder_faults", "draw_faults",
    "board_faults",
    "ticket_misfits", "_level_faults", "_fault", "_unfilled",
}  # fmt: skip
_HOLE = re.compile(r"\{(\d)\}")
# What is built of parts that have words of their own.
BUILT = {"each ", "{1}one of {2}", "{1}a whole number from {2} to {3}"}


def said(node: ast.expr) -> Iterator[str]:
    """Text, or text with holes; {1} is the first."""
    if isinstance(node, ast.IfExp):
        yield from said(node.body)
        yield from said(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        text, holes = "", 0
        for part in node.values:
            holes += isinstance(part, ast.FormattedValue)
            text += str(part.value) if isinstance(part, ast.Constant) else f"{{{holes}}}"
        yield text


def mistakes() -> set[str]:
    """The templates of what is noted as a mistake, or raised by a struct about its fields."""
    found: set[str] = set()
    for place in PLACES:
        for path in SOURCE.glob(place):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found.update(each for value in _values(node) for each in said(value))
    told = {text for text in templates() if isinstance(text, str)}
    return {text for text in found if " " in text and text not in told | BUILT}


def _values(node: ast.AST) -> Iterator[ast.expr]:
    match node:
        case ast.Call(func=ast.Attribute(attr=name), args=args) if name in _NOTED:
            yield from args[-2:]
        case ast.Call(func=ast.Name(id=name), args=args) if name in _NOTED:
            yield from args[-2:]
        case ast.Call(func=ast.Name(id="ValueError"), args=[text]):
            yield text
        case ast.FunctionDef(name=name) if name in _SAYING:
            for each in ast.walk(node):
                if isinstance(each, ast.Yield | ast.Return) and isinstance(each.value, ast.Tuple):
                    yield from each.value.elts
        case ast.Assign(targets=[ast.Name(id="why" | "cure")], value=value):
            yield value


@pytest.mark.parametrize("language", OTHERS)
def test_every_mistake_has_words(language):
    known = catalogue(language).within(CONTEXT)
    missing = sorted(mistakes() - known.keys())
    assert not missing, "write them in src/tessera/program/words:\n" + "\n".join(missing)


@pytest.mark.parametrize("language", OTHERS)
def test_words_have_the_places_of_their_sentence(language):
    for text, words in catalogue(language).within(CONTEXT).items():
        assert sorted(_HOLE.findall(text)) == sorted(_HOLE.findall(words)), text


@pytest.mark.parametrize(
    ("english", "italian"),
    [
        ("there is no field foo", "non c'è un campo foo"),
        ("did you mean points?", "intendevi points?"),
        ("this should be a whole number >= 1, got 0", "qui ci vuole un numero intero >= 1, c'è 0"),
        ("a condition has one name, 'x' has not", "una condizione ha un solo nome, 'x' no"),
        ("nobody has ever said this", "nobody has ever said this"),
    ],
)
def test_a_mistake_is_known_again(english, italian):
    assert retold(english, "it") == italian
    assert retold(english, "en") == english
