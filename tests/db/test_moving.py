"""Another program moves into a real database: members, points, consents."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pyarrow
import pyarrow.parquet
import pytest

from support.database import run
from support.loading import seen
from support.moving import (
    BALANCES,
    BODY,
    CLUB,
    HEADERS,
    MEMBERS,
    club,
    differences,
    files,
    moved,
    one,
    opened,
    write,
)
from tessera.base.ids import new_id
from tessera.base.refusal import Refusal
from tessera.doors.cli.moving import run as running
from tessera.identity import flows as identity
from tessera.members.carried import db as people
from tessera.members.consents import flows as consents
from tessera.members.consents.core import By, Saying
from tessera.warehouse.core import Identifier

WHO = """
SELECT i.value, p.given_name, m.registered_at::text, p.attributes::text, p.born_on::text
FROM members.identifier i JOIN members.member m ON m.id = i.member_id
JOIN members.person p ON p.member_id = m.id WHERE i.value LIKE 'club:%' ORDER BY i.value
"""
CARDS = "SELECT value, status, status_reason FROM members.identifier WHERE kind = 'card' ORDER BY 1"
ASIDE = "SELECT row_number, code, field FROM warehouse.quarantine ORDER BY mapping, row_number"
WALLETS = """
SELECT n.value, a.currency, a.active, a.pending, a.debt FROM ledger.account a
JOIN members.member m ON m.account_id = coalesce(a.owner_id, a.id)
JOIN members.identifier n ON n.member_id = m.id AND n.value LIKE 'club:_'
WHERE a.seq > 0 ORDER BY 1, 2
"""
LOTS = """
SELECT points, remaining, pending, (earned_at AT TIME ZONE 'Europe/Rome')::text,
    (expires_at AT TIME ZONE 'Europe/Rome')::text
FROM ledger.lot ORDER BY points
"""
EVERYTHING = """
SELECT (SELECT count(*) FROM members.identifier), (SELECT count(*) FROM members.person),
    (SELECT count(*) FROM members.joining), (SELECT count(*) FROM members.likeness),
    (SELECT count(*) FROM members.consent), (SELECT count(*) FROM ledger.move),
    (SELECT count(*) FROM ledger.account), (SELECT count(*) FROM ledger.carried),
    (SELECT count(*) FROM warehouse.load), (SELECT count(*) FROM warehouse.quarantine)
