"""What is said to people: a template with named numbers, put into words when it is told.

The template is the message's key: it is stored with a decision, looked up in a catalogue of
translations when it is told, and filled in last. A part of a sentence that is a sentence's own
matter (a window, a list, goods) is a `Phrase`: English at once, and told anew in other languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from string import Formatter
from typing import Any

from msgspec import Struct

from tessera.base.money import in_words
from tessera.rules.core.tongues import ENGLISH, Tongue, Untold

Template = str | tuple[str, str]
Numbers = Mapping[str, int | str]  # a Phrase is a str
Filling = Mapping[str, "int | str | Said | tuple[int | str | Said, ...]"]


class Said(Struct, frozen=True, omit_defaults=True):
    """A template and what fills it, phrases within phrases; a tuple is a list of names."""

    text: Template
    numbers: Filling = {}


class Phrase(str):
    """English words for a place in a template; `said` is what other languages make theirs of."""

    __slots__ = ("said",)
    said: Said


Phrases = Mapping[str, Said]
NONE: Phrases = {}


def one_many(one: str, many: str) -> tuple[str, str]:
    """A template for each grammatical number; which is said depends on the number `count`."""
    return one, many


def phrase(text: Template, /, **filling: int | str | tuple[int | str, ...]) -> Phrase:
    """A phrase: `phrase(" since {day}", day=day_words("02-01"))`; a tuple is told as a list."""
    return phrase_of(Said(text, {name: _inner(value) for name, value in filling.items()}))


def phrase_of(said: Said) -> Phrase:
    """What is told in English now and in other languages later; its amounts have no currency."""
    made = Phrase(tell(said, ""))
    made.said = said
    return made


def _inner(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple([_inner(each) for each in value])
    return value.said if isinstance(value, Phrase) else value


def said_of(text: Template, numbers: Numbers) -> Said:
    """A template with its numbers as one value."""
    return Said(text, {name: _inner(value) for name, value in numbers.items()})


def parted(numbers: Numbers) -> tuple[Numbers, Phrases]:
    """Numbers as they are stored: phrases in English among them, and beside them what they say."""
    for value in numbers.values():
        if type(value) is Phrase:
            break
    else:
        return numbers, NONE
    phrases = {name: value.said for name, value in numbers.items() if isinstance(value, Phrase)}
    plain = {
        name: str.__str__(value) if isinstance(value, str) else value
        for name, value in numbers.items()
    }
    return plain, phrases


def say(template: Template, numbers: Numbers, currency: str) -> str:
    """The English sentence: `{step_minor}` is told as money, `{n_th}` as the ordinal of `n`.

    errors  KeyError names a number the template wants and did not get: a mistake of its author
    """
    text = template
    if not isinstance(text, str):
        text = text[0] if numbers.get("count") == 1 else text[1]
    if "{" not in text:
        return text
    told = []
    for words, name, money, ordinal_of in _pieces(text):
        told.append(words)
        of_n = numbers.get(ordinal_of) if ordinal_of else None
        if isinstance(of_n, int):
            told.append(ENGLISH.ordinal(of_n))
        elif name:
            value = numbers[name]
            if money and isinstance(value, int):
                told.append(in_words(value, currency).rstrip())
            else:
                told.append(str(value))
    return "".join(told)


@lru_cache(maxsize=4096)
def _pieces(text: str) -> tuple[tuple[str, str, bool, str], ...]:
    """(words, the number behind them, whether it is money, of which number it is the ordinal)."""
    found = []
    for words, name, _, _ in Formatter().parse(text):
        nth = name[:-3] if name and name.endswith("_th") else ""
        found.append((words, name or "", bool(name and name.endswith("_minor")), nth))
    return tuple(found)


def say_in(
    tongue: Tongue, template: Template, numbers: Numbers, currency: str, phrases: Phrases = NONE
) -> str:
    """The sentence in any language. What its catalogue does not know is said in English, whole."""
    if tongue is ENGLISH:
        return say(template, numbers, currency)
    filling = {**numbers, **phrases} if phrases else numbers
    try:
        return tell(said_of(template, filling), currency, tongue)  # type: ignore[arg-type]
    except Untold:
        return say(template, numbers, currency)


def tell(said: Said, currency: str, tongue: Tongue = ENGLISH) -> str:
    """A phrase, and all phrases within it, in one language.

    errors  Untold where the language has no words for one of them
    """
    return tongue.filled(
        said.text, {name: _told(name, value, currency, tongue)
                    for name, value in said.numbers.items()},
    )  # fmt: skip


def _told(name: str, value: Any, currency: str, tongue: Tongue) -> int | str:
    """A phrase and a list as text, money as money; other whole numbers stay numbers.

    What is called `x_bare` is money too, that English tells without its currency.
    """
    if isinstance(value, int):
        if name.endswith("_bare"):
            return tongue.money(value, "" if tongue is ENGLISH else currency)
        return tongue.money(value, currency) if name.endswith("_minor") else value
    if isinstance(value, tuple):
        return tongue.filled(", ").join([str(_told("", each, currency, tongue)) for each in value])
    return tell(value, currency, tongue) if isinstance(value, Said) else value


def heard(text: str, currency: str, tongue: Tongue = ENGLISH) -> str:
    """Text as it is sent: a phrase in that language, with its amounts in that currency."""
    if not isinstance(text, Phrase):
        return text
    try:
        return tell(text.said, currency, tongue)
    except Untold:
        return tell(text.said, currency)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st: for the templates' own language."""
    return ENGLISH.ordinal(number)
