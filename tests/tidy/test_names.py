"""Names and docstrings: what is public says what it is, and nothing is called a helper."""

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tidy.source import HOUSE, Definition, Source, bites, complaints, sources

NO_FILE = {"base_service", "common", "helper", "helpers", "manager", "misc", "models", "service",
           "services", "util", "utils"}  # fmt: skip
NO_CLASS = re.compile(r"(Manager|Service|Helper|Data|Info|Util|Utils)$")


def undocumented(file: Source) -> Iterator[str]:
    """Modules, and public functions and classes of modules, that say nothing of themselves.

    A method may be silent, its class spoke; so may the class of a mechanic, its file spoke.
    """
    if not ast.get_docstring(file.tree):
        yield f"{file.path} has no docstring"
    if "mechanics" in file.floors:
        return
    for node in file.tree.body:
        if not isinstance(node, Definition) or node.name.startswith("_") or is_overload(node):
            continue
        if not ast.get_docstring(node):
            yield f"{file.at(node)} {node.name} has no docstring: units, shape, errors, source"


def is_overload(node: ast.AST) -> bool:
    """A signature of a function that is documented once, below."""
    marks = getattr(node, "decorator_list", [])
    return any(ast.unparse(mark).rsplit(".", 1)[-1] == "overload" for mark in marks)


def vague(file: Source) -> Iterator[str]:
    """Files and classes named after no idea."""
    stem = PurePosixPath(file.path).stem
    if stem in NO_FILE:
        yield f"{file.path}: name the file after its idea, not `{stem}`"
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ClassDef) and (word := NO_CLASS.search(node.name)):
            yield f"{file.at(node)} {node.name}: a noun without `{word[1]}` says more"


def test_what_is_public_says_what_it_is():
    assert complaints(undocumented, sources(HOUSE)) == []


def test_nothing_is_named_after_no_idea():
    assert complaints(vague, sources(HOUSE)) == []


@pytest.mark.parametrize(
    "code",
    [
        "",
        "x = 1",
        '"""M."""\ndef f(): ...',
        '"""M."""\nasync def f(): ...',
        '"""M."""\nclass C: ...',
    ],
)
def test_silence_is_found(code):
    assert bites(undocumented, f"{HOUSE}ledger/core.py", code)


@pytest.mark.parametrize(
    "code",
    [
        '"""M."""\ndef _f(): ...',
        '"""M."""\ndef f():\n    """F."""',
        '"""M."""\nclass C:\n    """C."""\n    def f(self): ...',
        '"""M."""\n@overload\ndef f(): ...',
    ],
)
def test_private_and_documented_names_pass(code):
    assert not bites(undocumented, f"{HOUSE}ledger/core.py", code)


def test_the_class_of_a_mechanic_is_documented_by_its_file():
    code = '"""M."""\nclass C: ...'
    assert not bites(undocumented, f"{HOUSE}rules/mechanics/c.py", code)
    assert bites(undocumented, f"{HOUSE}rules/mechanics/c.py", "class C: ...")


def test_a_vague_name_is_found():
    assert bites(vague, f"{HOUSE}ledger/utils.py", "")
    assert bites(vague, f"{HOUSE}ledger/core.py", "class LotManager: ...")
    assert not bites(vague, f"{HOUSE}ledger/core.py", "class Lot: ...")
