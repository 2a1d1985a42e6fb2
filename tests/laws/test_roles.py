"""Roles and keys: nobody gives more than he has, nothing widens a key, addresses mean networks."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tessera.access import core as access
from tessera.access.core import GRANTS, PEOPLE, POLICY, ROLES, OwnRole, Principal
from tessera.base.refusal import Refusal
from tessera.checkout.core import Job
from tessera.checkout.flows.write import parked_body, unpark
from tessera.warehouse.core import ReceiptKey, Return

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
WIDTH = {None: -1, "self": 0, "own_store": 1, "all": 2}
GRANTABLE = sorted(name for name in POLICY if access.grantable(name))
STORES = st.none() | st.sets(st.sampled_from(["S1", "S2", "S3"]), min_size=1).map(
    lambda found: tuple(sorted(found))
)
ROWS = st.dictionaries(st.sampled_from(GRANTABLE), st.sampled_from(["all", "own_store"]))


def bearer(role: str = "owner", **more) -> Principal:
    named = {"stores": None} | more
    return Principal(id=UUID(int=1), kind="key", name="x", role=role, rate_per_s=200, **named)


def terms(**more) -> access.KeyTerms:
    return access.KeyTerms(name="x", role="owner", **more)


def code(refusal: Refusal | None) -> str:
    return "" if refusal is None else refusal.code


# The table ---------------------------------------------------------------------------------------


def test_only_the_owner_makes_keys_and_roles():
    for operation in ("key.issue", "key.rotate", "role.make", "role.change"):
        assert set(POLICY[operation]) == {"owner"}


def test_who_sees_pseudonyms_cannot_look_behind_them():
    for role in access.PSEUDONYM:
        for operation in ("identify", "member.register", "member.change", "card.numbers",
                          "member.reveal", "member.export"):  # fmt: skip
            assert operation not in GRANTS[role], (role, operation)
    assert all(access.BARE.isdisjoint(GRANTS[role]) for role in access.PSEUDONYM)
    before = bearer("own", own=OwnRole("own", dict.fromkeys(access.BARE, "all"), "pseudonym"))
    assert not any(before.may(operation) for operation in access.BARE), "of an older release's"


def test_a_partner_may_nothing_that_a_till_may_not_but_read_its_statements():
    own = {"partner.statement", "partner.statements", "partner.postings"}
    shared = set(GRANTS["partner"]) - own
    assert shared <= set(GRANTS["till"])
    assert all(GRANTS["partner"][op] == GRANTS["till"][op] for op in shared)


@given(st.sampled_from(sorted(POLICY)), st.sampled_from(sorted(ROLES)))
def test_the_table_by_role_is_the_table(operation, role):
    assert GRANTS[role].get(operation) == POLICY[operation].get(role)
    assert bearer(role).scope(operation) == POLICY[operation].get(role)


# A caller ----------------------------------------------------------------------------------------


@given(ROWS, st.sets(st.sampled_from(GRANTABLE)), STORES, st.sampled_from(["S1", "S2", "S9"]))
def test_a_call_is_allowed_by_its_row_its_key_and_its_store(row, only, stores, store):
    caller = bearer("own", own=OwnRole("own", row), only=frozenset(only), stores=stores)
    for operation in GRANTABLE:
        scope = row.get(operation) if operation in only else None
        assert caller.scope(operation) == scope == caller.grants.get(operation)
        refusal = access.allowed(caller, operation, store)
        if scope is None:
            assert code(refusal) == "not_allowed"
        elif stores is None:
            assert code(refusal) == ("" if scope == "all" else "other_store")
        else:
            assert code(refusal) == ("" if store in stores else "other_store")


@given(STORES, st.sampled_from([None, "S1", "S2", "S9"]))
def test_who_has_several_stores_names_one(stores, said):
    found = access.store_of(bearer("integrator", stores=stores), "event.post", said)
    if stores is None:
        assert found == said
    elif said is None:
        one = stores[0] if len(stores) == 1 else "store_missing"
        assert one == (found.code if isinstance(found, Refusal) else found)
    else:
        assert (said if said in stores else "other_store") == (
            found.code if isinstance(found, Refusal) else found
        )


# Giving ------------------------------------------------------------------------------------------


@given(ROWS, ROWS)
def test_a_role_is_made_of_what_its_maker_has(mine, given_):
    fault = access.exceeds(bearer("own", own=OwnRole("own", mine)), OwnRole("new", given_), "f")
    more = [op for op in given_ if WIDTH[mine.get(op)] < WIDTH[given_[op]]]
    assert (fault is not None) == bool(more)
    if fault is not None:
        assert fault.code == "not_yours_to_give" and fault.field.removeprefix("f.") in more


def test_who_sees_pseudonyms_gives_no_more():
    maker = bearer("own", own=OwnRole("own", {"points.outstanding": "all"}, "pseudonym"))
    role = OwnRole("new", {"points.outstanding": "all"}, "masked")
    assert code(access.exceeds(maker, role, "grants")) == "not_yours_to_give"
    assert access.exceeds(maker, msgspec.structs.replace(role, sight="pseudonym"), "g") is None


@given(STORES, STORES)
def test_a_key_reaches_no_store_that_its_maker_does_not(mine, given_):
    role = OwnRole("own", {"quote": "own_store"})
    fault = access.beyond(bearer("integrator", stores=mine), terms(stores=given_), role)
    within = mine is None or (given_ is not None and set(given_) <= set(mine))
    assert (fault is None) == within


def test_one_that_waits_since_the_release_before_still_means_all_that_is_left():
    old = msgspec.structs.replace(BACK, lines=())
    by = Before(UUID(int=3), "t", "till", "S1", 9)
    job = unpark(UUID(int=5), msgspec.json.encode((by, "receipt.return", "k", old)), NOW)
    assert isinstance(job.ask, Return) and job.ask.named() == ()
    assert b"lines" not in parked_body(Job(job.principal, "receipt.return", "k", BACK, b"", NOW))


@pytest.mark.parametrize(
    ("mine", "given_", "fine"),
    [
        ((), (), True), ((), ("10.0.0.0/8",), True), (("10.0.0.0/8",), (), False),
        (("10.0.0.0/8",), ("10.1.0.0/16", "10.2.3.4/32"), True),
        (("10.0.0.0/8",), ("10.1.0.0/16", "11.0.0.0/16"), False),
        (("10.0.0.0/8",), ("2001:db8::/48",), False),
        (("10.0.0.0/8", "2001:db8::/32"), ("2001:db8::/48",), True),
        (("10.1.0.0/16",), ("10.0.0.0/8",), False),
    ],
)  # fmt: skip
def test_a_key_comes_from_where_its_maker_may(mine, given_, fine):
    fault = access.beyond(bearer(networks=mine), terms(networks=given_), OwnRole("x", {}))
    assert (fault is None) == fine


@pytest.mark.parametrize(
    ("mine", "given_", "fine"),
    [(None, None, True), (None, 5, True), (9, None, False), (9, 9, True), (9, 10, False)],
)
def test_a_key_lives_no_longer_and_gives_no_more_than_its_maker_s(mine, given_, fine):
    def at(days):
        return None if days is None else NOW + timedelta(days=days)

    role = OwnRole("x", {})
    late = access.beyond(bearer(expires_at=at(mine)), terms(expires_at=at(given_)), role)
    rich = access.beyond(bearer(mint_per_day=mine), terms(mint_per_day=given_), role)
    assert (late is None, rich is None) == (fine, fine)


def test_the_end_of_a_session_does_not_end_the_keys_made_in_it():
    maker = msgspec.structs.replace(bearer(expires_at=NOW), kind="staff")
    assert access.beyond(maker, terms(), OwnRole("x", {})) is None


@given(st.text(max_size=40))
def test_any_text_may_be_a_role_s_name_or_is_refused(name):
    fine = access.role_fault(name, {"identify": "all"}) is None
    assert not fine or (name.isascii() and 2 <= len(name) <= 32 and name not in ROLES)


@pytest.mark.parametrize(
    ("operation", "scope"),
    [("member.list", "own_store"), ("nothing", "all"), ("me.points", "self"), ("me.points", "all")],
)
def test_what_nobody_asks_for_cannot_be_given(operation, scope):
    assert code(access.role_fault("desk", {operation: scope})) == "operation_unknown"


def test_old_names_are_no_names_for_new_roles():
    for name in ("admin", *ROLES):
        assert code(access.role_fault(name, {})) == "role_name_invalid"


def test_a_contractor_has_an_end_and_others_may():
    day = timedelta(days=1)
    assert code(access.end_fault("contractor", None, NOW)) == "expiry_missing"
    assert access.end_fault("manager", None, NOW) is None
    for role, longest in (("contractor", 366), ("manager", 3660)):
        assert access.end_fault(role, NOW + longest * day, NOW) is None
        for ends in (NOW, NOW - day, NOW + (longest + 1) * day):
            assert code(access.end_fault(role, ends, NOW)) == "expiry_impossible"


def test_no_key_is_a_member_s():
    for role in PEOPLE:
        assert code(access.key_fault(role, None)) == "role_unknown"


# Addresses ---------------------------------------------------------------------------------------


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_one_house_is_one_caller(address, other):
    found = access.network_of(str(address))
    if address.ipv4_mapped is not None:
        assert found == str(address.ipv4_mapped)
        return
    neighbour = ipaddress.IPv6Address(int(address) >> 64 << 64 | other)
    if neighbour.ipv4_mapped is None:
        assert found == access.network_of(str(neighbour))
    assert ipaddress.ip_network(found).prefixlen == 64


@pytest.mark.parametrize(
    ("network", "block"),
    [("", ""), ("10.1.2.3", "10.1.2.0/24"), ("2001:db8:7:9::/64", "2001:db8:7::/48")],
)
def test_a_block_is_a_24_or_a_48(network, block):
    assert access.block_of(network) == block


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_an_address_is_in_its_own_range_and_in_no_other(address, bits):
    own = str(ipaddress.ip_network(f"{address}/{bits}", strict=False))
    assert access.comes_from(bearer(networks=(own,)), str(address))
    assert access.comes_from(bearer(networks=(own,)), f"::ffff:{address}")
    other = ipaddress.IPv4Address(int(address) ^ 1 << 32 - bits) if bits else None
    if other is not None:
        assert not access.comes_from(bearer(networks=(own,)), str(other))


@pytest.mark.parametrize("address", ["", "unknown", "10.1.2", "fe80::1%eth0"])
def test_an_address_that_is_none_is_in_no_range(address):
    assert not access.comes_from(bearer(networks=("0.0.0.0/0",)), address)
    assert access.comes_from(bearer(), address)


# Returns that wait, across releases --------------------------------------------------------------


class Before(msgspec.Struct, frozen=True):
    """A principal as the release before writes and reads it."""

    id: UUID
    name: str
    role: str
    store: str | None
    rate_per_s: int
    expires_at: datetime | None = None


BACK = Return(
    sale=ReceiptKey("S1", "1", NOW.date(), "", "1"), store="S1", till="1", number="2",
    happened_at=NOW,
)  # fmt: skip


@pytest.mark.parametrize(
    ("before", "brings_in"),
    [(Before(UUID(int=3), "o", "admin", None, 9), True),
     (Before(UUID(int=3), "t", "till", "S1", 9), False)],
)  # fmt: skip
def test_a_return_that_waits_outlives_the_release(before, brings_in):
    body = msgspec.json.encode((before, "receipt.return", "k", BACK))
    job = unpark(UUID(int=5), body, NOW)
    assert (job.principal.id, job.principal.brings_in) == (before.id, brings_in)
    again = parked_body(Job(job.principal, "receipt.return", "k", BACK, b"", NOW))
    kept = msgspec.json.decode(again, type=tuple[Before, str, str, Return])
    assert kept == (before, "receipt.return", "k", BACK)


@pytest.mark.parametrize(
    ("mine", "given_", "fine"), [(50, 10_000, True), (50, None, True), (1, 1, True), (1, 2, False),
                                 (1, None, False)],
)  # fmt: skip
def test_a_slow_key_gives_no_faster_one(mine, given_, fine):
    maker = msgspec.structs.replace(bearer(), rate_per_s=mine)
    fault = access.beyond(maker, terms(rate_per_s=given_), OwnRole("own", {}))
    assert code(fault) == ("" if fine else "not_yours_to_give")


@pytest.mark.parametrize(
    ("grants", "operations", "like"),
    [
        (GRANTS["owner"], None, True), (GRANTS["owner"], ("quote",), False),
        (GRANTS["manager"], None, False), ({"key.issue": "all"}, None, True),
        *(({name: "all"}, (name,), True) for name in ("staff.reset", "role.change", "key.rotate")),
    ],
)  # fmt: skip
def test_who_gives_as_an_owner_does_is_like_one(grants, operations, like):
    assert access.like_owner(OwnRole("x", grants), operations) is like
