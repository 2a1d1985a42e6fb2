"""What is compared in bulk, and how: columns, levels of agreement, rules that make candidates.

Levels mean what they mean at entry (members.likeness.core.scoring); what each weighs is learned
from the members themselves. The chances given here are where learning begins, and what stands where
there is too little to learn from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import splink.comparison_level_library as levels
import splink.comparison_library as comparisons
from msgspec import Struct
from splink.internals.comparison_level_creator import ComparisonLevelCreator

from tessera.members.likeness.core.forms import PLACE, Looks, Mailbox, sound
from tessera.members.likeness.core.keys import rules
from tessera.members.likeness.core.scoring import FAR, NEAR, Says

KEYS = (
    "name", "ym", "yd", "md", "given", "family", "initials", "postcode", "city", "phone", "email",
)  # fmt: skip
FIELDS = ("given", "family", "born", "phone", "email", "place")
COLUMNS = (
    "id", *FIELDS, *PLACE, "address", "local", "digits", "said_given", "said_family",
    *(f"by_{key}" for key in KEYS),
)  # fmt: skip

# Which columns two people must share to be compared, the sharpest first. Those of `KEYS` are the
# rules of look-ups at entry; the others are taken as far as there is time for them.
RULES: tuple[tuple[str, ...], ...] = (
    *((f"by_{key}",) for key in KEYS),
    ("street", "house_number"), ("postcode", "said_family"), ("postcode", "said_given"),
    ("street", "said_family"), ("street", "said_given"), ("born",), ("building",), ("street",),
    ("city", "said_family"), ("postcode",), ("said_family",), ("said_given",), ("city",),
)  # fmt: skip

_FLOOR = 0.002, 1e-7  # the least chance that one person and that two people agree so
_FEWEST, _MOST = 0.002, 0.5  # pairs of one person: for each person at least, of all pairs at most


class Level(Struct, frozen=True):
    """How far two values agree: the condition, and how often one person and two people do."""

    says: Says
    condition: str
    one: float
    two: float


def record(number: int, known: Looks) -> dict[str, Any]:
    """A person as a row of `COLUMNS`; what is not known is None. Of several phones the first."""
    by: dict[str, str] = {}
    for rule, *parts in rules(known):
        by.setdefault(f"by_{rule}", "\x1f".join(parts))
    email = known.emails[0] if known.emails else Mailbox("", "", "")
    said = {
        "given": known.given, "family": known.family, "born": known.born,
        "phone": known.phones[0] if known.phones else "", "email": email.own,
        "address": email.local and f"{email.local}@{email.domain}",
        "local": email.local, "digits": email.digits,
        "said_given": sound(known.given), "said_family": sound(known.family),
    }  # fmt: skip
    said |= known.place | {"place": "known" if known.place else ""} | by
    return {"id": number} | {name: said.get(name) or None for name in COLUMNS[1:]}


def _typed(column: str) -> str:
    lengths = f"abs(length({column}_l) - length({column}_r)) <= 1"  # cheap, and most differ in it
    return f"({lengths} AND damerau_levenshtein({column}_l, {column}_r) <= 1)"


def _alike(column: str, least: int) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {least / 1000}"


def _same(column: str, one: float, two: float) -> Level:
    return Level("same", f"{column}_l = {column}_r", one, two)


def _name(column: str, other: str) -> tuple[Level, ...]:
    begins = " OR ".join(
        f"(length({column}_{short}) >= 3 AND starts_with({column}_{long}, {column}_{short}))"
        for short, long in (("l", "r"), ("r", "l"))
    )
    swapped = f"{column}_l = {other}_r AND {other}_l = {column}_r"
    return (
        _same(column, 0.62, 0.005),
        Level("swapped", swapped, 0.03, 0.0001),
        Level("near", f"{_alike(column, NEAR)} OR {_typed(column)} OR {begins}", 0.15, 0.004),
        Level("far", _alike(column, FAR), 0.04, 0.008),
    )


def _agree(column: str) -> str:
    """1 where both say the same, but for typing errors; 0 also where one says nothing.

    Asked of every pair, so what is cheap comes first: most places differ in their first letter.
    """
    alike = f"{column}_l = {column}_r"
    if column == "postcode":
        ends = " OR ".join(
            f"{end}({column}_l, 3) = {end}({column}_r, 3)" for end in ("left", "right")
        )
        alike += f" OR (({ends}) AND {_typed(column)})"
    elif column != "house_number":  # one digit away is another house
        alike += f" OR (left({column}_l, 1) = left({column}_r, 1) AND {_alike(column, NEAR)})"
    return f"CASE WHEN {alike} THEN 1 ELSE 0 END"


def _places(least: int) -> str:
    told = " + ".join(f"({_agree(name)})" for name in PLACE if name != "region")
    return f"{told} >= {least}"


_TURNED = (
    "left(born_l, 4) = left(born_r, 4) AND substr(born_l, 6, 2) = substr(born_r, 9, 2) "
    "AND substr(born_l, 9, 2) = substr(born_r, 6, 2)"
)
# Two errors leave one of the three parts as it was: so much is cheap to see first.
_PART = (
    "(left(born_l, 4) = left(born_r, 4) OR substr(born_l, 6, 2) = substr(born_r, 6, 2) "
    "OR right(born_l, 2) = right(born_r, 2))"
)
LEVELS: Mapping[str, tuple[Level, ...]] = {
    "given": _name("given", "family"),
    "family": _name("family", "given"),
    "born": (
        _same("born", 0.8, 0.00005),
        Level("near", f"({_PART} AND {_typed('born')}) OR ({_TURNED})", 0.1, 0.001),
        Level("far", f"{_PART} AND damerau_levenshtein(born_l, born_r) <= 2", 0.03, 0.015),
    ),
    "phone": (_same("phone", 0.1, 0.000001), Level("near", _typed("phone"), 0.1, 0.00001)),
    "email": (
        Level("same", "address_l = address_r", 0.2, 0.000001),
        Level("near", "email_l = email_r", 0.2, 0.0005),
        Level("far", f"digits_l = digits_r AND {_typed('local')}", 0.1, 0.0001),
    ),
    "place": (
        Level("same", _places(4), 0.4, 0.00001),
        Level("near", _places(3), 0.1, 0.0001),
        Level("far", _places(2), 0.05, 0.001),
        Level("some", _places(1), 0.1, 0.02),
    ),
}
# A rare name tells more than a frequent one; a birthday or a street number is not rare or frequent.
WEIGHED = {"given": "same", "family": "same", "email": "near"}


def comparison(field: str) -> comparisons.CustomComparison:
    """One field as the library of linkage compares it."""
    made: list[ComparisonLevelCreator | dict[str, Any]] = [
        levels.NullLevel("address" if field == "email" else field)
    ]
    for each in LEVELS[field]:
        level = levels.CustomLevel(each.condition, each.says)
        level.configure(m_probability=each.one, u_probability=each.two)
        if WEIGHED.get(field) == each.says:
            level.configure(tf_adjustment_column=field, tf_adjustment_weight=1.0)
        made.append(level)
    one, two = _rest(field)
    made.append(levels.ElseLevel().configure(m_probability=one, u_probability=two))
    return comparisons.CustomComparison(made, output_column_name=field)


def sane(settings: dict[str, Any], count: int) -> dict[str, Any]:
    """A model that was learned, where nothing is certain.

    What was not seen to learn from has the chance it began with; what was never seen among so few
    may still happen; and some of so many people are one.
    """
    expected = max(settings["probability_two_random_records_match"], _FEWEST / count)
    for each in settings["comparisons"]:
        prior = {level.says: level for level in LEVELS[each["output_column_name"]]}
        for level in each["comparison_levels"]:
            began = prior.get(level["label_for_charts"])
            if level.get("is_null_level"):
                continue
            one, two = (began.one, began.two) if began else _rest(each["output_column_name"])
            level["m_probability"] = max(level.get("m_probability", one), _FLOOR[0])
            level["u_probability"] = max(level.get("u_probability", two), _FLOOR[1])
    return settings | {"probability_two_random_records_match": min(expected, _MOST)}


def with_lessons(
    settings: dict[str, Any], lessons: Sequence[tuple[dict[str, Any] | None, tuple[str, ...]]]
) -> dict[str, Any]:
    """The model with how one person differs, as the mean of what the lessons say.

    lessons  a model as it was after a lesson, and the fields it was about
    """
    taught = [
        {each["output_column_name"]: each for each in model["comparisons"]}[field]
        for model, about in lessons
        if model is not None
        for field in about
        if any(field == each["output_column_name"] for each in model["comparisons"])
    ]
    for each in settings["comparisons"]:
        said = [
            other for other in taught if other["output_column_name"] == each["output_column_name"]
        ]
        for place, level in enumerate(each["comparison_levels"]):
            found = [other["comparison_levels"][place].get("m_probability") for other in said]
            known = [chance for chance in found if chance is not None]
            if known:
                level["m_probability"] = sum(known) / len(known)
    return settings


def _rest(field: str) -> tuple[float, float]:
    """How often one person and two people agree in no way."""
    one, two = (sum(getattr(each, side) for each in LEVELS[field]) for side in ("one", "two"))
    return max(1 - one, 0.02), max(1 - two, 0.02)
