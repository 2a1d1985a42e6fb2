"""Members found by the beginnings of their names and listed, on a real server."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from support.database import connect, run
from support.people import NOW, card
from tessera.base.ids import new_id
from tessera.members import db as members_db
from tessera.members import flows
from tessera.members.core import NewMember, Registered
from tessera.members.finding import core, db
from tessera.members.finding.core import Pattern
from tessera.members.likeness.core.forms import fold
from tessera.warehouse.core import Identifier

NAMES = [
    "Anna", "Łukasz", "D'Élia", "Жанна Щукина", "Юрий Цой", "Ångström", "İpek",
    "\u0131s\u0131l", "Straße", "STRASSE", "Anna-Maria De Luca", "Ærø Øst", "Ґалаґан Їжак Єва",
    "Ελένη Παπαδόπουλος", "李小龍", "O\u2019Brien", "Šárka Đorđević", "Thorbjörn Þór",
    "van  der Berg", " x ", "", "Пьер Объедков", "ВАСЯ", "Smith, Jr.",
]  # fmt: skip


def test_the_database_folds_names_as_the_search_for_duplicates_does(dsn):
    async def work():
        async with await connect(dsn) as conn:
            for name in NAMES:
                row = await (await conn.execute("SELECT members.folded(%s)", (name,))).fetchone()
                assert row == (fold(name),), name

    run(work())


async def people(conn, *names: tuple[str, str]) -> list[UUID]:
    """Registered members of these names, a minute after each other."""
    made = []
    for at, (given, family) in enumerate(names):
        new = NewMember((Identifier("external", f"crm-{new_id()}"),), given, family)
        now = NOW + timedelta(minutes=at)
        done = await flows.register(conn, new, now, new_id(), new_id())
        assert isinstance(done, Registered)
        made.append(done.member_id)
    return made


async def found(conn, text: str, page: int = 50) -> list[UUID]:
    """Everybody a text may mean by name, read in pages of so many."""
    told: list[UUID] = []
    patterns = core.meant(text, "").patterns
    for at, pattern in enumerate(patterns):
        last = None
        while True:
            some = await db.named(conn, pattern, patterns[:at], last, page)
            assert some is not None
            told += some
            if len(some) < page:
                break
            last = some[-1]
    return told


def test_names_are_found_by_their_beginnings_in_either_order(dsn):
    async def work():
        async with await connect(dsn) as conn:
            anna, rosa, luca, ivan = await people(
                conn, ("Anna", "Rossi"), ("Rosa", "Rossini"), ("Maria Grazia", "De Lùca"),
                ("Иван", "Щукин"),
            )  # fmt: skip
            assert await found(conn, "ross") == [anna, rosa]
            assert await found(conn, "ROS") == [anna, rosa], "each once, though Rosa fits twice"
            assert await found(conn, "rossi anna") == [anna] == await found(conn, "ann rossi")
            assert await found(conn, "de luca") == [luca] == await found(conn, "maria de l")
            assert await found(conn, "DE LÙCA MARIA GRAZIA") == [luca]
            assert await found(conn, "shchukin") == [ivan] == await found(conn, "иван щук")
            assert await found(conn, "ossi") == [] == await found(conn, "rossi 7")
            assert await found(conn, "%") == [] == await found(conn, "a b c d e f g")

    run(work())


def test_pages_of_names_tell_everybody_once_in_their_order(dsn):
    async def work():
        async with await connect(dsn) as conn:
            names = [
                (given, f"Ros{end}") for end in ("a", "i", "si") for given in ("Al", "Bo", "Al")
            ]
            made = await people(conn, *names, ("Rosalba", "Rosati"), ("Rosalba", "Verdi"))
            whole = await found(conn, "ros")
            assert sorted(whole) == sorted(made) and whole[-1] == made[-1]
            for page in (1, 2, 5, 11):
                assert await found(conn, "ros", page) == whole
            pattern = Pattern("ros", "")
            await conn.execute("DELETE FROM members.person WHERE member_id = %s", (whole[3],))
            assert await db.named(conn, pattern, (), whole[3], 5) is None, "who is gone is no place"

    run(work())


def test_what_is_typed_may_mean_several_things():
    said = core.meant("+39 333 123-4567", "")
    assert said.identifiers == (
        Identifier("card", "+393331234567"), Identifier("phone", "+393331234567"),
    )  # fmt: skip
    assert core.meant("2900 0000 0001 7", "").identifiers == (Identifier("card", "2900000000017"),)
    assert core.meant("333 1234567", "IT").identifiers[-1] == Identifier("phone", "+393331234567")
    assert Identifier("email", "a@b.org") in core.meant(" A@B.org", "").identifiers
    assert core.meant("R-17", "").receipts == ("R-17", "R17")
    one = new_id()
    assert core.meant(str(one), "").id == one
    bare = core.meant("Anna", "", bare=True)
    assert bare.patterns == () and {each.kind for each in bare.identifiers} <= {"card", "external"}
    assert core.meant("   ", "") == core.Meant(None, (), (), ())


def test_lists_go_on_where_they_ended_and_know_how_many_there_are(dsn):
    async def work():
        async with await connect(dsn) as conn:
            made = await people(conn, *[("Anna", f"R{n}") for n in range(5)])
            await flows.issue_cards(conn, new_id(), "2900", 100, "first", NOW)
            shadows = await members_db.add_shadows(
                conn, [(card(n), new_id(), new_id()) for n in range(3)], NOW
            )
            await members_db.set_status(conn, card(1).value, "blocked", "lost")
            cards = sorted((each.member_id for each in shadows.values()), reverse=True)
            assert await paged(conn, "joined") == made[::-1]
            assert await paged(conn, "unregistered") == cards
            assert await paged(conn, "newest") == sorted([*made, *cards], reverse=True)
            assert await paged(conn, "blocked") == [shadows[card(1)].member_id]
            told = {order: await db.about(conn, order) for order in db._HELD_BY}
            assert told == {
                "newest": (8, True), "joined": (5, True), "unregistered": (3, True),
                "blocked": (1, True),
            }  # fmt: skip

    run(work())


async def paged(conn, order: db.Order, page: int = 2) -> list[UUID]:
    told: list[UUID] = []
    while True:
        some = await db.listed(conn, order, told[-1] if told else None, page)
        told += some
        if len(some) < page:
            return told


def test_many_are_estimated_and_names_are_read_from_an_index(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await conn.execute(
                "INSERT INTO members.member (id, account_id, seen_at, registered_at)"
                " SELECT gen_random_uuid(), gen_random_uuid(), now(), now()"
                " FROM generate_series(1, 3000)"
            )
            await conn.execute(
                "INSERT INTO members.person (member_id, given_name, family_name)"
                " SELECT id, 'N' || left(id::text, 4), 'F' || right(id::text, 5)"
                " FROM members.member"
            )
            await conn.execute("ANALYZE members.member, members.person")
            about, exact = await db.about(conn, "joined")
            assert not exact and 2900 <= about <= 3100
            for name, index in (("by_family", "person_family"), ("by_given", "person_given")):
                values: dict[str, object] = {
                    "family": "fab" if name == "by_family" else "", "given": "na",
                    "last_family": "fab", "last_given": "", "last": UUID(int=0), "families": [],
                    "givens": [], "page": 20,
                }  # fmt: skip
                plan = await conn.execute(b"EXPLAIN " + db.SQL[name], values)
                told = "\n".join(row[0] for row in await plan.fetchall())
                assert index in told and "Seq Scan on person" not in told and "Sort" not in told

    run(work())
