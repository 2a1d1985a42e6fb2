"""The example programs: each is sound, and its receipts show every rule giving and not giving.

A page in docs/examples tells each of them; its ```yaml is a part of the program's files, its
```scenario NAME are receipts of the program NAME.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

import pytest

from doors.docs_reading import ROOT, fenced
from tessera.doors.cli.demo.catalogue import products
from tessera.program.core.reader import Reader
from tessera.program.core.rehearsal import gave_in, rehearse
from tessera.program.core.scenario import Scenario, blocks, parse, row
from tessera.program.core.seen import Seen
from tessera.program.core.text import Read, in_lines, read_text
from tessera.program.core.warnings import warnings_of
from tessera.program.files import read_directory
from tessera.rules import conditions, mechanics
from tessera.rules.core.engine import settle, settle_event, settle_kept
from tessera.rules.core.words import Facts, Program, Story

READER = Reader(mechanics.shelf(), conditions.shelf())
PLACE, PAGES = ROOT / "examples", ROOT / "docs/examples"
NAMES = sorted(path.name for path in PLACE.iterdir() if path.is_dir())
ON = date(2026, 1, 5)
_WARNED = re.compile(r"^\| `(\w+)` \| (?:`([\w-]+)`)? ?\|", re.MULTILINE)
each_example = pytest.mark.parametrize("name", NAMES)


@lru_cache
def read(name: str) -> Read:
    return read_text(read_directory(PLACE / name), READER)


def program(name: str) -> Program:
    found = read(name).program
    assert found is not None, name
    return found


def shown(name: str) -> Iterator[tuple[Scenario, Facts]]:
    """The receipts of its tests, with the facts of each."""
    needs = program(name).plan.needs
    for text in read(name).tests.values():
        for block in blocks(text):
            asked = parse(block, whole=True)
            yield asked, asked.said.facts_for(needs, asked.member, asked.have, asked.spend)


def story(asked: Scenario, facts: Facts, of: Program) -> Story:
    """What is printed of it: of a return what was kept."""
    if facts.event:
        return settle_event(facts, of)
    sold = settle(asked.lines, facts, of)
    if asked.kept is None:
        return sold
    return settle_kept(asked.lines, facts, of, asked.kept, sold)


def test_the_examples_that_were_promised_are_there():
    assert set(NAMES) >= {
        "birthday-discount", "big-receipt", "coffee-card", "coop-alleanza", "eighth-of-march",
        "eni", "esselunga", "favourite", "fifth-purchase", "grocer", "one-and-ten",
        "q8", "silent-upgrade", "sky-miles", "tasting-club", "tenure", "x5-grocery",
    }  # fmt: skip


@each_example
def test_it_is_read_without_a_fault(name):
    assert list(in_lines(read(name).mistakes)) == []


@each_example
def test_its_receipts_print_what_they_say(name):
    tried, mistakes = rehearse(read(name).tests, program(name))
    assert list(in_lines(mistakes)) == []
    assert [(each.file, each.line, each.told) for each in tried if not each.passed] == []


@each_example
def test_every_rule_gives_in_one_of_them_and_is_silent_in_another(name):
    """Silent for a reason of its own, and the receipt says it: that no card was shown is none."""
    of = program(name)
    rules = {rule.id for rule in of.rules}
    assert rules - gave_in(rehearse(read(name).tests, of)[0]) == set(), "show it giving"
    silent = {
        each.rule
        for asked, facts in shown(name)
        for each in story(asked, facts, of).silent
        if each.code != "no_card"
        and row(f"missing {each.code}", str(each.lacking)) in asked.expected.splitlines()
    }
    assert rules - silent == set(), "show what it says when it gives nothing"


@each_example
def test_something_comes_back_in_one_of_them(name):
    assert any(asked.kept is not None for asked, _ in shown(name))


@each_example
def test_buying_and_bringing_everything_back_leaves_nothing(name):
    of = program(name)
    for asked, facts in shown(name):
        if facts.event:
            continue
        sold = settle(asked.lines, facts, of)
        back = settle_kept(asked.lines, facts, of, [0] * len(asked.lines), sold)
        assert (back.to_pay_minor, back.points_earned, back.points_spent) == (0, 0, 0)
        assert not any(effect.item for effect in back.effects)


@each_example
def test_its_warnings_are_explained_on_its_page(name):
    found, of = read(name), program(name)
    gave = gave_in(rehearse(found.tests, of)[0])
    assert found.body is not None
    warned = {(each.code, each.rule) for each in warnings_of(Seen(found.body, of, ON, None, gave))}
    assert set(_WARNED.findall(page(name))) == warned


def page(name: str) -> str:
    return (PAGES / f"{name}.md").read_text(encoding="utf-8")


@each_example
def test_its_page_tells_every_rule(name):
    told = page(name)
    assert [rule.id for rule in program(name).rules if f"- `{rule.id}`: " not in told] == []


@each_example
def test_the_text_that_its_page_shows_is_the_program_s(name):
    texts = [raw.decode() for raw in read_directory(PLACE / name).values()]
    parts = [block.text for block in fenced(PAGES / f"{name}.md") if block.words == ("yaml",)]
    assert parts
    assert [part for part in parts if not any(part in text for text in texts)] == []


@pytest.mark.parametrize("path", sorted(PAGES.glob("*.md")), ids=lambda path: path.stem)
def test_the_receipts_that_a_page_shows_are_printed(path):
    shown_there = [block for block in fenced(path) if block.words[:1] == ("scenario",)]
    assert shown_there
    for block in shown_there:
        tried, mistakes = rehearse({path.name: block.text}, program(block.words[1]))
        assert mistakes == []
        assert tried
        assert [each.told for each in tried if not each.passed] == []


def test_every_page_is_of_an_example_and_listed():
    pages = sorted(path.stem for path in PAGES.glob("*.md") if path.stem != "README")
    assert pages == NAMES
    listed = re.findall(r"\]\(([\w-]+)\.md\)", (PAGES / "README.md").read_text(encoding="utf-8"))
    assert sorted(listed) == NAMES


def test_the_grocer_sells_what_the_demo_sells():
    sold = {product.sku: product.category for product in products()}
    for asked, _ in shown("grocer"):
        for line in asked.lines:
            assert line.sku in sold
            assert line.category in ("", sold[line.sku])
    for text in read_directory(PLACE / "grocer").values():
        for kind, names in re.findall(r"(skus|categories): \[(.*?)\]", text.decode()):
            known = set(sold) if kind == "skus" else set(sold.values())
            assert set(names.split(", ")) <= known


def test_the_grocer_uses_most_mechanics():
    """Games and most draws are of other examples: some forty rules are enough for one shop."""
    rules = program("grocer").rules
    assert 25 <= len(rules) <= 44
    assert len({rule.code for rule in rules}) > len(READER.mechanics) // 2


def test_the_examples_use_every_mechanic_but_what_a_shop_adds():
    used = {rule.code for name in NAMES for rule in program(name).rules}
    assert set(READER.mechanics) - used == set()
