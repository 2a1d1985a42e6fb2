"""Sentences in five languages: the English one is the key, catalogues lie beside what says it.

Every folder `words` below the package holds `it.po`, `pl.po`, `ru.po`, `zh.po` (gettext). They are
read together, at the first word that is asked for in that language.
"""

from __future__ import annotations

import gettext as standard
from collections.abc import Callable
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

LANGUAGES = {"en": "English", "it": "Italiano", "pl": "Polski", "ru": "Русский", "zh": "中文"}
SOURCE = "en"
_HERE = Path(__file__).parents[2]
PLURALS = {
    "en": "n != 1",
    "it": "n != 1",
    "pl": "n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2",
    "ru": "n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2",
    "zh": "0",
}


def N_(sentence: str) -> str:
    """A sentence that is told later: found by the extraction, said by `Catalogue.gettext`."""
    return sentence


class Catalogue:
    """The sentences of one language; what is not in it is said in English.

    form  which plural form a number takes, by its index
    """

    def __init__(self, language: str, folders: tuple[Path, ...]) -> None:
        self.language = language
        self._one: dict[str, str] = {}
        self._many: dict[str, tuple[str, ...]] = {}
        self.form: Callable[[int], int] = standard.c2py(PLURALS[language])
        for folder in folders if language != SOURCE else ():
            self._read(folder / f"{language}.po")

    def _read(self, path: Path) -> None:
        if not path.is_file():
            return
        with path.open("rb") as text:
            for message in read_po(text, locale=self.language):
                if not message.id or message.fuzzy or not message.string:
                    continue
                within = f"{message.context}\4" if message.context else ""
                if isinstance(message.id, str):
                    self._one[within + message.id] = str(message.string)
                elif all(message.string):
                    self._many[within + message.id[0]] = tuple(message.string)

    def gettext(self, sentence: str) -> str:
        """The sentence in this language."""
        return self._one.get(sentence, sentence)

    def ngettext(self, one: str, many: str, number: int) -> str:
        """The sentence for so many."""
        forms = self._many.get(one)
        if forms is None:
            return one if number == 1 else many
        return forms[min(self.form(number), len(forms) - 1)]

    def said(self, context: str, sentence: str) -> str | None:
        """What stands there for a sentence of a context (msgctxt); None: nothing."""
        return self._one.get(f"{context}\4{sentence}")

    def forms(self, context: str, one: str) -> tuple[str, ...] | None:
        """The same of a sentence with a number: all its forms, in the order of `form`."""
        return self._many.get(f"{context}\4{one}")

    def within(self, context: str) -> dict[str, str]:
        """{sentence: words} of a whole context."""
        head = f"{context}\4"
        found = self._one.items()
        return {key.removeprefix(head): said for key, said in found if key.startswith(head)}

    def knows(self, sentence: str) -> bool:
        """Whether it is written in this language; English always is."""
        return self.language == SOURCE or sentence in self._one or sentence in self._many


@cache
def folders() -> tuple[Path, ...]:
    """Every folder of words of the package."""
    return tuple(sorted(path for path in _HERE.rglob("words") if path.is_dir()))


@cache
def catalogue(language: str) -> Catalogue:
    """The whole catalogue of a language of `LANGUAGES`."""
    return Catalogue(language, folders())


def preferred(accepted: str, otherwise: str = SOURCE) -> str:
    """The first of our languages in an Accept-Language header, by its weights."""
    found: list[tuple[float, int, str]] = []
    for at, part in enumerate(accepted[:500].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        language = tag.lower().partition("-")[0]
        if language in LANGUAGES:
            found.append((-_weight(weight), at, language))
    return min(found)[2] if found else otherwise


def _weight(text: str) -> float:
    try:
        return float(text) if text else 1.0
    except ValueError:
        return 0.0
