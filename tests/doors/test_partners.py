"""Partners over HTTP: a coalition shop sees its own, finance settles, two persons if asked."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from support import api as shops
from support.api import Api, refused
from support.things import Things, new_member, signed_in
from tessera.access.core import GRANTS

PARTNERS: dict[str, Any] = {
    "corner": {"name": "Corner", "stores": ["S1"], "sells_at_x100": 110, "pays_x100": 90},
    "harbour": {"name": "Harbour", "stores": ["S2"], "sells_at_x100": 100, "pays_x100": 80,
                "period": "quarter"},
}  # fmt: skip
PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR", "partners": PARTNERS, "transfers": {"gift": {}},
    "rules": [{"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
              {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1}],
}  # fmt: skip


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM)
        yield shop


def read(api: Api, path: str, **how: Any) -> Any:
    said = api.call("GET", f"/v1/partners/{path}".rstrip("/"), **how)
    assert said.status_code == 200, said.text
    return said.json()


def test_a_sale_and_its_return_are_in_the_statement_to_the_last_point(api):
    card = new_member(api)["card"]
    before = read(api, "corner/statement")
    sale = Things(api, {}).sale("own", card=card)
    after = read(api, "corner/statement")
    (points,) = after["points"]
    assert points["issued"] == sum(each["issued"] for each in before["points"]) + 23
    assert after["owed_x100"] - before["owed_x100"] == 23 * 110
    assert (after["closed_at"], after["currency"]) == (None, "EUR")
    rows = read(api, "corner/postings")["items"]
    assert rows[-1]["operation_id"] == sale["id"] and rows[-1]["issued"] == 23
    one = read(api, "corner/postings?limit=1")
    following = read(api, f"corner/postings?limit=1&cursor={one['next']}") if one["next"] else one
    assert following["items"]
    (mine,) = [each for each in read(api, "")["items"] if each["partner"] == "corner"]
    assert mine["owed_x100"] == after["owed_x100"]
    assert mine["period"] == datetime.now(UTC).strftime("%Y-%m")


def test_a_partner_s_key_sees_its_own_statement_and_no_other(api):
    _, own = api.issue("partner", "S1")
    assert read(api, "corner/statement", token=own)["partner"] == "corner"
    assert read(api, "corner/statements", token=own)["items"] is not None
    said = [api.call("GET", f"/v1/partners/{each}/statement", token=own)
            for each in ("harbour", "nobody")]  # fmt: skip
    assert [each.status_code for each in said] == [404, 404]
    assert api.call("GET", "/v1/partners", token=own).status_code == 403
    _, both = api.issue("partner", stores=["S1", "S2"])
    assert api.call("GET", "/v1/partners/corner/statement", token=both).status_code == 404
    assert api.call("GET", "/v1/partners/corner/statement", token=api.till).status_code == 403


def register(api: Api, token: str, card: str) -> Any:
    body = {"identifiers": [{"kind": "card", "value": card}], "given_name": "Anna"}
    return api.call("POST", "/v1/members", body, token=token)


def test_a_partner_takes_over_only_what_began_in_its_stores(api):
    _, partner = api.issue("partner", "S1")
    unused, own, theirs, both = api.cards[40:44]
    for card, stores in ((own, "S1 S2"), (theirs, "S2"), (both, "S2 S1")):
        for store in stores.split():  # the partner rings one up on a card that began elsewhere
            token = partner if store == "S1" else api.other
            said = api.call("POST", "/v1/receipts", api.basket(card=card, store=store), token=token)
            assert said.status_code == 201, said.text
    assert register(api, partner, unused).json()["history"] is False
    assert register(api, partner, own).json()["history"] is True
    told = [refused(api, partial(register, api, partner, card)) for card in (theirs, both)]
    assert [each["code"] for each in told] == ["card_not_proved"] * 2
    assert told[0]["why"] == told[1]["why"], "where it was used is not told"
    assert register(api, api.till, theirs).json()["history"] is True, "a till has it in hand"


def test_a_partner_takes_over_nothing_by_a_role_of_its_own_or_by_a_merge(api):
    grants = {name: GRANTS["partner"][name] for name in ("member.register", "identify")}
    assert api.call("POST", "/v1/roles", {"name": "bakery", "grants": grants}).is_success
    (_, baker), (_, partner) = api.issue("bakery", "S1"), api.issue("partner", "S1")
    theirs, own = api.cards[45:47]
    for card, store, token in ((theirs, "S2", api.other), (own, "S1", partner)):
        said = api.call("POST", "/v1/receipts", api.basket(card=card, store=store), token=token)
        assert said.status_code == 201, said.text
    assert refused(api, partial(register, api, baker, theirs))["code"] == "card_not_proved"
    found = "SELECT member_id FROM members.identifier WHERE value = %s"
    one, other = (api.eye.execute(found, [card]).fetchone()[0] for card in (own, theirs))
    merged = api.call("POST", f"/v1/members/{one}/merge", {"other": str(other), "reason": "one"})
    assert merged.status_code == 201, merged.text
    assert refused(api, partial(register, api, partner, theirs))["code"] == "card_not_proved"


def test_a_phone_that_was_rung_up_elsewhere_is_no_partner_s_to_register(api):
    _, partner = api.issue("partner", "S1")
    phone = {"kind": "phone", "value": "+393337771122"}
    sale = api.basket(store="S2", identifier=phone)
    del sale["card"]
    assert api.post("/v1/receipts", sale, token=api.admin).status_code == 201
    body = {"identifiers": [phone], "given_name": "Anna"}
    said = refused(api, lambda: api.call("POST", "/v1/members", body, token=partner))
    assert (said["code"], said["field"]) == ("card_not_proved", "identifiers")
    assert api.call("POST", "/v1/members", body).json()["history"] is True


@pytest.mark.parametrize("rung_up", [False, True])
def test_points_that_wait_for_somebody_s_phone_are_no_partner_s(api, rung_up):
    _, partner = api.issue("partner", "S1")
    phone = {"kind": "phone", "value": f"+39333777114{int(rung_up)}"}
    anna = new_member(api)
    assert api.post("/v1/receipts", api.basket(card=anna["card"])).status_code == 201
    sent = {"kind": "gift", "receiver": phone, "points": 20}
    said = api.call("POST", "/v1/me/transfers", sent, token=signed_in(api, anna["member_id"]))
    assert said.status_code == 201, said.text
    if rung_up:
        sale = api.basket(store="S1", identifier=phone)
        del sale["card"]
        assert api.post("/v1/receipts", sale, token=partner).status_code == 201
    body = {"identifiers": [phone], "given_name": "Anna"}
    said = refused(api, lambda: api.call("POST", "/v1/members", body, token=partner))
    assert (said["code"], said["field"]) == ("card_not_proved", "identifiers")


def test_a_period_is_closed_when_it_is_over_and_once(api):
    path, now = "/v1/partners/harbour/statements", datetime.now(UTC)
    assert refused(api, lambda: api.call("POST", path, {"period": "2026-01"}))["code"] == (
        "period_invalid"
    )
    open_ = {"period": f"{now.year + 1}-Q1"}
    assert refused(api, lambda: api.call("POST", path, open_))["code"] == "period_open"
    minor = {"minor": 700, "reason": "posters"}
    assert api.call("POST", "/v1/partners/harbour/adjustments", minor).status_code == 201
    made = api.call("POST", path, {"period": "2020-Q1"})
    assert made.status_code == 201, made.text
    assert made.json()["adjusted_minor"] == 0, "agreed after that period"
    again = refused(api, lambda: api.call("POST", path, {"period": "2020-Q1"}))
    assert again["code"] == "period_closed"
    assert refused(api, lambda: api.call("POST", path, {"period": "2019-Q4"}))["code"] == (
        "period_closed"
    )
    assert [each["period"] for each in read(api, "harbour/statements")["items"]] == ["2020-Q1"]
    assert read(api, "harbour/statement")["adjusted_minor"] == 700


def test_where_the_program_says_so_a_second_person_closes(api):
    api.publish(PROGRAM | {"approvals": ["settlement"]})
    said = api.call("POST", "/v1/partners/corner/statements", {"period": "2020-01"})
    assert said.status_code == 202, said.text
    assert read(api, "corner/statements")["items"] == []
    waits = said.json()
    agreed = api.call(
        "POST", f"/v1/approvals/{waits['approval_id']}/approve", {"hash": waits["hash"]},
        token=api.somebody(),
    )  # fmt: skip
    assert agreed.is_success, agreed.text
    (made,) = read(api, "corner/statements")["items"]
    assert made["period"] == "2020-01"
    assert read(api, "corner/statement?period=2020-01")["approval_id"] == waits["approval_id"]


@pytest.mark.parametrize(("said", "path"), [
    ({"a": {"name": "A", "stores": ["S1"]}, "b": {"name": "B", "stores": ["S1"]}},
     "partners.b.stores[0]"),
    ({"a/b": {"name": "A"}}, "partners.a/b"),
    ({"a": {"name": "A", "currencies": {"miles": {"pays_x100": 1}}}},
     "partners.a.currencies.miles"),
    ({"a": {"name": "A", "time_zone": "Nowhere/At"}}, "partners.a.time_zone"),
])  # fmt: skip
def test_partners_that_do_not_fit_are_named(api, said, path):
    found = api.call("POST", "/v1/program/check", PROGRAM | {"partners": said}).json()
    assert path in str(found), found


def test_a_rule_s_funder_is_a_partner(api):
    rules = [PROGRAM["rules"][0] | {"funder": "brewery"}]
    found = api.call("POST", "/v1/program/check", PROGRAM | {"rules": rules}).json()
    assert "rules[0].funder" in str(found)
