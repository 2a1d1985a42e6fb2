"""Conditions at the value that meets them and at the next one, and in words."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from support.directory import READER
from tessera.program.core.examples import condition_told
from tessera.program.core.facts_text import Plain
from tessera.program.core.scenario import blocks
from tessera.rules.core.conditions import sentence
from tessera.rules.core.filling import Filler

HERE = Path(__file__).parent / "conditions"


def texts(name: str) -> list[str]:
    """The blocks of a file; the first line of each is the condition."""
    return blocks((HERE / name).read_text(encoding="utf-8"))


def first_line(block: str) -> str:
    return block.splitlines()[0]


@pytest.mark.parametrize("block", texts("borders.txt"), ids=first_line)
def test_a_condition_answers_at_its_border(block):
    found, expected = condition_told(block, READER.conditions)
    assert found == expected


@pytest.mark.parametrize("block", texts("sentences.txt"), ids=first_line)
def test_a_condition_reads_well(block):
    head, said = block.splitlines()
    condition = Filler(READER.conditions).tree(yaml.load(head, Plain), "")
    assert condition is not None
    assert f"-> {sentence(condition, 'EUR')}" == said