"""


def test_members_arrive_with_all_that_names_them(dsn, tmp_path):
    told = one(dsn, "members", write(tmp_path, "members", MEMBERS))
    assert [row[:2] for row in seen(dsn, WHO)] == [
        ("club:1", "Anna"), ("club:2", "Bruno"), ("club:7", "Gina"), ("club:account:F9", "Gina"),
    ]  # fmt: skip
    assert seen(dsn, WHO)[0][2:] == (
        "2015-02-28 23:00:00+00", '{"tier": "gold", "tier_since": "2024-02-29"}', "1980-05-01",
    )  # fmt: skip
    assert seen(dsn, CARDS) == [
        ("A-1", "active", ""), ("A-2", "active", ""),
        ("A-3", "blocked", "blocked in the program before"),
    ]  # fmt: skip
    assert seen(dsn, ASIDE) == [
        (4, "day_impossible", "born"), (5, "identifier_taken", "cards"),
        (6, "phone_invalid", "phone"), (7, "attribute_unfit", "tier"),
        (9, "household_needed", "family"), (10, "value_missing", "id"),
        (11, "day_impossible", "since"), (12, "not_a_day", "born"),
    ]  # fmt: skip
    assert told.checked is not None and told.checked.rows == {"here": 3, "quarantined": 8}
    said = " ".join(str(row) for row in seen(dsn, "SELECT * FROM warehouse.quarantine"))
    assert not [word for word in ("Carla", "Verdi", "333", "A-1", "bronze") if word in said]


def test_points_arrive_with_their_dates_to_the_last_one(dsn, tmp_path):
    told = moved(dsn, files(tmp_path))
    assert not isinstance(told, Refusal)
    balances = told[1]
    assert balances.tally is not None and balances.checked is not None
    assert seen(dsn, WALLETS) == [
        ("club:1", "", 500, 250, 0), ("club:1", "miles", 40, 0, 0), ("club:2", "", 0, 0, 1050),
    ]  # fmt: skip
    assert seen(dsn, LOTS) == [
        (40, 40, False, "2021-06-10 00:00:00", None),
        (250, 250, True, "2021-06-10 00:00:00", "2098-07-01 00:00:00"),
        (500, 500, False, "2021-01-10 00:00:00", "2098-02-01 00:00:00"),
        (1000, 0, False, "2021-01-10 00:00:00", None),
    ]
    aside = "SELECT row_number, code FROM warehouse.quarantine WHERE mapping = 'club/balances'"
    assert sorted(seen(dsn, aside)) == [
        (9, "lot_differs"), (10, "expired_already"), (11, "member_unknown"),
        (12, "points_too_many"), (13, "not_points"), (14, "not_whole_points"),
        (15, "currency_unknown"), (16, "not_a_day"), (17, "days_disagree"), (19, "value_missing"),
        (20, "not_points"), (21, "not_points"), (22, "day_impossible"),
    ]  # fmt: skip
    own = balances.checked.sums[""]
    assert (own.said, own.ledger, own.again, own.missing) == (649, -300, 500, 0)
    assert own.quarantined == 251 + 100 + 70 + 4 * 7
    assert own.unreadable == 6
    assert balances.tally.sums[""].expiring == {"2098-01": 500, "2098-06": 250, "never": 1000}
    assert all(each.sound for each in told)
    assert differences(dsn) == []


def test_consents_arrive_and_what_was_said_later_stands(dsn, tmp_path):
    told = moved(dsn, files(tmp_path))
    assert not isinstance(told, Refusal)
    agreed = "SELECT agreed FROM members.member m JOIN members.identifier i ON i.member_id = m.id"
    assert seen(dsn, f"{agreed} WHERE i.value = 'club:1'") == [([],)]
    assert seen(dsn, f"{agreed} WHERE i.value = 'club:2'") == [(["news/sms"],)]
    lines = "SELECT channel, state, way, wording, proof FROM members.consent ORDER BY id"
    assert seen(dsn, lines) == [
        ("email", "pending", "import", "v1", "r1"), ("sms", "given", "import", "v1", "r1"),
        ("sms", "withdrawn", "import", "", "r2"), ("sms", "given", "import", "v1", "r3"),
    ]  # fmt: skip
    assert told[2].tally is not None
    assert told[2].tally.outcomes == {"said": 4, "overtaken": 1, "empty": 1}
    assert set(told[2].tally.quarantined) == {
        "consent_unknown", "state_unknown", "day_impossible", "member_unknown",
    }  # fmt: skip
    proved = CLUB.replace('proof = "ref"', 'proof = "ref"\nproved = true')
    again = write(tmp_path, "consents", "1 news email yes 2022-01-01 r4")
    one(dsn, "consents", again, club(proved))
    assert seen(dsn, f"{agreed} WHERE i.value = 'club:1'") == [(["news/email"],)]


def test_a_yes_of_a_file_never_follows_what_was_said_here(dsn, tmp_path):
    """Not at once, not behind a no of the file; what nobody spoke of here is the file's."""
    moved(dsn, files(tmp_path))

    async def withdraw() -> None:
        async with opened(dsn) as (conn, program_now):
            first = Identifier("external", "club:1")
            member_id = (await people.owners(conn, [first]))[first].member_id
            no = [Saying("news", given=False, channel="email")]
            by = By("member", datetime(2022, 1, 1, tzinfo=UTC))
            assert not isinstance(
                await consents.say(conn, member_id, no, by, program_now.consents), Refusal
            )
            await conn.commit()

    run(withdraw())
    rows = """
1 news email yes 2023-01-01 r1
1 news email no 2023-02-01 r2
1 news email yes 2023-03-01 r3
2 news email yes 2023-03-01 r4
"""
    proved = club(CLUB.replace('proof = "ref"', 'proof = "ref"\nproved = true'))
    path = write(tmp_path, "consents", rows)
    rehearsed = one(dsn, "consents", path, proved, rehearse=True)
    done = one(dsn, "consents", path, proved)
    for told in (rehearsed, done):
        assert told.tally is not None and told.tally.outcomes == {"said": 2, "overtaken": 2}
    later = write(tmp_path, "consents", "1 news email yes 2024-01-01 r5")
    last = one(dsn, "consents", later, proved)
    assert last.tally is not None and last.tally.outcomes == {"overtaken": 1}
    assert done.sound and last.sound, "what was overtaken is not missing"
    agreed = "SELECT agreed FROM members.member m JOIN members.identifier i ON i.member_id = m.id"
    assert seen(dsn, f"{agreed} WHERE i.value = 'club:1'") == [([],)]
    assert seen(dsn, f"{agreed} WHERE i.value = 'club:2'") == [(["news/email", "news/sms"],)]


