"""Probabilistic linkage of everybody with everybody: learned without labels, by the members alone.

Splink computes on DuckDB, in a file beside the rest of the installation's data, within the memory
it is given. source: Fellegi and Sunter 1969; Winkler 2000 for learning by expectation maximisation.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from math import log2
from typing import Any

import duckdb
import pyarrow as pa
from msgspec import Struct
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from tessera.doors.cli.duplicates.model import (
    COLUMNS,
    FIELDS,
    LEVELS,
    RULES,
    comparison,
    record,
    sane,
    with_lessons,
)
from tessera.members.likeness.core.forms import Looks
from tessera.members.likeness.core.scoring import Evidence, Says, summed

REVIEW, STRONG = 0, 20  # tenths of a bit: even odds are worth a look, 4 to 1 joins a group
_LEAST_BITS = -25  # as Splink adds up, which counts a move several times
PAGE = 20_000
EACH = 15  # candidates for each person, on the average; and this many at least in all:
LEAST = 2_000_000
CHUNK = 2_000_000  # candidates that are compared at a time
SAMPLE = 1e6  # pairs to learn from
_RECALL = 0.7  # of pairs that are one person, how many agree in name and birthday
# To learn from: of pairs that agree in this, how do these fields differ where they are one person?
# A choice of rules is tried in its order, the first that enough pairs share is taken: pairs of one
# name alone are nearly all two people.
TEACHING: tuple[tuple[tuple[tuple[str, ...], ...], tuple[str, ...]], ...] = (
    ((("born", "said_family"),), ("given", "phone", "email", "place")),
    ((("born", "said_given"),), ("family", "phone", "email", "place")),
    (
        (("given", "family", "postcode"), ("given", "family", "city"), ("given", "family", "email"),
         ("given", "family")),
        ("born", "phone"),
    ),
)  # fmt: skip
_TEACHES, _ROUNDS = 100, 12  # pairs to learn from at least; of learning at most
_HOUSE = ("street", "house_number", "family")
_SAYS: dict[str, list[Says]] = {
    field: ["different", *(level.says for level in reversed(found))]
    for field, found in LEVELS.items()
}
_SCHEMA = pa.schema([("id", pa.int64()), *((name, pa.string()) for name in COLUMNS[1:])])
Link = duckdb.DuckDBPyConnection
Tell = Callable[[str, int, int], None]  # phase, how much is done, of how much


class Pair(Struct, frozen=True):
    """Two people, by their numbers, who may be one. Units: tenths of a bit above even odds."""

    one: int
    other: int
    weight: int
    evidence: tuple[Evidence, ...]


def opened(path: str, memory: str) -> duckdb.DuckDBPyConnection:
    """A place to compute in. It fetches nothing from anywhere."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    link = duckdb.connect(path, config=config)
    link.execute("SET preserve_insertion_order = false")
    link.execute("SET enable_progress_bar = false")
    logging.getLogger("splink").setLevel(logging.ERROR)  # what it warns of is handled here
    return link


def fill(link: duckdb.DuckDBPyConnection, people: Iterable[Looks], first: int = 0) -> int:
    """Put people in, numbered from `first` on in their order; the number after the last."""
    rows = iter(people)
    while page := list(islice(rows, PAGE)):
        made = [record(number, known) for number, known in enumerate(page, first)]
        relation = link.from_arrow(pa.Table.from_pylist(made, schema=_SCHEMA))
        if first:
            relation.insert_into("people")
        else:
            relation.create("people")
        first += len(page)
    return first


