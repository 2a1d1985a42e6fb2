"""Every sentence of the pages is written in every language, once, whole and with its numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import pytest
from babel.messages.pofile import read_po

from tessera.doors.language.words import LANGUAGES, SOURCE, folders
from tessera.doors.web import extract

BARE = re.compile(r"(?<!%)(?:%%)*%(?!\(\w+\)s|%)")
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


def test_a_per_cent_sign_in_a_sentence_is_doubled_where_it_is_filled_in():
    """A template fills in every sentence, Python those with names: "%% of all", not "% of all"."""
    found = []
    for folder in extract.folders():
        words = {each: extract.written(folder, each) for each in OTHERS}
        for sentence, where in extract.said(folder).items():
            ours = [sentence] if isinstance(sentence, str) else [*sentence]
            if ".html:" not in where and "%(" not in "".join(ours):
                continue
            theirs = [said.get(ours[0]) for said in words.values()]
            texts = [text for one in theirs if one is not None for text in _texts(one.string)]
            found += [f"{folder.name}: {text}" for text in (*ours, *texts) if BARE.search(text)]
    assert found == []


def _texts(said: str | Sequence[str] | None) -> Sequence[str]:
    return (said,) if isinstance(said, str) else said or ()