def merge(dsn, into, other):
    """The office says that two members are one person."""

    async def go():
        async with opened(dsn) as (conn, program_now):
            who = [Identifier("external", each) for each in (into, other)]
            owners = await people.owners(conn, who)
            ask = identity.Ask(new_id(), UUID(int=8), datetime.now(UTC), "test", program_now.lives)
            first, second = (owners[each].member_id for each in who)
            made = await identity.merge(conn, ask, first, second)
            assert not isinstance(made, Refusal), made
            await conn.commit()

    run(go())


def test_the_same_files_again_change_nothing(dsn, tmp_path):
    moved(dsn, files(tmp_path))
    before = seen(dsn, EVERYTHING)
    told = moved(dsn, files(tmp_path))
    assert not isinstance(told, Refusal) and all(each.loaded_before for each in told)
    assert seen(dsn, EVERYTHING) == before
    # The same rows in another file: known, and said again they are not counted twice.
    rows = "\n".join(reversed(BALANCES.strip().splitlines()))
    other = one(dsn, "balances", write(tmp_path, "balances", rows))
    assert other.tally is not None and other.tally.sums[""].carried == 0
    assert seen(dsn, WALLETS)[2] == ("club:2", "", 0, 0, 1050)
    assert seen(dsn, EVERYTHING)[0][5] == before[0][5]
    assert differences(dsn) == []


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_a_rehearsal_tells_what_the_load_does_and_writes_nothing(dsn, tmp_path, monkeypatch, batch):
    monkeypatch.setattr(running, "BATCH", batch)
    moved(dsn, {"members": write(tmp_path, "members", "99 Zoe Zeta")})
    before = seen(dsn, EVERYTHING)
    rehearsed = moved(dsn, files(tmp_path), rehearse=True)
    assert seen(dsn, EVERYTHING) == before
    done = moved(dsn, files(tmp_path))
    assert not isinstance(rehearsed, Refusal) and not isinstance(done, Refusal)
    for tried, real in zip(rehearsed, done, strict=True):
        assert tried.tally is not None and real.tally is not None
        real.tally.seconds = 0.0
        assert tried.tally == real.tally
    assert done[1].tally is not None and done[1].tally.sums[""].carried == -300


def test_a_file_may_be_parquet(dsn, tmp_path):
    columns = HEADERS["balances"].split()
    moved(dsn, {"members": write(tmp_path, "members", "1 Anna Rossi\n2 Bruno Neri")})
    rows = [("1", "a", 500, "BONUS", date(2021, 1, 10), date(2098, 1, 31), None),
            ("2", "b", -20, "BONUS", date(2021, 1, 10), None, None),
            ("2", "c", None, "BONUS", date(2021, 1, 10), None, None)]  # fmt: skip
    table = pyarrow.table({name: [row[n] for row in rows] for n, name in enumerate(columns)})
    pyarrow.parquet.write_table(table, tmp_path / "b.parquet")
    told = one(dsn, "balances", tmp_path / "b.parquet")
    assert told.tally is not None
    assert told.tally.outcomes == {"carried": 2}
    assert told.tally.quarantined == {"not_points": 1}
    assert [row[2:] for row in seen(dsn, WALLETS)] == [(500, 0, 0), (0, 0, 20)]


