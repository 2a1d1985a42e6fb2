"""A program as text: any text is read or its mistakes are named, and nothing is lost in writing."""

from __future__ import annotations

import copy
import re
import time
from datetime import date

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from support.anything import READER, rules
from tessera.program.core import starter
from tessera.program.core.difference import Edition, differences
from tessera.program.core.marked import MAX_BYTES, marked, scalar_of
from tessera.program.core.rehearsal import rehearse
from tessera.program.core.seen import Seen
from tessera.program.core.text import HEAD, read_text
from tessera.program.core.warnings import warnings_of
from tessera.program.core.writing import written

SLOW = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much], deadline=None,
    max_examples=60,
)  # fmt: skip
ON = date(2026, 2, 7)
HEAD_TEXT = b"name: Shop\ncurrency: EUR\nnumbers: {coffee: 2.50, half: 5}\n"
RULE = b"id: weekend\nmechanic: multiplier\ntimes_x100: 200\nwhen: {all: [weekday: [sat, sun]]}\n"
TEST = b"buy A 1 x 1.00\n----\nto pay 1.00\n"
GOOD = {HEAD: HEAD_TEXT, "rules/1.yaml": RULE, "tests/a.txt": TEST}


def check_told(files: dict[str, bytes]) -> None:
    """A program, or mistakes at places that are there."""
    found = read_text(files, READER)
    assert (found.program is None) == bool(found.mistakes)
    for each in found.mistakes:
        assert each.why and each.cure
        assert each.file in files or each.file == HEAD, each
        text = files.get(each.file, b"").decode("utf-8", "replace")
        lines = len(re.split("\r\n|[\r\n\x85\u2028\u2029]", text))
        assert 1 <= each.line <= lines, each
    if found.program is not None:
        tried, mistakes = rehearse(found.tests, found.program)
        told = [(each.file, each.line) for each in tried]
        told += [(each.file, each.line) for each in mistakes]
        assert all(file in files and line >= 1 for file, line in told)


WORDS = st.sampled_from([
    "id", "name", "mechanic", "when", "all", "any", "not", "rules", "numbers", "$half", "caps",
    "base_rate", "multiplier", "weekday", "hours", "[", "]", "{", "}", ":", ": ", "- ", "\n", "  ",
    "\n  ", "#", "&a", "*a", "!!int", "'", '"', "|\n", "---\n", "%", "\t", "sat", "7", "007", "-1",
    "12.50", "2026-01-01", "true", "null", "?", ",", "<<", "\x00", "\u2028", "é", "😀", "\x85",
])  # fmt: skip
TEXTS = st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=40).map("".join))


@SLOW
@given(st.binary(max_size=200), st.sampled_from(sorted(GOOD)))
def test_any_bytes_are_read_or_refused_at_a_place(raw, name):
    check_told(GOOD | {name: raw})


@SLOW
@given(TEXTS, st.sampled_from(sorted(GOOD)))
@example("a: \x00", HEAD)
@example("? [a]\n: b", "rules/1.yaml")
@example("a: &x [*x]", "rules/1.yaml")
def test_any_text_is_read_or_refused_at_a_place(text, name):
    check_told(GOOD | {name: text.encode()})


@SLOW
@given(
    st.sampled_from(sorted(GOOD)), st.integers(0, 200), st.integers(0, 200),
    st.one_of(WORDS, st.text(max_size=5)),
)  # fmt: skip
def test_a_good_text_that_was_spoiled_somewhere_is_read_or_refused(name, begin, length, word):
    text = GOOD[name].decode()
    begin = min(begin, len(text))
    check_told(GOOD | {name: (text[:begin] + word + text[begin + length :]).encode()})


FIELDS = ["id", "when", "caps", "stores", "sample", "ramp", "starts", "points", "name"]


