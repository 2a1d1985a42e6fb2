"""Mistakes in a program, told in the readers' languages.

The core says each in English, with the names and numbers of its case, because the command line and
the API print them as they are. Pages know them again by their templates, which are the messages of
the context `fault` in `program/words`: "there is no field {1}".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from tessera.doors.language.words import LANGUAGES, SOURCE, catalogue

CONTEXT = "fault"
_HOLE = re.compile(r"\{(\d)\}")


def retold(text: str, language: str) -> str:
    """A mistake's why or cure in that language; what is not known again stays as it is."""
    if language == SOURCE or language not in LANGUAGES or not text:
        return text
    said = catalogue(language).said(CONTEXT, text)
    if said is not None:
        return said
    for pattern, words in _patterns(language):
        hit = pattern.fullmatch(text)
        if hit is not None:
            return _filled(words, [retold(part, language) for part in hit.groups()])
    return text


def _filled(words: str, parts: Sequence[str]) -> str:
    return _HOLE.sub(lambda hole: parts[int(hole[1]) - 1], words)


@cache
def _patterns(language: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """(what is said in English, the words for it), those that say most first."""
    found = catalogue(language).within(CONTEXT)
    holed = sorted(found, key=lambda text: -len(_HOLE.sub("", text)))
    return tuple([(_pattern(text), found[text]) for text in holed if _HOLE.search(text)])


def _pattern(text: str) -> re.Pattern[str]:
    """The parts between the names and numbers, and anything where these are."""
    parts = _HOLE.split(text)[::2]
    return re.compile("(.+?)".join(re.escape(part) for part in parts), re.DOTALL)
