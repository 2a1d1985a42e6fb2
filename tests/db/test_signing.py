"""Staff, factors, sessions and limits on a real server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pyotp
import pytest
from psycopg import sql

from support.database import connect, run
from tessera.access.core import token_hash
from tessera.access.signing import db, flows
from tessera.access.signing.begun import db as begun
from tessera.access.signing.core import limits
from tessera.access.signing.core.words import Verified
from tessera.access.signing.flows import Enrolled, Offer
from tessera.base.refusal import Refusal

NOW = datetime(2026, 11, 22, 9, 3, 7, tzinfo=UTC)
GOOD, ROLES = "maple tram violet ox", frozenset({"operator"})


async def invited(conn, role: str = "operator", email: str = "") -> tuple:
    """Somebody of staff, and the invitation."""
    email = email or f"{uuid4().hex}@example.org"
    made = await flows.invite(conn, "Ada", email, role, None, None, None, NOW)
    assert isinstance(made, tuple), made
    return made


async def enrolled(conn) -> tuple:
    """Somebody with an app: the person, the app's secret, recovery codes. Committed."""
    staff, invitation = await invited(conn)
    offer = await flows.offer_app(conn, invitation, NOW)
    assert isinstance(offer, Offer)
    code = pyotp.TOTP(offer.secret).at(NOW)
    done = await flows.enrol(conn, invitation, GOOD, code, (), NOW)
    assert isinstance(done, Enrolled), done
    await conn.commit()
    return staff, offer.secret, done.recovery_codes


async def judged(dsn: str, email: str, code: str, now: datetime) -> str:
    """How a second factor fares, in a connection of its own: "" if it is let in."""
    async with await connect(dsn) as conn:
        found = await db.secrets_named(conn, email)
        assert found is not None
        said = await flows.judge_factor(conn, found, code, (), now)
        await conn.commit()
        return "" if said is None else said.code


def test_of_many_uses_of_a_code_at_once_one_counts(dsn):
    async def work():
        async with await connect(dsn) as conn:
            staff, secret, recovery = await enrolled(conn)
        later = NOW + timedelta(minutes=1)
        code = pyotp.TOTP(secret).at(later)
        for each in (code, recovery[3]):
            said = await asyncio.gather(*(judged(dsn, staff.email, each, later) for _ in range(6)))
            assert sorted(said) == ["", *["sign_in_wrong"] * 5]

    run(work())


def test_of_many_uses_of_an_invitation_at_once_one_counts(dsn):
    async def use(invitation: str) -> bool:
        async with await connect(dsn) as conn:
            done = await flows.enrol(conn, invitation, GOOD, "", ROLES, NOW)
            await conn.commit()
            return isinstance(done, Enrolled)

    async def work():
        async with await connect(dsn) as conn:
            _, invitation = await invited(conn)
            await conn.commit()
        said = await asyncio.gather(*(use(invitation) for _ in range(5)))
        assert sorted(said) == [False] * 4 + [True]

    run(work())


def test_a_second_factor_tried_from_everywhere_waits(dsn):
    """Only who knows the password comes so far; ten tries, then a wait, from whatever network."""

    async def work():
        async with await connect(dsn) as conn:
            staff, secret, _ = await enrolled(conn)
        later = NOW + timedelta(minutes=1)
        wrong = f"{(int(pyotp.TOTP(secret).at(later)) + 1) % 10**6:06}"
        said = [await judged(dsn, staff.email, wrong, later) for _ in range(12)]
        assert said == ["sign_in_wrong"] * limits.FACTOR.free + ["too_many_tries"] * 2
        much = later + limits.FACTOR.longest
        assert await judged(dsn, staff.email, pyotp.TOTP(secret).at(much), much) == ""

    run(work())


