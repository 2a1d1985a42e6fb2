"""A ladder in sentences, as the console says it."""

from __future__ import annotations

import msgspec
import pytest

from tessera.doors.language.tongue import tongue
from tessera.program.core.ladder_words import plain
from tessera.rules.core.tiers import Ladder

LEVELS = [
    {"code": "basic", "name": "Basic"},
    {"code": "silver", "name": "Silver", "reach": 500, "keep": 400},
    {"code": "gold", "reach": 1500},
]


def ladder(**said: object) -> Ladder:
    return msgspec.convert({"levels": LEVELS} | said, Ladder)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"review": "01-01", "grace_days": 30},
         "Everybody is Basic. Silver from 500 points this year. Gold from 1500 points this year."
         " Levels are reviewed every year on 1 January. Silver stays with 400 points."
         " What comes within 30 days after the review still counts."
         " At most 1 level down at a review."),
        ({"counts": "minor", "window": "12 months", "review_months": 1, "steps_down": 0},
         "Everybody is Basic. Silver from 5.00 EUR in the last 12 months. Gold from 15.00 EUR in"
         " the last 12 months. A level is reviewed 1 month after it was reached. Silver stays with"
         " 4.00 EUR. At a review one may go down any number of levels."),
        ({"counts": "receipts", "window": "ever"},
         "Everybody is Basic. Silver from 500 purchases. Gold from 1500 purchases."
         " Nobody comes down again."),
        ({"window": "since 04-01", "unit": "miles"},
         "Everybody is Basic. Silver from 500 miles since 1 April. Gold from 1500 miles since"
         " 1 April. Nobody comes down again."),
    ],
)  # fmt: skip
def test_a_ladder_is_told(said, words):
    assert plain(ladder(**said), "EUR") == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("it", "Tutti sono Basic. Silver da 500 acquisti. Gold da 1.500 acquisti. Nessuno"),
        ("pl", "Każdy jest na poziomie Basic. Silver od 500 zakupów."),
        ("ru", "Каждый имеет уровень Basic. Silver от 500 покупок."),
        ("zh", "人人都是 Basic。 Silver"),
    ],
)
def test_in_every_language(language, words):
    said = plain(ladder(counts="receipts", window="ever"), "EUR", tongue(language))
    assert said.startswith(words)
