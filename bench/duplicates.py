"""Members who are one person: how well they are found, how fast, at entry and in bulk.

Public synthetic people (Febrl, and the thousand of Splink's makers) where they lie beside the
checkout, without the social security number; else they are left out and it says so. The threshold
is the product's own, which was chosen on Febrl's datasets 1 and 2, not on 3. A million people are
invented, seeded, with doubles that are mistyped, moved, married; twins are among them.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from bench.place import Place, place
from bench.result import Result
from tessera.base.ids import new_id
from tessera.doors.cli.duplicates import invented
from tessera.doors.cli.duplicates.trial import Score, tried
from tessera.members.likeness import flows
from tessera.members.likeness.core.forms import Looks, fold, mailbox
from tessera.members.likeness.core.keys import keys

DATA = Path(__file__).parents[2] / "shared" / "data"
SEED = 20_261_122
MEMORY = "2GB"
PLACES = {
    "street": "address_1", "house_number": "street_number", "building": "address_2",
    "postcode": "postcode", "city": "suburb", "region": "state",
}  # fmt: skip


def run(quick: bool) -> list[Result]:
    """F1 on public people; precision, recall and seconds on a million; look-ups among as many."""
    results: list[Result] = []
    for number in (2, 3):
        path = DATA / "febrl" / f"dataset{number}.parquet"
        if path.is_file():
            results.append(Result(f"duplicates_febrl{number}_f1", measured(febrl(path)).f1, "F1"))
    if (path := DATA / "splink" / "fake_1000.parquet").is_file():
        score = measured(fake(path))
        results += [
            Result("duplicates_fake1000_f1", score.f1, "F1"),
            Result("duplicates_fake1000_precision", score.precision, "of what is found"),
        ]
    if not results:
        print("  no public people beside this checkout: only invented ones")
    count = 20_000 if quick else 1_000_000
    crowd = list(invented.everybody(count, SEED))
    score = measured(([each.looks() for each in crowd], [each.person for each in crowd]))
    results += [
        Result("duplicates_bulk", score.seconds, f"s for {count:,} members"),
        Result("duplicates_bulk_precision", score.precision, "of what is found, twins among it"),
        Result("duplicates_bulk_recall", score.recall, "of what is there"),
    ]
    with place(1) as here:
        return results + asyncio.run(_entry(here, crowd, 300 if quick else 2_000))


def measured(people: tuple[Sequence[Looks], Sequence[Any]]) -> Score:
    """Search among people whose truth is known."""
    with tempfile.TemporaryDirectory(prefix="tessera-bench-") as folder:
        file = str(Path(folder, "people.duckdb"))
        score = tried(*people, file, MEMORY, lambda *_: None)
    print(f"  {len(people[0]):,} people: precision {score.precision:.4f}, recall "
          f"{score.recall:.4f}, F1 {score.f1:.4f}, {score.seconds:,.0f} s", flush=True)  # fmt: skip
    return score


def febrl(path: Path) -> tuple[list[Looks], list[str]]:
    """Freely Extensible Biomedical Record Linkage: people of Australia, errors strewn in."""
    rows = parquet.read_table(path).to_pylist()
    people = []
    for row in rows:
        said = {name: fold(row[column] or "") for name, column in PLACES.items()}
        born = row["date_of_birth"] or ""
        day = f"{born[:4]}-{born[4:6]}-{born[6:]}" if born else ""
        where = {name: value for name, value in said.items() if value}
        names = fold(row["given_name"] or ""), fold(row["surname"] or "")
        people.append(Looks(*names, day, (), (), where))
    return people, [row["rec_id"].split("-")[1] for row in rows]


def fake(path: Path) -> tuple[list[Looks], list[int]]:
    """A thousand records of some 250 people, made by the makers of Splink, very broken."""
    rows = parquet.read_table(path).to_pylist()
    people = []
    for row in rows:
        names = fold(row["first_name"] or ""), fold(row["surname"] or "")
        emails = (mailbox(row["email"], names),) if row["email"] else ()
        where = {"city": fold(row["city"])} if row["city"] else {}
        people.append(Looks(*names, row["dob"], (), emails, where))
    return people, [row["cluster"] for row in rows]


async def _entry(here: Place, crowd: Sequence[invented.Somebody], asked: int) -> list[Result]:
    """All but the last doubles are members; then these come to the counter, one after the other."""
    first: dict[int, int] = {}
    doubles = [n for n, each in enumerate(crowd) if first.setdefault(each.person, n) != n][-asked:]
    coming = set(doubles)
    async with await AsyncConnection.connect(here.server.dsn) as conn:
        there = [(n, each) for n, each in enumerate(crowd) if n not in coming]
        members = await _fill(conn, there)
        await _look(conn, crowd, first, doubles[: asked // 10], members)  # warm
        times, found = await _look(conn, crowd, first, doubles, members)
        size = await conn.execute("SELECT pg_total_relation_size('members.likeness')")
        row = await size.fetchone()
        assert row is not None
    among = f"ms among {len(members):,}"
    return [
        Result("duplicates_entry_p50", 1000 * statistics.median(times), among),
        Result("duplicates_entry_p99", 1000 * times[int(0.99 * len(times))], among),
        Result("duplicates_entry_max", 1000 * times[-1], among),
        Result("duplicates_entry_recall", found / len(doubles), "of who registers again"),
        Result("duplicates_entry_keys", row[0] / len(members), "bytes of keys a member"),
    ]


async def _look(
    conn: Any, crowd: Sequence[invented.Somebody], first: dict[int, int], asked: Sequence[int],
    members: dict[int, Any],
) -> tuple[list[float], int]:  # fmt: skip
    """Seconds of each look-up, in order of size, and how many found the member."""
    times, found = [], 0
    for number in asked:
        begun = time.perf_counter()
        near = await flows.near(conn, crowd[number].looks(), 5)
        times.append(time.perf_counter() - begun)
        found += members[first[crowd[number].person]] in {each.person.id for each in near}
    return sorted(times), found


async def _fill(conn: Any, people: Sequence[tuple[int, invented.Somebody]]) -> dict[int, Any]:
    """These as members with keys, by COPY; {number: member}."""
    now = datetime.now(UTC)
    members = {number: new_id() for number, _ in people}
    columns = {
        "member (id, account_id, seen_at, registered_at)":
            ((members[n], members[n], now, now) for n, _ in people),
        "person (member_id, given_name, family_name, born_on, attributes)":
            ((members[n], p.given, p.family, p.born_on, Jsonb(p.place)) for n, p in people),
        "identifier (kind, value, member_id, since)":
            ((each.kind, each.value, members[n], now) for n, p in people
             for each in p.identifiers()),
        "likeness (key, member_id)":
            ((key, members[n]) for n, p in people for key in keys(p.looks())),
    }  # fmt: skip
    async with conn.cursor() as cursor:
        for table, rows in columns.items():
            async with cursor.copy(f"COPY members.{table} FROM STDIN") as copy:
                for row in rows:
                    await copy.write_row(row)
    await conn.commit()
    await conn.set_autocommit(True)
    await conn.execute("VACUUM ANALYZE")
    await conn.set_autocommit(False)
    return members