def test_an_invitation_is_good_for_a_day_and_replaced_by_a_reset(dsn):
    async def work():
        async with await connect(dsn) as conn:
            staff, first = await invited(conn)
            for at, good in ((NOW, True), (NOW + timedelta(hours=24), False)):
                assert isinstance(await flows.offer_app(conn, first, at), Offer) == good
            held = await db.lock_staff(conn, staff.id)
            assert held is not None
            second = await flows.reset(conn, held, NOW)
            assert not isinstance(await flows.offer_app(conn, first, NOW), Offer)
            assert isinstance(await flows.offer_app(conn, second, NOW), Offer)
            again = await flows.invite(conn, "B", staff.email, "operator", None, None, None, NOW)
            assert isinstance(again, Refusal) and again.code == "staff_known"
            assert await flows.end(conn, held, NOW) is None
            assert not isinstance(await flows.offer_app(conn, second, NOW), Offer)
            await invited(conn, email=staff.email)  # the address is free again

    run(work())


def test_a_dump_tells_no_password_token_invitation_or_secret(dsn):
    async def work():
        async with await connect(dsn) as conn:
            staff, secret, recovery = await enrolled(conn)
            _, invitation = await invited(conn)
            _, token = await flows.open_session(conn, "staff", staff.id, "password", "x", NOW)
            out = await flows.begin_provider(conn, "staff", NOW)
            words = [GOOD, secret, invitation, token, out.binding, out.nonce, *recovery]
            words += [each.encode().hex() for each in words]
            words += [base64.b32decode(secret).hex(), recovery[0].replace("-", "")]
            cursor = await conn.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'access'"
            )
            for (name,) in await cursor.fetchall():
                table = sql.Identifier("access", name)
                rows = await conn.execute(sql.SQL("SELECT t::text FROM {} AS t").format(table))
                for (row,) in await rows.fetchall():
                    assert not any(word in row for word in words), name

    run(work())


@pytest.mark.parametrize(
    ("kind", "idle", "life"),
    [("staff", timedelta(minutes=30), timedelta(hours=12)),
     ("member", timedelta(days=7), timedelta(days=30))],
)  # fmt: skip
def test_a_session_holds_while_it_is_used_and_no_longer(dsn, kind, idle, life):
    async def work():
        async with await connect(dsn) as conn:
            person = (await invited(conn))[0].id if kind == "staff" else uuid4()
            _, token = await flows.open_session(conn, kind, person, "code", "x", NOW)
            mark, at = token_hash(token), NOW
            while at < NOW + life - timedelta(minutes=1):
                found = await db.session_principal(conn, mark, at)
                assert found is not None and (found.id, found.kind) == (person, kind)
                assert found.fresh(at) == (at - NOW <= timedelta(minutes=10))
                at += idle - timedelta(minutes=1)
            assert await db.session_principal(conn, mark, NOW + life) is None
            _, token = await flows.open_session(conn, kind, person, "code", "x", NOW)
            assert await db.session_principal(conn, token_hash(token), NOW + idle) is None
            assert await db.session_principal(conn, token_hash("tsr_s"), NOW) is None

    run(work())


def test_a_person_has_twenty_sessions_the_oldest_end(dsn):
    async def work():
        async with await connect(dsn) as conn:
            person = uuid4()
            made = [
                await flows.open_session(
                    conn, "member", person, "code", str(n), NOW + timedelta(seconds=n)
                )
                for n in range(25)
            ]
            soon = NOW + timedelta(minutes=1)
            kept = await db.list_sessions(conn, person, "member", soon)
            assert [each.device for each in kept] == [str(n) for n in range(5, 25)]
            assert not await db.end_session(conn, made[24][0].id, uuid4())
            assert await db.end_session(conn, made[24][0].id, person)
            assert await db.end_sessions(conn, person) == 19

    run(work())


