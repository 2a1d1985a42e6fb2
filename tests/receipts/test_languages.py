"""Every scenario and example is told in every language, and nothing of it in English."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from support.templates import templates
from support.trees import KINDS, leaves
from tessera.doors.language.tongue import tongue
from tessera.doors.language.words import LANGUAGES
from tessera.program.core.facts_text import Plain, Said
from tessera.program.core.reader import Reader
from tessera.program.core.scenario import Scenario, blocks, parse
from tessera.program.core.sentences import plain
from tessera.rules import conditions, mechanics
from tessera.rules.core.basket import Basket
from tessera.rules.core.conditions import AllOf, AnyOf, Condition, NotSo, sentence, walk
from tessera.rules.core.engine import settle, settle_event, settle_kept
from tessera.rules.core.facts import Missing
from tessera.rules.core.filling import Filler
from tessera.rules.core.telling import NEUTRAL, tell_effects, tell_silent
from tessera.rules.core.texts import said_of, say, say_in, tell
from tessera.rules.core.tongues import ENGLISH, Forms, Tongue, Untold
from tessera.rules.core.words import STORY, Program, Silent, Story

SHELF, CONDITIONS = mechanics.shelf(), conditions.shelf()
READER = Reader(SHELF, CONDITIONS)
OTHERS = [language for language in LANGUAGES if language != "en"]
SLIP = 40  # characters of a printed line
_HOLE_OR_LETTER = re.compile(r"\{[^}]*\}|[A-Za-z]")
_WORD = re.compile(r"[A-Za-z]{2,}")


def marked(text: Forms) -> Forms:
    """A pseudo-language: every letter of a template is a dot, so what is left is not a template."""
    if not isinstance(text, str):
        return tuple([str(marked(form)) for form in text])
    return _HOLE_OR_LETTER.sub(lambda hit: hit[0] if hit[0][0] == "{" else "·", text)


MARKING = Tongue(
    "xx", marked, lambda number: int(number != 1), lambda minor, currency: "0", str, ENGLISH.points
)


def each_story() -> Iterator[tuple[str, Scenario, Program, Story]]:
    """The stories of all scenarios of mechanics, as they are stored and read again."""
    for code, module in SHELF.items():
        for block in blocks(module.SCENARIOS):
            asked = parse(block)
            body = {"name": "Any", "currency": "EUR", "rules": asked.rules} | asked.settings
            program = READER.read(body, 1)
            assert isinstance(program, Program)
            facts = asked.said.facts_for(program.plan.needs, asked.member, asked.have, asked.spend)
            story = settle_event(facts, program) if facts.event else settle(
                asked.lines, facts, program
            )  # fmt: skip
            yield code, asked, program, STORY.decode(msgspec.json.encode(story))
            if asked.kept is not None:
                left = settle_kept(asked.lines, facts, program, asked.kept, story)
                yield code, asked, program, STORY.decode(msgspec.json.encode(left))


STORIES = list(each_story())


def each_condition() -> Iterator[tuple[Condition, Missing | None, str]]:
    """The conditions of all examples, and what each was missing."""
    for module in CONDITIONS.values():
        for block in blocks(module.EXAMPLES):
            head = block.splitlines()[0]
            tree = Filler(KINDS).tree(yaml.load(head, Plain), "")
            assert tree is not None
            found = tree.reading()(
                Basket((), None, Program(name="Any", currency="EUR", rules=())),
                Said().facts_for([], member=True),
            )
            yield tree, found if isinstance(found, Missing) else None, head


def names_in(value: Any) -> set[str]:
    """The words of all text in data: names and codes, which no language changes."""
    if isinstance(value, str):
        return set(_WORD.findall(value))
    if isinstance(value, Mapping):
        return set().union(*(names_in(key) | names_in(each) for key, each in value.items()))
    if isinstance(value, list | tuple):
        return set().union(*map(names_in, value))
    return set()


def told(each: Any, language: Tongue) -> list[str]:
    """All sentences of an effect or a silence. Errors: Untold."""
    texts = [each.why] if isinstance(each, Silent) else [each.screen, each.slip, each.trimmed]
    said = {**each.numbers, **each.phrases}
    return [tell(said_of(text, said), "EUR", language) for text in texts if text]


@pytest.mark.parametrize("language", OTHERS)
def test_every_decision_is_told_whole(language):
    """Untold would fall back to English: here it is not caught."""
    for _, _, program, story in STORIES:
        for each in (*story.effects, *story.silent):
            assert all(told(each, tongue(language)))
        tell_effects(story.effects, program.currency, staff=True, tongue=tongue(language))
        tell_silent(story.silent, program.currency, staff=True, tongue=tongue(language))


def test_nothing_of_a_decision_stands_in_english_alone():
    """Whatever is no template is a name or a code of the scenario itself."""
    for code, asked, _, story in STORIES:
        lines = [(line.sku, line.category, line.brand) for line in asked.lines]
        known = names_in(asked.rules) | names_in(lines) | names_in(asked.settings)
        for each in (*story.effects, *story.silent):
            for text in told(each, MARKING):
                assert set(_WORD.findall(text)) <= known | {"x"}, f"{code}: {text}"


@pytest.mark.parametrize("language", [*OTHERS, "xx"])
def test_conditions_and_what_they_miss_are_told_whole(language):
    of = MARKING if language == "xx" else tongue(language)
    for tree, missing, head in each_condition():
        said = [tell(said_of(*each.sentence()), "EUR", of) for each in walk(tree)]
        if missing is not None:
            said.append(tell(said_of(missing.why, missing.numbers), "EUR", of))
        known = names_in(yaml.safe_load(head))
        for text in said:
            assert text.strip()
            assert language != "xx" or set(_WORD.findall(text)) <= known, text


TREES = leaves() | st.builds(
    lambda kind, some: kind(of=tuple(some)), st.sampled_from([AllOf, AnyOf]),
    st.lists(leaves() | leaves().map(lambda one: NotSo(of=one)), min_size=1, max_size=3),
)  # fmt: skip


@given(TREES)
def test_any_tree_is_told_in_every_language(tree):
    known = names_in(msgspec.to_builtins(tree))
    left = set(_WORD.findall(sentence(tree, "EUR", MARKING)))
    assert left <= known, left - known
    for language in OTHERS:
        assert sentence(tree, "EUR", tongue(language)) != sentence(tree, "EUR")


@pytest.mark.parametrize("language", OTHERS)
def test_every_rule_of_the_scenarios_is_a_sentence_in_every_language(language):
    for _, _, program, _ in STORIES:
        for rule in program.rules:
            assert plain(rule, "EUR", tongue(language)) != plain(rule, "EUR")


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_printed_fits_on_a_slip(language):
    """As long as the names in it do."""
    for code, _, program, story in STORIES:
        english = tell_effects(story.effects, program.currency, staff=True)
        mine = tell_effects(story.effects, program.currency, staff=True, tongue=tongue(language))
        for one, other in zip(english, mine, strict=True):
            assert len(other.slip) <= SLIP or len(one.slip) > SLIP - 10, f"{code}: {other.slip}"


@pytest.mark.parametrize("language", OTHERS)
def test_a_hidden_rule_is_neutral_in_every_language(language):
    for kind, text in NEUTRAL.items():
        for count in (1, 2, 5, 21):
            numbers = {"count": count, "item": "CUP"}
            said = say_in(tongue(language), text, numbers, "EUR")
            assert said != say(text, numbers, "EUR"), kind


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("it", 1, "+1 punto"), ("it", 2, "+2 punti"), ("pl", 1, "+1 punkt"),
        ("pl", 3, "+3 punkty"), ("pl", 12, "+12 punktów"), ("pl", 22, "+22 punkty"),
        ("ru", 1, "+1 балл"), ("ru", 21, "+21 балл"), ("ru", 34, "+34 балла"),
        ("ru", 11, "+11 баллов"), ("zh", 5, "+5积分"),
    ],
)  # fmt: skip
def test_a_number_takes_its_form(language, count, said):
    text = ("+{count} point", "+{count} points")
    assert say_in(tongue(language), text, {"count": count}, "EUR") == said


@pytest.mark.parametrize(
    ("language", "said"),
    [("it", "3 stamps"), ("pl", "3 stamps"), ("ru", "3 stamps"), ("zh", "3stamps")],
)
def test_points_of_another_currency_are_called_by_its_name(language, said):
    of = tongue(language)
    text = say_in(of, ("{count} point", "{count} points"), {"count": 3}, "EUR")
    assert of.in_unit(text, "stamps") == said


def test_what_a_shop_has_added_itself_is_told_in_english_and_never_mixed():
    """A condition of its own inside ours: the whole sentence is English."""
    text, numbers = "they bought {goods} twice", {"goods": "tea"}
    assert say_in(tongue("it"), text, numbers, "EUR") == "they bought tea twice"
    with pytest.raises(Untold):
        tell(said_of(text, numbers), "EUR", tongue("it"))


def test_a_decision_from_before_there_were_phrases_is_still_told():
    """Its numbers are English strings: they stay what they are."""
    before = b'{"effects":[{"kind":"discount","rule":"r","mechanic":"percent_off","version":1,' \
        b'"given":10,"wanted":10,"lines":[[1,10]],"numbers":{"percent":5,"goods":"everything",' \
        b'"total_minor":10},"screen":"{percent} % off {goods}: {total_minor}",' \
        b'"slip":"{percent} % off"}],"silent":[],"gross_minor":200,"to_pay_minor":190,' \
        b'"points_earned":0,"points_spent":0}'  # fmt: skip
    (effect,) = tell_effects(STORY.decode(before).effects, "EUR", staff=True)
    assert effect.screen == "5 % off everything: 0.10 EUR"


# The catalogues -----------------------------------------------------------------------------------


@cache
def found() -> dict[Forms, str]:
    return dict[Forms, str](templates().items())


_NAME = re.compile(r"\{(\w+?)(?:_th)?(?:\|[^{}]*)?\}")


def names(text: str) -> set[str]:
    """The numbers that a template wants."""
    return set(_NAME.findall(text))


@pytest.mark.parametrize("language", OTHERS)
def test_every_template_is_written_in_every_language(language):
    of, missing = tongue(language), []
    for text, place in found().items():
        try:
            of.find(text)
        except LookupError:
            missing.append(f"{place}: {text}")
    assert not missing, "write them in src/tessera/rules/words:\n" + "\n".join(missing)


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_wants_the_numbers_of_its_template(language):
    of, size = tongue(language), {"it": 2, "pl": 3, "ru": 3, "zh": 1}[language]
    for text in found():
        words = of.find(text)
        if isinstance(text, str):
            assert isinstance(words, str), text
            assert names(words) == names(text) or text.startswith("point"), (text, words)
            continue
        assert isinstance(words, tuple) and len(words) == size, text
        for form in words[1:] or words:
            assert names(form) >= names(text[1]) - {"count"}, (text, form)
        for form in words:
            assert names(form) <= names(text[1]) | names(text[0]) | {"count"}, (text, form)
        many = words[-1]
        assert "count" in names(many) or "{count}" not in text[1], (text, many)
    for text in found():
        known = of.find(text)
        for each in [known] if isinstance(known, str) else known or ():
            for forms in re.findall(r"\|([^{}]*)\}", str(each)):
                assert forms.count("|") + 1 == size, (text, each)
