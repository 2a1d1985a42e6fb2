"""A ladder of levels as people say it."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.program.core.sentences import IF, WHOLE
from tessera.rules.core.conditions import sentence
from tessera.rules.core.phrases import day_words, window_words
from tessera.rules.core.texts import Numbers, Template, one_many, say_in
from tessera.rules.core.tiers import Ladder, Level
from tessera.rules.core.tongues import ENGLISH, Tongue

REACHED: dict[str, Template] = {
    "points": one_many(
        "{level} from {count} point{window}", "{level} from {count} points{window}"
    ),
    "minor": "{level} from {reach_minor}{window}",
    "receipts": one_many(
        "{level} from {count} purchase{window}", "{level} from {count} purchases{window}"
    ),
}  # fmt: skip
KEPT: dict[str, Template] = {
    "points": one_many("{level} stays with {count} point.", "{level} stays with {count} points."),
    "minor": "{level} stays with {reach_minor}.",
    "receipts": one_many(
        "{level} stays with {count} purchase.", "{level} stays with {count} purchases."
    ),
}
EVERYBODY = "everybody is {level}."
ON_A_DAY = "levels are reviewed every year on {day}."
AFTER = one_many(
    "a level is reviewed {count} month after it was reached.",
    "a level is reviewed {count} months after it was reached.",
)
NEVER = "nobody comes down again."
GRACE = one_many(
    "what comes within {count} day after the review still counts.",
    "what comes within {count} days after the review still counts.",
)
STEPS = one_many(
    "at most {count} level down at a review.", "at most {count} levels down at a review."
)
ALL_THE_WAY = "at a review one may go down any number of levels."


def plain(ladder: Ladder, currency: str, tongue: Tongue = ENGLISH) -> str:
    """A ladder in sentences: "Everybody is Basic. Silver from 500 points this year. ...".

    tongue  the language; the templates are the messages' keys
    """

    def words(template: Template, numbers: Numbers) -> str:
        said = say_in(tongue, template, numbers, currency)
        return tongue.in_unit(said, ladder.unit) if ladder.unit else said

    said: list[str] = []
    for at, level in enumerate(ladder.levels):
        if at == ladder.ground:
            said.append(words(EVERYBODY, {"level": _name(level)}))
            continue
        what = words(REACHED[ladder.counts], _reach(ladder, level, level.reach))
        if level.when is not None:
            when = sentence(level.when, currency, tongue)
            what = words(IF, {"what": what, "when": when})
        said.append(words(WHOLE, {"what": what}))
    said += [words(*each) for each in _reviews(ladder)]
    return " ".join(f"{each[:1].upper()}{each[1:]}" for each in said)


def asked_besides(ladder: Ladder, currency: str, tongue: Tongue = ENGLISH) -> dict[str, str]:
    """{level: what has to hold too at the purchase that reaches it}, of the levels that ask it."""
    return {
        level.code: sentence(level.when, currency, tongue)
        for level in ladder.levels if level.when is not None
    }  # fmt: skip


def _reviews(ladder: Ladder) -> Iterator[tuple[Template, Numbers]]:
    """How one stays and comes down."""
    if ladder.review:
        yield ON_A_DAY, {"day": day_words(ladder.review)}
    elif ladder.review_months is not None:
        yield AFTER, {"count": ladder.review_months}
    else:
        yield NEVER, {}
        return
    for level in ladder.levels:
        if level.stay != level.reach:
            yield KEPT[ladder.counts], _reach(ladder, level, level.stay)
    if ladder.grace_days:
        yield GRACE, {"count": ladder.grace_days}
    if ladder.steps_down:
        yield STEPS, {"count": ladder.steps_down}
    else:
        yield ALL_THE_WAY, {}


def _reach(ladder: Ladder, level: Level, amount: int) -> Numbers:
    return {
        "level": _name(level), "count": amount, "reach_minor": amount,
        "window": window_words(ladder.window),
    }  # fmt: skip


def _name(level: Level) -> str:
    return level.name or level.code
