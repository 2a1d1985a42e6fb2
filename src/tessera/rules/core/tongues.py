"""A language as the rules speak it: its words and figures come in from outside."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tessera.base.money import in_words

Forms = str | tuple[str, ...]
# {name}, {name_th}, or {name|one|few|many}: the word that goes with the number, in a translation.
_HOLE = re.compile(r"\{(\w+?)(_th)?(?:\|([^{}]*))?\}")
ORDINAL = "{number}th"
POINTS = "point points"  # a catalogue says every form of the word, apart by spaces


class Untold(LookupError):
    """The language has no words for a template: the sentence is said in English, whole."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """What telling needs of a language.

    find    the words for a template, in as many forms as the language has; LookupError: none
    form    which of the forms a number takes, from 0
    money   (minor units, currency) as an amount; number: a whole number
    points  how the language calls points, every form of it: see `in_unit`
    """

    language: str
    find: Callable[[Forms], Forms]
    form: Callable[[int], int]
    money: Callable[[int, str], str]
    number: Callable[[int], str]
    points: re.Pattern[str]

    def filled(self, text: Forms, told: Mapping[str, int | str] | None = None) -> str:
        """The words for a template, with what is told put in its places.

        errors  Untold; KeyError names a number that the words want and did not get
        """
        try:
            words = self.find(text)
        except LookupError as none:
            raise Untold(text) from none
        values: Mapping[str, int | str] = told or {}
        if not isinstance(words, str):
            words = self._many(words, values.get("count", 0))
        return _HOLE.sub(lambda hole: self._put(hole, values), words) if "{" in words else words

    def ordinal(self, number: int) -> str:
        """1st, 2nd, 3rd, as the language counts."""
        if self.language == "en":
            return english_ordinal(number)
        return self.filled(ORDINAL, {"number": number})

    def in_unit(self, text: str, unit: str) -> str:
        """A sentence about points, said of another currency: "3 stamps" instead of "3 points"."""
        return self.points.sub(unit, text)

    def _put(self, hole: re.Match[str], told: Mapping[str, int | str]) -> str:
        name, nth, forms = hole.groups()
        if nth and f"{name}_th" not in told:
            return self.ordinal(int(told[name]))
        value = told[f"{name}{nth or ''}"]
        if forms is not None:
            return self._of(tuple(forms.split("|")), value)
        return self.number(value) if isinstance(value, int) else value

    def _many(self, forms: tuple[str, ...], count: int | str) -> str:
        """A form that is for one and does not say how many is not for 21, where 21 is like 1."""
        words = self._of(forms, count)
        return forms[-1] if words == forms[0] and count != 1 and "{count" not in words else words

    def _of(self, forms: tuple[str, ...], number: int | str) -> str:
        at = self.form(abs(number)) if isinstance(number, int) else len(forms) - 1
        return forms[min(at, len(forms) - 1)]


def english_ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def _same(text: Forms) -> Forms:
    return text


ENGLISH = Tongue(
    "en", _same, lambda number: int(number != 1),
    lambda minor, currency: in_words(minor, currency).rstrip(), str, re.compile(r"\bpoints?\b"),
)  # fmt: skip
