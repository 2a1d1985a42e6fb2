"""What is said to people: a template with named numbers, put into words when it is told.

The template is the message's key: it is stored with a decision, looked up in a catalogue of
translations when it is told, and filled in last.
"""

from __future__ import annotations

from collections.abc import Mapping

from tessera.base.money import in_words

Template = str | tuple[str, str]
Numbers = Mapping[str, int | str]


def one_many(one: str, many: str) -> tuple[str, str]:
    """A template for each grammatical number; which is said depends on the number `count`."""
    return one, many


def say(template: Template, numbers: Mapping[str, int | str], currency: str) -> str:
    """The sentence: `{step_minor}` is told as money, `{n_th}` as the ordinal of the number `n`.

    errors  KeyError names a number the template wants and did not get: a mistake of its author
    """
    text = template
    if not isinstance(text, str):
        text = text[0] if numbers.get("count") == 1 else text[1]
    if "{" not in text:
        return text
    told = {
        name: in_words(value, currency).rstrip()
        if isinstance(value, int) and name.endswith("_minor")
        else value
        for name, value in numbers.items()
    }
    if "_th}" in text:
        for name, value in numbers.items():
            if isinstance(value, int):
                told[f"{name}_th"] = ordinal(value)
    return text.format_map(told)


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st: for the templates' own language."""
    ending = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
