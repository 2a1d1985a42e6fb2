"""A function fits a screen and a file holds one idea."""

import ast
from collections.abc import Iterator, Mapping

import pytest

from tidy.source import HOUSE, Function, Source, sources

LONGEST_FUNCTION, LONGEST_FILE = 60, 400

# The ratchet: known offenders with their size. A number here may only go down and a line may only
# go away; `test_the_ratchet_only_shrinks` sees to it.
#   "src/tessera/room/file.py"            lines of the file
#   "src/tessera/room/file.py:function"   lines of the longest function of that name
KNOWN: dict[str, int] = {}


def function_sizes(file: Source) -> Iterator[tuple[str, int]]:
    """(path:name, lines) of every function, decorators and docstring included."""
    for node in ast.walk(file.tree):
        if isinstance(node, Function):
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            yield f"{file.path}:{node.name}", (node.end_lineno or first) - first + 1


def sizes() -> dict[str, int]:
    """What is measured: functions of the house, files of the house, its tests and its bench."""
    found: dict[str, int] = {}
    for file in sources(HOUSE):
        for name, lines in function_sizes(file):
            found[name] = max(lines, found.get(name, 0))
    for file in sources(HOUSE, "tests", "migrations", "bench"):
        found[file.path] = file.lines
    for file in sources(HOUSE, kind=".sql"):
        found[file.path] = file.lines
    return found


def limit(name: str) -> int:
    return LONGEST_FUNCTION if ":" in name else LONGEST_FILE


def too_long(found: Mapping[str, int], known: Mapping[str, int]) -> list[str]:
    return [
        f"{name} has {lines} lines, {known.get(name, limit(name))} are allowed"
        for name, lines in found.items()
        if lines > known.get(name, limit(name))
    ]


def stale(found: Mapping[str, int], known: Mapping[str, int]) -> list[str]:
    """Entries that reality has overtaken, each with what to do."""
    says = []
    for name, allowed in known.items():
        lines = found.get(name, 0)
        if lines <= limit(name):
            says.append(f"{name} is within the limit now: take its entry away")
        elif lines < allowed:
            says.append(f"{name} has {lines} lines now: lower its entry from {allowed}")
    return says


def test_functions_fit_a_screen_and_files_one_idea():
    assert too_long(sizes(), KNOWN) == []


def test_the_ratchet_only_shrinks():
    assert stale(sizes(), KNOWN) == []


def test_a_long_function_is_found_with_its_decorators_and_lines():
    body = "\n".join("    x = 1" for _ in range(LONGEST_FUNCTION - 1))
    long = Source(f"{HOUSE}a.py", f"@cache\nasync def settle():\n{body}\n")
    assert dict(function_sizes(long)) == {f"{HOUSE}a.py:settle": 61}


@pytest.mark.parametrize(
    ("name", "lines", "known", "bitten"),
    [
        ("a.py:f", 60, {}, False),
        ("a.py:f", 61, {}, True),
        ("a.py:f", 70, {"a.py:f": 70}, False),
        ("a.py:f", 71, {"a.py:f": 70}, True),
        ("a.py", 400, {}, False),
        ("a.py", 401, {}, True),
    ],
)
def test_a_size_over_its_limit_or_its_entry_is_refused(name, lines, known, bitten):
    assert bool(too_long({name: lines}, known)) is bitten


@pytest.mark.parametrize(
    ("lines", "bitten"),
    [({"a.py": 500}, False), ({"a.py": 450}, True), ({"a.py": 90}, True), ({}, True)],
)
def test_an_entry_larger_than_reality_has_to_be_lowered(lines, bitten):
    assert bool(stale(lines, {"a.py": 500})) is bitten
