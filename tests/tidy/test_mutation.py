"""The changes that `make mutation` makes: of each kind, sound, and of nothing else."""

from __future__ import annotations

from random import Random

import pytest

from support.mutation.__main__ import draw
from support.mutation.changes import changes, sound
from support.mutation.table import wilson
from support.mutation.warm import new_codes
from tidy.source import ROOT

PLACE = "src/tessera/rules/core/days.py"


def made(text: str) -> set[str]:
    """The texts that a text can become."""
    source = text.encode()
    return {each.of(source).decode() for each in changes("a.py", source) if sound(each, source)}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x = a < b", {"x = (a <= b)", "x = (a >= b)"}),
        ("x = a and b", {"x = ((a) or (b))"}),
        ("x = not a", {"x = (a)"}),
        ("x = a - b", {"x = ((a) + (b))"}),
        ("x = 3", {"x = 4"}),
        ("x = True", {"x = False"}),
        ("x = 'word'", {"x = 'wordx'"}),
        ("x = min(a)", {"x = max(a)"}),
        ("x = f(a, b=c)", {"x = f(a)"}),
        ("if a:\n    b()", {"if (not (a)):\n    b()", "if a:\n    pass"}),
        ("x = [a for a in b if c]", {"x = [a for a in b if (not (c))]"}),
        ("x += y", {"pass", "x -= y"}),
        ("def f():\n    return x", {"def f():\n    return None"}),
    ],
)
def test_a_text_can_become(text, wanted):
    assert made(text) == wanted


@pytest.mark.parametrize(
    "text",
    ['"""A docstring."""', "assert a < 3", "x = 'a sentence'", "x: a | b", "SCENARIOS = 'word'",
     "def f(a: int) -> int: ...", "from a import b"],
)  # fmt: skip
def test_what_says_nothing_of_tests_is_left_alone(text):
    assert made(text) == set()


def test_a_sample_is_of_every_file_and_grows_from_its_beginning():
    source = (ROOT / PLACE).read_bytes()
    found = {PLACE: changes(PLACE, source), "tests/tidy/source.py": changes(
        "tests/tidy/source.py", (ROOT / "tests/tidy/source.py").read_bytes())}  # fmt: skip
    small, large = (draw(found, size, Random(1)) for size in (20, 40))
    assert (len(small), len(large)) == (20, 40)
    assert set(small) < set(large)
    assert {each.path for each in small} == set(found)


def test_a_change_outside_of_functions_is_not_made_in_a_running_process():
    def codes(change):
        old = (
            "X = 1\nclass C:\n    n = 2\n    def f(self):\n        return [i + 1 for i in self.s]\n"
        )
        return new_codes(compile(old, "a", "exec"), compile(change(old), "a", "exec"))

    assert codes(lambda old: old.replace("X = 1", "X = 2")) is None
    assert codes(lambda old: old.replace("n = 2", "n = 3")) is None
    inside = codes(lambda old: old.replace("i + 1", "i - 1"))
    assert inside is not None and [code.co_name for code in inside] == ["f"]


def test_the_interval_holds_the_share_and_shrinks():
    low, high = wilson(85, 100)
    assert low < 0.85 < high and wilson(850, 1000)[0] > low