def linked(link: duckdb.DuckDBPyConnection, tell: Tell, least: int = REVIEW) -> Iterator[Pair]:
    """Pairs of the people put in who are one with at least those odds, in tenths of a bit.

    What each field weighs is learned; the fields are added up as at entry, where a place is one
    witness and not six.
    """
    people = link.table("people")
    count = _number(people.aggregate("count(*)"))
    if count < 2:
        return
    told = {field: "address" if field == "email" else field for field in FIELDS}
    fields = [field for field in FIELDS if _number(people.aggregate(f"count({told[field]})"))]
    taken, candidates = chosen(link, count)
    api = DuckDBAPI(link)
    tell("learning", 0, 1)
    learned = _learned(api, fields, taken, count)
    odds = learned["probability_two_random_records_match"]
    known = round(10 * log2(odds / (1 - odds))), _home(link)
    parts = -(-candidates // CHUNK) or 1
    linker = Linker(api.register("people"), learned, log_level=None)
    for part in range(parts):
        tell("comparing", part, parts)
        found = linker.inference.predict_chunk(
            (part + 1, parts), (1, 1), threshold_match_weight=_LEAST_BITS
        )
        for pair in _pairs(found.as_duckdbpyrelation(), fields, *known):
            if pair.weight >= least:
                yield pair
        found.drop_table_from_database_and_remove_from_cache()
    tell("comparing", parts, parts)


def chosen(link: duckdb.DuckDBPyConnection, count: int) -> tuple[list[tuple[str, ...]], int]:
    """The rules there is time for, and at most how many candidates they make.

    A rule that makes too many, such as one name in a country of few, is left out; so the work
    grows with the number of people, not with its square.
    """
    taken: list[tuple[str, ...]] = []
    left = most = max(EACH * count, LEAST)
    for rule in RULES:
        pairs = _pairs_sharing(link, rule)
        if 0 < pairs <= left:
            taken.append(rule)
            left -= pairs
    return taken, most - left


def _pairs_sharing(link: duckdb.DuckDBPyConnection, rule: Sequence[str]) -> int:
    """How many pairs of people share these columns."""
    known = link.table("people").filter(" AND ".join(f"{name} IS NOT NULL" for name in rule))
    blocks = known.aggregate("count(*) AS n", ", ".join(rule))
    return _number(blocks.aggregate("coalesce(sum(n * (n - 1) // 2), 0)"))


def _number(relation: duckdb.DuckDBPyRelation) -> int:
    return int(relation.fetchall()[0][0])


def _learned(
    api: DuckDBAPI, fields: Sequence[str], taken: Sequence[tuple[str, ...]], count: int
) -> dict[str, Any]:
    """The model with what the people themselves have taught it."""
    begun = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        comparisons=[comparison(field) for field in fields],
        blocking_rules_to_generate_predictions=[block_on(*rule) for rule in taken],
        retain_intermediate_calculation_columns=True,
        max_iterations=_ROUNDS,
    )
    linker = Linker(api.register("people"), begun, log_level=None)
    with suppress(ValueError):  # so few people that more than that share of all pairs agree
        linker.training.estimate_probability_two_random_records_match(
            [block_on("by_name", "born"), block_on("address")], recall=_RECALL
        )
    linker.training.estimate_u_using_random_sampling(max_pairs=SAMPLE, seed=1)
    model = sane(linker.misc.save_model_to_json(), count)
    lessons = [(_taught(api, model, choice), about) for choice, about in TEACHING]
    return sane(with_lessons(model, lessons), count)


def _taught(
    api: DuckDBAPI, model: dict[str, Any], choice: Sequence[tuple[str, ...]]
) -> dict[str, Any] | None:
    """What pairs that share the first possible of these rules teach; None: there are too few."""
    for rule in choice:
        if _pairs_sharing(api.duckdb_con, rule) < _TEACHES:
            continue
        linker = Linker(api.register("people"), model, log_level=None)
        with suppress(ValueError):  # a level vanished from what was learned: try the next rule
            linker.training.estimate_parameters_using_expectation_maximisation(
                block_on(*rule), max_pairs=SAMPLE, record_sample_proportion=1.0
            )
            return linker.misc.save_model_to_json()
    return None


def _home(link: duckdb.DuckDBPyConnection) -> int:
    """The odds that two of one family name in one house are one person, in tenths of a bit.

    Who has the same given name or birthday is counted as one, who has neither as two.
    """
    people = link.table("people")
    one, other = people.set_alias("one"), people.set_alias("other")
    shared = " AND ".join(f"one.{name} = other.{name}" for name in _HOUSE)
    pairs = one.join(other, f"{shared} AND one.id < other.id")
    same = "one.given = other.given OR one.born = other.born"
    neither = "one.given <> other.given AND one.born <> other.born"
    found = pairs.aggregate(f"count(*) FILTER ({same}), count(*) FILTER ({neither})").fetchall()[0]
    return round(10 * log2((found[0] + 1) / (found[1] + 1)))


def _pairs(
    relation: duckdb.DuckDBPyRelation, fields: Sequence[str], before: int, home: int
) -> Iterator[Pair]:
    weighed = [name for name in relation.columns if name.startswith("mw_")]
    names = ["id_l", "id_r", "match_probability", "match_weight",
             *(f"gamma_{field}" for field in fields), *weighed]  # fmt: skip
    for row in relation.project(", ".join(names)).fetchall():
        yield _pair(dict(zip(names, row, strict=True)), fields, before, home)


def _pair(row: dict[str, Any], fields: Sequence[str], before: int, home: int) -> Pair:
    said: list[Evidence] = []
    for field in fields:
        level = row[f"gamma_{field}"]  # 0 is different, then upwards to the same; -1 unknown
        if level >= 0:
            says = _SAYS[field][level]
            bits = row[f"mw_{field}"] + (row.get(f"mw_tf_adj_{field}") or 0)
            said.append(Evidence(field, says, round(10 * bits)))
    one, other = sorted((row["id_l"], row["id_r"]))
    return Pair(one, other, summed(before, said, home), tuple(said))


def strong(pair: Pair) -> bool:
    """Whether the pair joins a group: twins, who differ in the given name alone, never do."""
    other = any(each.field == "given" and each.says == "different" for each in pair.evidence)
    return pair.weight >= STRONG and not other


def groups(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Who is joined by pairs, also by way of others: {somebody: the smallest of the group}."""
    first: dict[int, int] = {}

    def root(each: int) -> int:
        while first.setdefault(each, each) != each:
            first[each] = first[first[each]]
            each = first[each]
        return each

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        first[high] = low
    return {each: root(each) for each in list(first)}
