"""Members who look alike, on a real server: found at entry, found in bulk, judged once."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID

from support.database import connect, run
from support.people import NOW, code
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors.cli.duplicates.invented import everybody
from tessera.doors.cli.duplicates.search import search
from tessera.members import flows as members
from tessera.members.core import Change, NewMember, Registered
from tessera.members.likeness import db, flows
from tessera.members.likeness.core.forms import looks
from tessera.members.likeness.core.keys import keys
from tessera.members.likeness.core.scoring import Evidence
from tessera.members.likeness.core.words import Found
from tessera.members.merging import db as merging_db
from tessera.members.privacy import db as privacy_db
from tessera.warehouse.core import Identifier

BORN = date(1984, 2, 9)
ME = new_id()


async def joins(conn, given: str, family: str, born=BORN, *, named=(), **attributes) -> UUID:
    who = (Identifier("external", new_id().hex), *named)
    new = NewMember(who, given, family, born, "it", attributes)
    done = await members.register(conn, new, NOW, new_id(), new_id())
    assert isinstance(done, Registered), done
    return done.member_id


async def near(conn, given: str, family: str, born=BORN, *, named=(), **attributes):
    asked = looks(given, family, born, named, attributes)
    return await flows.near(conn, asked, 5)


async def ids(conn, *asked, **how) -> list[UUID]:
    return [each.person.id for each in await near(conn, *asked, **how)]


def test_errors_of_typing_find_the_member(dsn):
    async def work():
        async with await connect(dsn) as conn:
            anna = await joins(conn, "Anna", "Rossi")
            await joins(conn, "Carla", "Verdi", date(1970, 1, 1))
            for given, family, born in (
                ("Anna", "Rossi", BORN), ("Ana", "Rossi", BORN), ("Anna", "Rosi", BORN),
                ("Rossi", "Anna", BORN), ("ANNA", "Róssi", BORN),
                ("Anna", "Rossi", date(1984, 9, 2)),
                ("Anna", "Rossi", date(1974, 2, 9)), ("Anna", "Rossi", date(1984, 2, 19)),
                ("Anna", "Rossi", date(1984, 3, 9)),
            ):  # fmt: skip
                found = await near(conn, given, family, born)
                assert [each.person.id for each in found] == [anna], (given, family, born)
            assert (await near(conn, "Anna", "Rossi"))[0].likeness.grade == "possible"
            assert await ids(conn, "Anna", "Rossi", None) == []  # a name alone is many people's
            assert await ids(conn, "Anna", "Bianchi", date(1999, 1, 1)) == []
            assert await ids(conn, "", "", None) == []

    run(work())


def test_what_becomes_known_is_looked_for_at_once(dsn):
    async def work():
        phone = Identifier("phone", "+393331234567")
        async with await connect(dsn) as conn:
            anna = await joins(conn, "Anna", "Rossi", None)
            assert await ids(conn, "Anna", "Rossi", None, named=[phone]) == []
            await members.add_identifier(conn, anna, phone, NOW)
            mistyped = Identifier("phone", "+49331234567")
            found = await near(conn, "Anna", "Rossi", None, named=[mistyped])
            assert [each.person.id for each in found] == [anna]
            assert {"phone": "same"}.items() <= {
                each.field: each.says for each in found[0].likeness.evidence
            }.items()
            place = {"postcode": "20121", "street": "Via Roma", "house_number": "7"}
            assert await ids(conn, "Anna", "Rossi", None, **place) == []
            await members.change_member(conn, anna, Change(dict(place)))
            assert await ids(conn, "Anna", "Rossi", None, **place) == [anna]
            await members.change_member(conn, anna, Change(dict.fromkeys(place)))
            assert await ids(conn, "Anna", "Rossi", None, **place) == []

    run(work())


def test_keys_go_with_the_person(dsn):
    async def work():
        async with await connect(dsn) as conn:
            anna = await joins(conn, "Anna", "Rossi")
            await conn.execute("DELETE FROM members.person WHERE member_id = %s", (anna,))
            count = await conn.execute("SELECT count(*) FROM members.likeness")
            assert await count.fetchone() == (0,)
            assert await ids(conn, "Anna", "Rossi") == []

    run(work())


def test_a_frequent_name_costs_what_a_rare_one_does(dsn):
    async def work():
        async with await connect(dsn) as conn:
            for day in range(flows.EACH + 40):
                await joins(conn, "Anna", "Rossi", date(1984, 1, 1) + timedelta(40 * day))
            wanted = await joins(conn, "Anna", "Rossi", date(1951, 3, 4))
            asked = looks("Anna", "Rossi", date(1951, 3, 4), (), {})
            found = await db.sharing(conn, keys(asked), flows.EACH, flows.COMPARED)
            assert found[0] == wanted and len(found) <= flows.EACH + 10
            assert (await ids(conn, "Anna", "Rossi", date(1951, 3, 4)))[0] == wanted

    run(work())


async def pair_of(conn, weight: int = 50) -> Found:
    one, other = sorted([await joins(conn, "Anna", "Rossi"), await joins(conn, "Ana", "Rossi")])
    found = Found(new_id(), one, other, None, weight, (Evidence("born", "same", 143),))
    await db.put_likely(conn, [found], NOW)
    return found


def test_pairs_wait_the_surest_first_page_by_page(dsn):
    async def work():
        async with await connect(dsn) as conn:
            made = [await pair_of(conn, weight) for weight in (10, 70, 70, -5)]
            wanted = sorted(made, key=lambda each: (-each.weight, each.id))
            found, last = [], None
            while page := await db.list_likely(conn, last, 1):
                found += page
                last = page[-1].weight, page[-1].id
            assert [each.id for each in found] == [each.id for each in wanted]
            assert found[0].evidence == (Evidence("born", "same", 143),)

    run(work())


def test_a_verdict_is_kept_whatever_is_searched_later(dsn):
    async def work():
        async with await connect(dsn) as conn:
            judged, open_ = await pair_of(conn), await pair_of(conn)
            done = await flows.judge(conn, judged.id, "different", ME, "twins", NOW)
            assert not isinstance(done, Refusal) and done.verdict is None
            again = await flows.judge(conn, judged.id, "different", ME, "twins", NOW)
            assert not isinstance(again, Refusal) and again.verdict == "different"
            assert code(await flows.judge(conn, judged.id, "same", ME, "", NOW)) == "pair_judged"
            assert code(await flows.judge(conn, new_id(), "same", ME, "", NOW)) == "pair_unknown"
            later = NOW + timedelta(hours=1)
            fresh = Found(new_id(), judged.one, judged.other, judged.one, 300, ())
            await db.put_likely(conn, [fresh], later)
            assert [each.id for each in await db.list_likely(conn, None, 9)] == [open_.id]
            assert await db.drop_unfound(conn, later) == 1
            assert await db.list_likely(conn, None, 9) == []
            kept = await db.lock_likely(conn, judged.id)
            assert kept is not None and kept.verdict == "different" and kept.reason == "twins"

    run(work())


def test_that_two_are_different_outlives_a_merge_and_goes_with_the_person(dsn):
    """Merged, the person's row goes, and with it the pair; parted again, it is not offered."""

    async def work():
        async with await connect(dsn) as conn:
            pair = await pair_of(conn)
            await flows.judge(conn, pair.id, "different", ME, "twins", NOW)
            portrait = (await merging_db.standings(conn, [pair.one]))[pair.one].portrait
            await merging_db.drop_person(conn, pair.one)
            assert await db.lock_likely(conn, pair.id) is None
            await merging_db.paint(conn, pair.one, portrait)
            fresh = Found(new_id(), pair.one, pair.other, None, 300, ())
            await db.put_likely(conn, [fresh], NOW)
            assert await db.list_likely(conn, None, 9) == []
            await privacy_db.forget(conn, [pair.other], NOW)
            kept = await conn.execute("SELECT count(*) FROM members.verdict")
            assert await kept.fetchone() == (0,)

    run(work())


