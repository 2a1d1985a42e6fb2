"""Every sentence of the pages is written in every language, once, whole and with its numbers."""

from __future__ import annotations

from collections import defaultdict

import pytest
from babel.messages.pofile import read_po

from tessera.doors.language.words import LANGUAGES, SOURCE, folders
from tessera.doors.web import extract

OTHERS = [language for language in LANGUAGES if language != SOURCE]


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_is_translated(language):
    found = [f"{folder.name}: {each}" for folder in extract.folders()
             for each in extract.faults(folder, language)]  # fmt: skip
    assert found == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_sentence_is_said_in_one_way(language):
    """All catalogues are one when they are read: the last folder would win."""
    said: dict[tuple[str, str], set[str]] = defaultdict(set)
    for folder in folders():
        path = folder / f"{language}.po"
        if not path.is_file():
            continue
        with path.open("rb") as text:
            for message in read_po(text, locale=language):
                if isinstance(message.id, str) and message.id and message.string:
                    said[message.context or "", message.id].add(str(message.string))
    assert {key: ways for key, ways in said.items() if len(ways) > 1} == {}
