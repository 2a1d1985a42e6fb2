"""Refusals in the readers' languages: what each code means is in `base/words`.

A refusal says its case in English, with its numbers. In other languages the code is told in
everyday words. What a page refuses itself is in the reader's language already and stays.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from tessera.base.refusal import Refusal
from tessera.doors.language.words import SOURCE, catalogue

_WHY, _CURE = "refused: why", "refused: cure"
_ENDS = re.compile(r"[.!?:]\Z")


def refused(refusal: Refusal, language: str) -> Refusal:
    """The same refusal, its `why` and `cure` as sentences of that language.

    English, and codes without words, say what the refusal says itself.
    """
    words = catalogue(language) if language != SOURCE else None
    why = words.said(_WHY, refusal.code) if words is not None else None
    cure = words.said(_CURE, refusal.code) if words is not None else None
    if why is None:
        return replace(refusal, why=_sentence(refusal.why), cure=_sentence(refusal.cure))
    return replace(refusal, why=why, cure=cure or "")


def _sentence(text: str) -> str:
    """A clause as a sentence: "points can be spent" -> "Points can be spent."."""
    if not text:
        return ""
    told = f"{text[:1].upper()}{text[1:]}"
    return told if _ENDS.search(told) else f"{told}."