def test_a_search_finds_who_registered_twice(dsn, tmp_path):
    async def work():
        crowd = list(everybody(400, seed=11))
        async with await connect(dsn) as conn:
            made = {}
            for each in crowd:
                who = (Identifier("external", new_id().hex), *each.identifiers())
                new = NewMember(who, each.given, each.family, each.born_on, "it", dict(each.place))
                done = await members.register(conn, new, NOW, new_id(), new_id())
                assert isinstance(done, Registered), done
                made[done.member_id] = each.person
            await conn.execute("DELETE FROM members.likeness WHERE key > 0")  # some of nobody's
            await db.drop_keys(conn, list(made)[:7])
            await conn.commit()
            phases = []
            place = tmp_path / "duplicates"
            first = await search(dsn, place, "500MB", NOW, lambda *told: phases.append(told))
            assert first is not None and first.people == len(crowd) and first.keyed >= 7
            assert {phase for phase, _, _ in phases} == {"reading", "learning", "comparing"}
            assert list(place.iterdir()) == [], "names were left on the disk"
            pairs = await db.list_likely(conn, None, 200)
            right = sum(made[each.one] == made[each.other] for each in pairs)
            true = len(crowd) - len(set(made.values()))
            assert len(pairs) == first.pairs and right >= 0.8 * true and right >= 0.6 * len(pairs)
            again = await search(dsn, place, "500MB", NOW + timedelta(hours=1), lambda *told: None)
            assert again is not None and again.pairs == first.pairs and again.keyed == 0

    run(work())


def test_one_search_at_a_time_and_nobody_to_search(dsn, tmp_path):
    async def work():
        async with await connect(dsn) as conn:
            assert await db.turn(conn)
            assert await search(dsn, tmp_path, "500MB", NOW, lambda *told: None) is None
        done = await search(dsn, tmp_path, "500MB", NOW, lambda *told: None)
        assert done is not None and (done.people, done.pairs) == (0, 0)

    run(work())
