"""The rules' sentences in the readers' languages: catalogues and figures for `rules.core`."""

from __future__ import annotations

import re
from functools import cache

from tessera.doors.language.local import local
from tessera.doors.language.words import LANGUAGES, Catalogue, catalogue
from tessera.rules.core.tongues import ENGLISH, POINTS, Forms, Tongue

CONTEXT = "rules"


@cache
def tongue(language: str) -> Tongue:
    """How a language of `LANGUAGES` tells decisions; any other word is English."""
    if language == ENGLISH.language or language not in LANGUAGES:
        return ENGLISH
    words, figures = catalogue(language), local(language)
    return Tongue(
        language, lambda text: _found(words, text), words.form, figures.money, figures.count,
        _points(words),
    )  # fmt: skip


def nearest(tag: str) -> str:
    """The language of `LANGUAGES` that a tag such as "it-CH" means; English for others."""
    language = tag.partition("-")[0].lower()
    return language if language in LANGUAGES else ENGLISH.language


def _found(words: Catalogue, text: Forms) -> Forms:
    """Where two templates are one alike, the other one stands in the context of the second."""
    found: Forms | None
    if isinstance(text, str):
        found = words.said(CONTEXT, text)
    else:
        found = words.forms(f"{CONTEXT}: {text[1]}", text[0]) or words.forms(CONTEXT, text[0])
    if found is None:
        raise LookupError(text)
    return found


def _points(words: Catalogue) -> re.Pattern[str]:
    """Every form of the word for points; the longest first, whole words where words stand apart."""
    found = words.said(CONTEXT, POINTS)
    forms = sorted((found or POINTS).split(), key=len, reverse=True)
    said = "|".join(map(re.escape, forms))
    return re.compile(said if words.language == "zh" else rf"\b(?:{said})\b")