def test_points_follow_a_member_who_was_merged(dsn, tmp_path):
    one(dsn, "members", write(tmp_path, "members", "1 Anna Rossi\n2 Anna Rossi"))
    path = write(tmp_path, "balances", "1 a 100 BONUS 2021-01-10 2098-01-31")
    one(dsn, "balances", path)
    merge(dsn, "club:2", "club:1")
    more = write(
        tmp_path, "balances", "1 a 100 BONUS 2021-01-10 2098-01-31\n1 b 5 BONUS\n2 c 7 BONUS"
    )
    told = one(dsn, "balances", more)
    assert told.tally is not None and told.tally.outcomes == {"known": 1, "carried": 2}
    assert told.sound
    members = "SELECT DISTINCT active FROM ledger.account WHERE active > 0"
    assert seen(dsn, members) == [(112,)]
    assert differences(dsn) == []


def test_a_mended_row_leaves_the_quarantine(dsn, tmp_path):
    paths = files(tmp_path)
    moved(dsn, paths)
    (tmp_path / "mended").mkdir()
    one(dsn, "members", write(tmp_path / "mended", "members", "3 Carla Verdi 1970-01-01"))
    one(dsn, "balances", write(tmp_path / "mended", "balances",
                               "1 g 100 BONUS 2024-01-01 2098-01-01 -"))  # fmt: skip
    rows = {(name, row) for name, row in seen(
        dsn, "SELECT mapping, row_number FROM warehouse.quarantine")}  # fmt: skip
    assert not rows & {("club/members", 4), ("club/balances", 10)}
    checked = moved(dsn, paths, only_check=True)
    assert not isinstance(checked, Refusal) and all(each.sound for each in checked)
    assert checked[1].checked is not None and checked[1].checked.sums[""].mended == 100


def test_the_check_finds_what_is_missing(dsn, tmp_path):
    paths = files(tmp_path)
    moved(dsn, paths)
    seen_and_changed = """
        DELETE FROM warehouse.quarantine WHERE code = 'member_unknown' RETURNING row_number
    """
    assert len(seen(dsn, seen_and_changed)) == 2
    told = moved(dsn, paths, only_check=True)
    assert not isinstance(told, Refusal)
    assert [each.sound for each in told] == [True, False, False]
    assert told[1].checked is not None
    assert told[1].checked.sums[""].missing == 70
    assert [each.row for each in told[1].checked.examples] == [11]


def test_rows_of_one_member_add_up_and_never_change(dsn, tmp_path):
    one(dsn, "members", write(tmp_path, "members", MEMBERS))
    more = """
        1 Anna Rossi - 2015-03-01 - - - A-9
        1 Anna Rossi 1980-05-01 2015-03-01 - - - A-9
        1 Anja Rossi - 2015-03-01 - - - A-10
        2 Bruno Neri 1975-01-01 2016-07-09
    """
    told = one(dsn, "members", write(tmp_path, "members", more))
    assert told.tally is not None
    assert told.tally.outcomes == {"extended": 2, "known": 1}
    assert told.tally.quarantined == {"member_differs": 1}
    assert [row[0] for row in seen(dsn, CARDS)] == ["A-1", "A-2", "A-3", "A-9"]
    assert seen(dsn, WHO)[1][4] == "1975-01-01"


SHADOWS = """
WITH born AS (
    INSERT INTO members.member (id, account_id, seen_at)
    SELECT gen_random_uuid(), gen_random_uuid(), now() FROM generate_series(1, 2) RETURNING id
)
INSERT INTO members.identifier (kind, value, member_id, since)
SELECT 'card', 'A-' || row_number() OVER (ORDER BY id), id, now() FROM born RETURNING member_id
"""


