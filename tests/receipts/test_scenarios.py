"""Every receipt of the mechanics' files and of the .txt files here prints what it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tessera.program.core.examples import condition_told
from tessera.program.core.reader import Reader
from tessera.program.core.scenario import blocks, check, parse, row, told
from tessera.rules import conditions, mechanics

SHELF, CONDITIONS = mechanics.shelf(), conditions.shelf()
READER = Reader(SHELF, CONDITIONS)
FILES = sorted(Path(__file__).parent.glob("*.txt"))
OF_MECHANICS = [
    pytest.param(block, id=f"{code}-{number}")
    for code, module in SHELF.items()
    for number, block in enumerate(blocks(module.SCENARIOS), 1)
]
OF_FILES = [
    pytest.param(block, id=f"{path.stem}-{number}")
    for path in FILES
    for number, block in enumerate(blocks(path.read_text(encoding="utf-8")), 1)
]


@pytest.mark.parametrize("block", OF_MECHANICS)
def test_a_mechanic_does_what_its_file_shows(block):
    check(block, READER)


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(block, id=f"{code}-{number}")
        for code, module in CONDITIONS.items()
        for number, block in enumerate(blocks(module.EXAMPLES), 1)
    ],
)
def test_a_condition_does_what_its_file_shows(block):
    found, expected = condition_told(block, READER.conditions)
    assert found == expected


@pytest.mark.parametrize("code", CONDITIONS)
def test_every_condition_shows_a_hit_and_a_miss(code):
    shown = [condition_told(b, READER.conditions)[1] for b in blocks(CONDITIONS[code].EXAMPLES)]
    assert any(each.startswith("met") for each in shown)
    assert not all(each.startswith("met") for each in shown)


@pytest.mark.parametrize("block", OF_FILES)
def test_a_receipt_is_what_a_cashier_expects(block):
    check(block, READER)


@pytest.mark.parametrize("code", SHELF)
def test_every_mechanic_shows_a_hit_and_a_miss(code):
    """One receipt where it gives something and one where it says what is missing."""
    stories = [parse(block).expected for block in blocks(SHELF[code].SCENARIOS)]
    assert any("missing" in story for story in stories), "show what it says when it gives nothing"
    assert any("missing" not in story for story in stories), "show what it gives"


def test_there_are_receipts_of_several_rules():
    assert {path.stem for path in FILES} >= {"lanes", "points_and_money", "returns", "units"}
    assert any(len(parse(str(block.values[0])).rules) >= 3 for block in OF_FILES)


def test_a_wrong_receipt_is_found():
    block = blocks(SHELF["base_rate"].SCENARIOS)[0]
    wrong = block.replace("points                 23", "points                 24")
    assert wrong != block
    with pytest.raises(AssertionError):
        check(wrong, READER)


@pytest.mark.parametrize(
    "line", ["buy LATTE 3 2.50", "rule nothing_like_it n=1", "sell LATTE 3 x 2.50", "spend 9"]
)
def test_what_is_not_understood_is_said(line):
    asked = f"rule base_rate points=2 per_minor=100\n{line}\nbuy LATTE 3 x 2.50\n----\n"
    with pytest.raises(AssertionError):
        told(parse(asked), READER)


def test_columns():
    assert row("to pay", "9.00") == "to pay               9.00"
    assert row("HAM 0.320 kg x 11.90 a", "3.81") == "HAM 0.320 kg x 11.90 a 3.81"