@SLOW
@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(allow_nan=False)
    | st.sampled_from(["$half", "$none", "weekday", "base_rate", "12.50"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.text(max_size=5) | st.sampled_from(["id", "when", "all", "mechanic", "caps", "prize"]),
        inner, max_size=4),
    max_leaves=20,
), st.sampled_from(FIELDS))  # fmt: skip
def test_any_data_is_a_program_or_its_faults_are_named(data, field):
    rule = {"id": "a", "mechanic": "base_rate", "points": 1, "per_minor": 100, field: data}
    for body in (data, {"rules": data}, {"name": "A", "currency": "EUR", "rules": [data]},
                 {"name": "A", "currency": "EUR", "rules": [rule]},
                 {"name": "A", "currency": "EUR", "rules": [], "numbers": data, "groups": data,
                  "attributes": data, "events": data, "control": data}):  # fmt: skip
        program, faults = READER.examine(body, 1)
        assert (program is None) == bool(faults)
        assert all(each.why and each.cure for each in faults)


@pytest.mark.parametrize(
    "bomb",
    [
        b"a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
        b"when: " + b"{not: " * 10_000,
        b"[" * 10_000,
        b"- " * 10_000,
        b"? " * 10_000,
        b"- {id: a, mechanic: base_rate}\n" * 30_000,
        b"- {}\n" * 100_000,
        b"a: " + b"9" * 100_000,
        b"? {x: 1}\n: 2\n",
        b"x" * (MAX_BYTES + 1),
    ],
    ids=lambda bomb: repr(bomb[:20]),
)
def test_bombs_are_refused_fast(bomb):
    for name in (HEAD, "rules/1.yaml"):
        began = time.monotonic()
        found = read_text(GOOD | {name: bomb}, READER)
        assert found.mistakes and found.program is None
        assert time.monotonic() - began < 5, name


def test_too_many_rules_and_files_are_refused_fast():
    many = {f"rules/{n}.yaml": RULE for n in range(100_000)}
    found = read_text(GOOD | many, READER)
    assert [each.why for each in found.mistakes] == [
        "a program has at most 4,000 files and 4,194,304 bytes"
    ]
    body = {"name": "A", "currency": "EUR", "rules": [{}] * 100_000}
    assert [f.why for f in READER.examine(body, 1)[1]] == ["100000 rules, at most 2000"]
    deep: dict = {"weekday": "sat"}
    for _ in range(10_000):
        deep = {"not": deep}
    rule = {"id": "a", "mechanic": "base_rate", "points": 1, "per_minor": 100, "when": deep}
    _, faults = READER.examine({"name": "A", "currency": "EUR", "rules": [rule]}, 1)
    assert "nested" in faults[0].why


def asking(name: int, *others: int) -> dict:
    when = {"all": [{"rule_gave": f"r{each % 2000}"} for each in others]}
    return {"id": f"r{name}", "mechanic": "multiplier", "times_x100": 200, "when": when}


@pytest.mark.parametrize(
    "rules_",
    [
        [{"id": "a", "mechanic": "base_rate"} | {f"points{n}": 1 for n in range(50_000)}],
        [{"id": "a", "mechanic": "base_rate", "stores": [f"$x{n}" for n in range(50_000)]}],
        [asking(n, n + 1) for n in range(2000)],
        [asking(n, *range(n + 1, n + 30)) for n in range(2000)],
        [asking(n, n) for n in range(2000)],
    ],
    ids=["unknown fields", "unknown numbers", "a ring", "many rings", "all wait for themselves"],
)
def test_mistakes_upon_mistakes_are_told_fast(rules_):
    numbers = {f"y{n}": 1 for n in range(20_000)}
    began = time.monotonic()
    program, faults = READER.examine(starter("EUR") | {"rules": rules_, "numbers": numbers}, 1)
    assert program is None and faults
    assert time.monotonic() - began < 5


# What is written is read again -----------------------------------------------------------------


def as_bytes(files: dict[str, str]) -> dict[str, bytes]:
    return {name: text.encode() for name, text in files.items()}


ODD = st.one_of(
    st.text(
        st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="\u2028\u2029"),
        min_size=1, max_size=20,
    ),
    st.sampled_from(["null", "none", "true", "007", "7", "-1", "1e5", "~", "yes", "- a", "a: b",
                     "#", "'", '"', " a ", "2026-01-01", "12.50", "{", "[", "&a", "*a", "!x", "%",
                     "\u00e9", "\U0001f600", "=", "<<", "0x1", "1_000", ".5", "a #b"]),
)  # fmt: skip


