"""Who may decide on what another one has proposed, and what an approval is bound to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tessera.access.approvals import core
from tessera.access.approvals.core import Payload, Proposal, Standing
from tessera.access.core import Principal
from tessera.base.ids import new_id

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
OPERATION = "adjustment.make"


def staff(role: str = "manager", stores: tuple[str, ...] | None = None) -> Principal:
    return Principal(new_id(), "staff", "x", role, stores, 50, proved_at=NOW)


def key(role: str = "owner", issued_by: UUID | None = None) -> Principal:
    return Principal(new_id(), "key", "x", role, None, 50, issued_by=issued_by)


def proposal(by: Principal, **more) -> Proposal:
    made = Proposal(
        new_id(), OPERATION, b"", b"", "limit", "why", by, by.person, NOW, NOW + core.LIFE
    )
    return replace(made, **more)


def code(refusal) -> str | None:
    return None if refusal is None else refusal.code


def approves(found: Proposal, by: Principal, now=NOW, staffed=True) -> str | None:
    return code(core.approvable(found, by, now, Standing(staffed)))


def test_another_person_who_is_freshly_signed_in_approves():
    assert approves(proposal(staff()), staff()) is None


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_nobody_approves_his_own_with_whatever_key(role):
    me = staff(role)
    mine = key(role, issued_by=me.id)
    for by in (me, mine):
        for other in (me, mine, key(role, issued_by=me.id)):
            assert approves(proposal(by), other) == "own_proposal"
            assert approves(proposal(by), other, staffed=False) == "own_proposal"


def test_a_key_approves_only_where_no_staff_is():
    found = proposal(key())
    assert approves(found, key(), staffed=False) is None
    assert approves(found, key(), staffed=True) == "sign_in_stale"


@pytest.mark.parametrize(("minutes", "said"), [(10, None), (10.1, "sign_in_stale")])
def test_a_sign_in_is_fresh_for_ten_minutes(minutes, said):
    found = proposal(staff())
    assert approves(found, staff(), NOW + timedelta(minutes=minutes)) == said
    by = staff()
    assert code(core.decidable(found, by, NOW + timedelta(minutes=minutes))) is None


@pytest.mark.parametrize(("hours", "said"), [(23.9, None), (24, "approval_expired")])
def test_it_waits_for_a_day(hours, said):
    by = replace(staff(), proved_at=NOW + timedelta(hours=hours))
    assert approves(proposal(staff()), by, NOW + timedelta(hours=hours)) == said


@pytest.mark.parametrize("state", ["approved", "rejected", "withdrawn"])
def test_what_is_decided_stays_decided(state):
    found = proposal(staff(), state=state, decided_at=NOW)
    assert approves(found, staff(), NOW + timedelta(hours=30)) == "approval_decided"


def test_the_approver_could_do_it_himself_as_far_as_the_proposer():
    everywhere, here, there = staff(), staff(stores=("S1",)), staff(stores=("S1", "S2"))
    assert approves(proposal(here), everywhere) is None
    assert approves(proposal(here), there) is None
    assert approves(proposal(there), here) == "not_allowed"
    assert approves(proposal(everywhere), here) == "not_allowed"
    assert approves(proposal(everywhere), staff("security")) == "not_allowed"
    narrowed = replace(staff(), only=frozenset({"card.block"}))
    assert approves(proposal(everywhere), narrowed) == "not_allowed"


def test_who_sees_it():
    me, other, stranger = staff(), staff(), staff("security")
    found = proposal(me, state="rejected", decided_at=NOW)
    assert core.may_see(found, me) and core.may_see(found, other)
    assert core.may_see(found, key("security", issued_by=me.id))
    assert not core.may_see(found, stranger)


words = st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2)
bodies = st.recursive(
    st.none() | st.integers(-9, 9) | st.text(max_size=3), lambda inner: st.lists(inner, max_size=2)
)
payloads = st.builds(
    Payload, words, words, bodies.map(lambda body: msgspec.Raw(msgspec.json.encode(body))),
    st.binary(max_size=3),
)  # fmt: skip


def spelled(payload: Payload) -> tuple:
    return payload.path, payload.query, bytes(payload.body), payload.salt


calls = st.tuples(st.sampled_from("ab"), st.sampled_from([UUID(int=1), UUID(int=2)]), payloads)


@given(calls, calls)
def test_one_hash_is_of_one_call(one, two):
    same = (one[:2], spelled(one[2])) == (two[:2], spelled(two[2]))
    assert (core.digest(*one) == core.digest(*two)) == same


@given(payloads)
def test_a_payload_is_read_as_it_was_kept(payload):
    raw = msgspec.json.encode(payload)
    again = msgspec.json.decode(raw, type=Payload)
    assert spelled(again) == spelled(payload)
    assert core.digest("a", UUID(int=1), again) == core.digest("a", UUID(int=1), payload)


@pytest.mark.parametrize("text", ["", "0" * 63, "0" * 66, "A" * 64, "g" * 64, "0 " * 32])
def test_what_is_no_hash_is_none(text):
    assert core.hashed(text) is None


@given(st.binary(min_size=32, max_size=32))
def test_a_hash_is_read_as_it_is_told(raw):
    assert core.hashed(raw.hex()) == raw
