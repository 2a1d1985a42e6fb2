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
    """The sentence: `{step_minor}` is told as money, everything else as it is.

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
    return text.format_map(told)