@st.composite
def bodies(draw) -> dict:
    """Valid programs with odd names and numbers."""
    codes = draw(st.lists(st.sampled_from(sorted(READER.mechanics)), max_size=4))
    some = [draw(rules(code)) | {"id": f"r{n}"} for n, code in enumerate(codes)]
    body = {
        "name": draw(ODD), "currency": "EUR",
        "numbers": draw(st.dictionaries(st.sampled_from(["a", "b", "7", "true"]),
                                        ODD | st.integers(-(10**15), 10**15))),
        "groups": {"one": {"pick": "best_for_member"}},
        "events": {word: {} for word in ("A", "B", "C", "dairy", "drinks")},
        "attributes": {word: {} for word in ("A", "B", "C", "dairy", "drinks")},
        "expiry_days": draw(st.none() | st.integers(1, 900)),
        "rules": [
            rule | draw(st.fixed_dictionaries({}, optional={"name": ODD})) for rule in some
        ],
    }  # fmt: skip
    program, _ = READER.examine(body, 1)
    assume(program is not None)
    return body


@SLOW
@given(bodies())
def test_text_and_data_are_the_same_program(body):
    """Body, text, body: nothing is lost, whatever strange words it has; and again the same text."""
    files = written(body, READER.mechanics)
    found = read_text(as_bytes(files), READER)
    assert found.mistakes == []
    assert found.body == body
    assert found.program == READER.examine(body, 0)[0]
    assert found.body and written(found.body, READER.mechanics) == files


@given(ODD | st.text(max_size=10))
@example("\x85")
@example("a\u2028b")
def test_a_word_means_the_same_wherever_it_stands(word):
    body = starter("EUR") | {"numbers": {"n": word}}
    if READER.examine(body, 1)[0] is not None:
        read = read_text(as_bytes(written(body, READER.mechanics)), READER)
        assert read.body == body


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7), ("-1", -1), ("0", 0), ("007", "007"), ("12.50", "12.50"), ("1e5", "1e5"),
        ("true", True), ("false", False), ("True", "True"), ("yes", "yes"), ("null", None),
        ("none", None), ("", None), ("~", "~"), ("2026-01-01", "2026-01-01"), ("0x1f", "0x1f"),
        ("999999999999999999", 999999999999999999), ("1" * 19, "1" * 19), ("1_000", "1_000"),
    ],
)  # fmt: skip
def test_what_words_mean(text, value):
    assert scalar_of(text) == value and type(scalar_of(text)) is type(value)
    assert marked("x", f"a: {text}\n".encode()).data == {"a": value}


# Differences and warnings ----------------------------------------------------------------------


def edition(body: dict) -> Edition:
    program, faults = READER.examine(body, 1)
    assert program is not None, faults
    return Edition(body, program)


@SLOW
@given(bodies())
def test_nothing_differs_from_itself_and_any_program_can_be_warned_of(body):
    one = edition(body)
    assert differences(one, edition(copy.deepcopy(body))) == []
    for each in warnings_of(Seen(body, one.program, ON, one.program)):
        assert each.why and each.cure and "{" not in each.why
        assert each.rule in {rule.id for rule in one.program.rules} | {""}


@SLOW
@given(bodies(), bodies())
def test_what_differs_is_said_both_ways(one, other):
    old, new = edition(one), edition(other)
    assert bool(differences(old, new)) == bool(differences(new, old)) == (one != other)
    names = [rule["id"] for rule in other["rules"]]
    said = " ".join(differences(edition({**one, "rules": []}), new))
    assert all(f"Rule {name} is new" in said for name in names)


def test_a_name_that_is_no_scope_is_told_how_one_looks():
    rule = {"id": "a", "mechanic": "stamp_card", "n": 5, "of": "TEA"}
    _, (fault,) = READER.examine({"name": "X", "currency": "EUR", "rules": [rule]}, 1)
    assert (fault.path, fault.cure) == (
        "rules[0].of",
        "write c:CATEGORY or s:SKU: what is stamped",
    )