def test_a_card_that_earned_here_before_brings_its_account(dsn, tmp_path):
    seen(dsn, SHADOWS)  # two cards, used at tills by nobody who is known
    rows = "1 Anna Rossi - 2015-03-01 - - - A-1\n2 Bea Blu - 2015-03-01 - - - A-1|A-2\n" \
           "3 Carlo Blu - 2015-03-01 - - - A-2|A-3"  # fmt: skip
    told = one(dsn, "members", write(tmp_path, "members", rows))
    assert told.tally is not None
    assert told.tally.outcomes == {"new": 2}
    assert told.tally.quarantined == {"identifier_taken": 1}
    whose = """SELECT count(DISTINCT member_id) FROM members.identifier
        WHERE value IN ('A-1', 'club:1')"""
    assert seen(dsn, whose) == [(1,)]
    assert seen(dsn, "SELECT count(*) FROM members.member") == [(2,)]


def test_what_all_rows_have_wrong_is_told_before_anything_is_written(dsn, tmp_path):
    paths = files(tmp_path)
    wrong = club(CLUB.replace('tier = "tier"', 'status = "tier"'))
    assert_refused(moved(dsn, paths, wrong), "attribute_unknown", "members.attributes.status")
    assert_refused(moved(dsn, paths, club(CLUB.replace('"points"', '"much"'))),
                   "column_missing", "balances.points")  # fmt: skip
    only = club(CLUB.partition("[balances]")[0])
    assert_refused(moved(dsn, paths, only), "mapping_wrong", "balances")
    assert seen(dsn, EVERYTHING) == [(0,) * 10]


def assert_refused(told, code, field):
    assert isinstance(told, Refusal)
    assert (told.code, told.field) == (code, field)


def test_a_row_in_another_encoding_stays_outside(dsn, tmp_path):
    path = write(tmp_path, "members", "1 Niccolò Rossi\n2 Anna Rossi", "latin-1")
    told = one(dsn, "members", path)
    assert told.tally is not None and told.tally.quarantined == {"word_unfit": 1}
    latin = club(CLUB.replace("[members]\n", '[members]\nfile = { encoding = "latin-1" }\n'))
    assert one(dsn, "members", path, latin).checked is not None
    assert seen(dsn, "SELECT count(*) FROM members.person WHERE given_name = 'Niccolò'") == [(1,)]
    assert seen(dsn, ASIDE) == []


BALANCE_ONLY = CLUB.replace('lot = "lot"\n', "").replace('earned_on = "earned"\n', "").replace(
    'expires_on = "expires"\n', "").replace('active_on = "from"\n', "")  # fmt: skip


def test_a_balance_without_dates_lives_as_points_of_today(dsn, tmp_path):
    one(dsn, "members", write(tmp_path, "members", "1 Anna Rossi\n2 Bruno Neri"))
    path = write(tmp_path, "balances", "1 - 300 BONUS\n1 - 5 miles\n2 - 20 BONUS\n1 - 301 BONUS")
    told = one(dsn, "balances", path, club(BALANCE_ONLY))
    assert told.tally is not None and told.tally.quarantined == {"lot_differs": 1}
    (year,) = seen(dsn, "SELECT min(expires_at) FROM ledger.lot")[0]
    assert timedelta(364) < year - datetime.now(UTC) < timedelta(368)
    later = write(tmp_path, "balances", "1 - 300 BONUS\n2 - 20 BONUS")
    again = one(dsn, "balances", later, club(BALANCE_ONLY))
    assert again.tally is not None and again.tally.outcomes == {"known": 2}


@pytest.mark.parametrize("net", [True, False])
def test_debts_are_paid_where_the_program_nets_them(dsn, tmp_path, net):
    body = BODY | {"net_debt": net}
    run_with(dsn, body)
    one(dsn, "members", write(tmp_path, "members", "1 Anna Rossi\n2 Bruno Neri"))
    rows = "1 a 100 BONUS\n1 b -30 BONUS\n2 c -30 BONUS\n2 d 100 BONUS"
    one(dsn, "balances", write(tmp_path, "balances", rows))
    expected = (70, 0, 0) if net else (100, 0, 30)
    assert [row[2:] for row in seen(dsn, WALLETS)] == [expected, expected]
    assert differences(dsn) == []


def run_with(dsn, body):
    async def go():
        async with opened(dsn, body):
            pass

    run(go())