def test_what_a_person_signs_in_with_can_be_forgotten(dsn):
    async def work():
        async with await connect(dsn) as conn:
            person, other = uuid4(), uuid4()
            for each in (person, other):
                await flows.open_session(conn, "member", each, "code", "x", NOW)
            await flows.forget_person(conn, person)
            assert await db.list_sessions(conn, person, "member", NOW) == []
            assert len(await db.list_sessions(conn, other, "member", NOW)) == 1

    run(work())


def test_a_way_out_comes_back_once_by_its_own_kind_in_time(dsn):
    async def work():
        async with await connect(dsn) as conn:
            out = await flows.begin_provider(conn, "staff", NOW)
            again = await flows.begin_provider(conn, "staff", NOW)
            late = await flows.begin_provider(conn, "staff", NOW)
            as_member = await flows.come_back(conn, "member", out.state, out.binding, NOW)
            assert isinstance(as_member, Refusal)
            kept = await flows.come_back(conn, "staff", out.state, out.binding, NOW)
            assert isinstance(kept, flows.Remembered) and kept.nonce == out.nonce
            digest = hashlib.sha256(kept.verifier.encode()).digest()
            assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == out.challenge
            for state, binding, at in (
                (out.state, out.binding, NOW), (again.state, out.binding, NOW),
                (late.state, late.binding, NOW + timedelta(minutes=10)),
            ):  # fmt: skip
                said = await flows.come_back(conn, "staff", state, binding, at)
                assert isinstance(said, Refusal) and said.code == "ceremony_wrong"

    run(work())


async def named(conn, said: Verified) -> UUID | None:
    """Whom a provider's word lets in."""
    staff = await flows.whom(conn, said, NOW)
    return None if isinstance(staff, Refusal) else staff.id


def test_a_bound_subject_is_not_taken_over_by_an_address(dsn):
    async def work():
        async with await connect(dsn) as conn:
            staff, _ = await invited(conn)
            told = Verified("https://i", "one", staff.email, True, "")
            assert await named(conn, told) == staff.id
            other = Verified("https://i", "two", staff.email, True, "")
            assert isinstance(await flows.whom(conn, other, NOW), Refusal)
            moved = Verified("https://i", "one", "", False, "")
            assert await named(conn, moved) == staff.id
            held = await db.lock_staff(conn, staff.id)
            assert held is not None
            await flows.end(conn, held, NOW)
            assert isinstance(await flows.whom(conn, moved, NOW), Refusal)

    run(work())


def test_the_applications_role_can_do_all_of_it(dsn):
    async def work():
        async with await connect(dsn) as conn:
            await conn.execute("SET ROLE tessera_app")
            staff, _, _ = await enrolled(conn)
            await conn.execute("SET ROLE tessera_app")
            _, token = await flows.open_session(conn, "staff", staff.id, "password", "x", NOW)
            assert await db.session_principal(conn, token_hash(token), NOW) is not None
            await begun.remember(conn, "x", b"y", NOW)
            await flows.sweep(conn, NOW)
            held = await db.lock_staff(conn, staff.id)
            assert held is not None
            assert await flows.end(conn, held, NOW) is None
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                await conn.execute("DELETE FROM access.staff")

    run(work())


def test_two_owners_who_end_each_other_at_once_leave_one(dsn):
    async def end(staff_id) -> str:
        async with await connect(dsn) as conn:
            try:
                held = await db.lock_staff(conn, staff_id)
                assert held is not None
                said = await flows.end(conn, held, NOW)
                await conn.commit()
            except psycopg.errors.DeadlockDetected:
                return "again"
            return "" if said is None else said.code

    async def work():
        async with await connect(dsn) as conn:
            one, two = [(await invited(conn, "owner"))[0].id for _ in range(2)]
            await conn.commit()
        said = await asyncio.gather(end(one), end(two))
        assert "" in said and set(said) != {""}
        async with await connect(dsn) as conn:
            cursor = await conn.execute(
                "SELECT count(*) FROM access.staff WHERE role = 'owner' AND ended_at IS NULL"
            )
            assert await cursor.fetchone() == (1,)

    run(work())
