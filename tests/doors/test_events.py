"""Events: posted once, decided by the same engine, earned like a sale, told afterwards."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

from support import api as shops
from support import database
from support.api import Api, refused
from tessera.checkout.flows.proof import prove_all

PROGRAM: dict[str, Any] = {
    "name": "Events", "currency": "EUR", "expiry_days": 365,
    "events": {
        "survey": {
            "fields": {
                "score": {"type": "integer", "least": 0, "most": 10},
                "about": {"type": "choice", "values": ["shop", "app"], "required": False},
                "again": {"type": "boolean", "required": False},
                "remark": {"type": "text", "required": False},
            }
        },
        "check_in": {},
        "review": {"fields": {"stars": {"type": "integer", "least": 1, "most": 5}}},
    },
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 100},
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
        {"id": "thanks", "mechanic": "event_gift", "type": "survey", "field": "score",
         "at_least": 7, "prize": {"points": 50, "title": "Thank you"}, "caps": []},
        {"id": "cup", "mechanic": "event_gift", "type": "review", "prize": {"gift": "CUP"},
         "caps": [{"per": "month", "times": 2}]},
        {"id": "visitor", "mechanic": "event_gift", "type": "check_in", "prize": {"points": 5},
         "when": {"history": {"measure": "receipts", "of": "e:survey", "at_least": 2}}},
        {"id": "wine", "mechanic": "percent_off", "percent": 5, "of": {"categories": ["wine"]}},
    ],
}  # fmt: skip
_serials = count(200)


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM)
        yield shop


def event(api: Api, card: str, kind: str = "survey", **other: Any) -> dict[str, Any]:
    """An event with an id of its own."""
    data = {"survey": {"score": 9}, "review": {"stars": 5}}.get(kind, {})
    return {
        "type": kind, "id": uuid4().hex, "card": card, "data": data,
        "happened_at": datetime.now(UTC).isoformat(),
    } | other  # fmt: skip


def post(api: Api, body: Any, **how: Any) -> httpx.Response:
    return api.call("POST", "/v1/events", body, **how)


def fresh(api: Api) -> str:
    """An issued card that nobody used."""
    return api.cards[next(_serials)]


def account(api: Api, card: str) -> dict[str, Any]:
    said = api.call("POST", "/v1/identify", {"card": card})
    assert said.status_code == 200, said.text
    return dict(said.json())


def listed(api: Api, card: str, query: str = "") -> list[dict[str, Any]]:
    said = api.call("GET", f"/v1/accounts/{account(api, card)['account_id']}/events{query}")
    assert said.status_code == 200, said.text
    return list(said.json()["items"])


@pytest.fixture
def proved(api):
    """After the test `tessera prove` finds nothing."""
    yield

    async def work() -> None:
        async with await database.connect(api.dsn) as conn:
            report = await prove_all(conn, chain=True)
            assert report.differences == [] and report.checked["events"] > 0

    database.run(work())


# What comes of an event ------------------------------------------------------------------------


def test_an_event_is_answered_like_a_receipt(api, proved):
    card = fresh(api)
    said = post(api, event(api, card, id="survey/1"))
    assert said.status_code == 201
    told = said.json()
    assert (told["kind"], told["number"], told["points_earned"]) == ("event", "survey/1", 50)
    assert told["balance"] == {"available": 50, "held": 0, "debt": 0, "balance": 50}
    assert [effect["rule"] for effect in told["effects"]] == ["thanks"]
    assert told["screen"] == ["Thank you: +50 points", "balance 50 points"]
    assert "50" in told["slip"][0] and told["slip"][1:] == ["Your points: 50"]
    assert "lines" not in told and "to_pay_minor" not in told
    (lot,) = api.eye.execute(
        "SELECT points, expires_at - now() FROM ledger.lot WHERE outcome_id = %s", (told["id"],)
    ).fetchall()
    assert lot[0] == 50 and timedelta(days=364) < lot[1] <= timedelta(days=367)


def test_what_does_not_fit_earns_nothing_and_is_kept(api, proved):
    card = fresh(api)
    said = post(api, event(api, card, data={"score": 6})).json()
    assert said.get("points_earned", 0) == 0 and "effects" not in said
    (kept,) = listed(api, card)
    assert (kept["data"], kept["points_earned"], kept["effects"]) == ({"score": 6}, 0, [])


def test_points_of_an_event_pay_a_debt_first(api, proved):
    card = fresh(api)
    api.call("POST", "/v1/members", {"identifiers": [{"kind": "card", "value": card}]})
    sofas = [{"sku": "SOFA", "quantity": 2, "unit_minor": 4500}]
    bought = api.basket(card=card, total_minor=9000, lines=sofas)
    assert api.post("/v1/receipts", bought).json()["points_earned"] == 90
    assert api.post("/v1/receipts", api.basket(card=card, spend={"points": 90})).is_success
    day = datetime.fromisoformat(bought["happened_at"]).astimezone(ZoneInfo("Europe/Rome")).date()
    sale = {name: bought[name] for name in ("store", "till", "number")}
    told = api.post("/v1/returns", {
        "sale": sale | {"business_date": str(day), "shift": ""}, "store": "S1", "till": "1",
        "number": f"back{next(_serials)}", "happened_at": bought["happened_at"],
    }).json()  # fmt: skip
    owed = told["balance"]["debt"]
    assert owed > 50
    paid = post(api, event(api, card)).json()
    assert paid["points_earned"] == 50 and paid["balance"]["debt"] == owed - 50


def test_gifts_are_limited_per_member_and_counted(api, proved):
    card = fresh(api)
    given = [post(api, event(api, card, "review")).json().get("effects", []) for _ in range(3)]
    assert [[effect["item"] for effect in effects] for effects in given] == [["CUP"], ["CUP"], []]


def test_events_are_history_for_other_rules(api, proved):
    card = fresh(api)
    points = [
        post(api, event(api, card, kind)).json().get("points_earned", 0)
        for kind in ("check_in", "survey", "check_in", "survey", "check_in")
    ]
    assert points == [0, 50, 0, 50, 5]


def test_rules_for_receipts_say_nothing_to_an_event(api):
    said = post(api, event(api, fresh(api), happened_at="2026-11-22T12:00:00+01:00")).json()
    named = {each["rule"] for kind in ("effects", "silent") for each in said.get(kind, [])}
    assert named <= {"thanks", "cup", "visitor"}


def test_the_local_day_is_the_stores_or_the_senders(api):
    card = fresh(api)
    late = "2026-03-14T23:30:00+00:00"  # half past midnight in Rome
    for more in (
        {"happened_at": late, "store": "S1"}, {"happened_at": late},
        {"happened_at": "2026-03-15T08:30:00+09:00"},
    ):  # fmt: skip
        assert post(api, event(api, card, **more)).status_code == 201
    told = sorted((each["local_at"], each["store"]) for each in listed(api, card))
    assert told == [
        ("2026-03-14T23:30:00", ""), ("2026-03-15T00:30:00", "S1"), ("2026-03-15T08:30:00", ""),
    ]  # fmt: skip


def test_free_text_decides_and_is_not_kept(api):
    card = fresh(api)
    data = {"score": 9, "about": "shop", "again": True, "remark": "ask for Zsuzsanna"}
    assert post(api, event(api, card, data=data)).status_code == 201
    (kept,) = listed(api, card)
    assert kept["data"] == {"score": 9, "about": "shop", "again": True}


# Once, and only once -----------------------------------------------------------------------------


def test_the_same_call_gives_the_same_bytes_once(api, proved):
    body, key = event(api, fresh(api)), uuid4().hex
    first = post(api, body, key=key)
    before = api.rows()
    for spelled in (body, dict(reversed(body.items())), body | {"source": ""}):
        again = post(api, spelled, key=key)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotent-replayed"] == "true"
    for other, field in (({"type": "check_in"}, "type"), ({"data": {"score": 8}}, "data")):
        said = post(api, body | other, key=key)
        assert (said.status_code, said.json()["code"]) == (422, "key_reused")
        assert said.json()["field"] == field
    assert api.rows() == before


def test_an_answer_that_is_gone_is_told_again_from_what_is_kept(api):
    body, key = event(api, fresh(api)), uuid4().hex
    first = post(api, body, key=key).json()
    api.eye.execute("DELETE FROM access.answer WHERE outcome_id = %s", (first["id"],))
    told = post(api, body, key=key).json()
    assert told["retold"] is True
    for name in ("id", "kind", "number", "points_earned", "effects"):
        assert told[name] == first[name], name


def test_an_id_is_its_sources_for_ever(api, proved):
    card = fresh(api)
    body = event(api, card, id="1", source="app")
    assert post(api, body).status_code == 201
    assert post(api, body | {"source": "kiosk"}).status_code == 201
    assert post(api, {name: body[name] for name in body if name != "source"}).status_code == 201
    for other in ({}, {"type": "check_in", "data": {}}, {"card": fresh(api)}):
        problem = refused(api, partial(post, api, body | other))
        assert (problem["status"], problem["code"], problem["field"]) == (409, "event_known", "id")


@pytest.mark.parametrize("keys", [1, 12])
def test_of_parallel_events_with_one_id_one_is_posted(api, proved, keys):
    body, gate = event(api, fresh(api)), threading.Barrier(12)

    def send(n: int) -> httpx.Response:
        gate.wait()
        return post(api, body, key=f"{body['id']}-{n % keys}")

    before = api.rows()
    with ThreadPoolExecutor(12) as pool:
        said = list(pool.map(send, range(12)))
    while any(each.status_code == 409 and keys == 1 for each in said):  # key_in_flight: ask again
        said = [post(api, body, key=f"{body['id']}-0") for _ in said]
    done = {each.content for each in said if each.status_code == 201}
    assert len(done) == 1
    assert {each.json()["code"] for each in said if each.status_code != 201} <= {"event_known"}
    after = api.rows()
    assert after["checkout.event"] == before["checkout.event"] + 1
    assert after["ledger.lot"] == before["ledger.lot"] + 1


def test_many_events_of_many_members_at_once_are_all_posted(api, proved):
    cards = [fresh(api) for _ in range(5)]
    bodies = [event(api, card) for card in cards * 8]
    with ThreadPoolExecutor(20) as pool:
        said = list(pool.map(lambda body: post(api, body), bodies))
    assert {each.status_code for each in said} == {201}
    assert all(account(api, card)["balance"]["balance"] == 400 for card in cards)


# Refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("other", "status", "code", "field"),
    [
        ({"type": "wedding"}, 422, "event_unknown", "type"),
        ({"data": {}}, 422, "event_invalid", "data.score"),
        ({"data": {"score": "9"}}, 422, "event_invalid", "data.score"),
        ({"data": {"score": True}}, 422, "event_invalid", "data.score"),
        ({"data": {"score": 11}}, 422, "event_invalid", "data.score"),
        ({"data": {"score": -1}}, 422, "event_invalid", "data.score"),
        ({"data": {"score": 9, "about": "me"}}, 422, "event_invalid", "data.about"),
        ({"data": {"score": 9, "again": 1}}, 422, "event_invalid", "data.again"),
        ({"data": {"score": 9, "name": "Anna"}}, 422, "event_invalid", "data.name"),
        ({"data": {"score": 9.5}}, 400, "body_invalid", ""),
        ({"data": {"score": None}}, 400, "body_invalid", ""),
        ({"card": None}, 422, "member_not_named", "card"),
        ({"identifier": {"kind": "external", "value": "x"}}, 422, "member_named_twice",
         "identifier"),
        ({"card": None, "identifier": {"kind": "phone", "value": "5"}}, 422, "phone_invalid",
         "identifier.value"),
        ({"store": "S9"}, 404, "store_unknown", "store"),
        ({"happened_at": "2199-01-01T00:00:00+00:00"}, 422, "time_impossible", "happened_at"),
        ({"happened_at": "1969-01-01T00:00:00+00:00"}, 422, "time_impossible", "happened_at"),
        ({"happened_at": "2026-01-01T00:00:00"}, 400, "body_invalid", "happened_at"),
        ({"id": ""}, 400, "body_invalid", "id"),
        ({"points": 1000}, 400, "body_invalid", "points"),
    ],
)  # fmt: skip
def test_a_refused_event_leaves_no_trace(api, other, status, code, field):
    body = event(api, fresh(api)) | other
    problem = refused(api, lambda: post(api, body))
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["field"].startswith(field)


def test_a_till_brings_in_issued_cards_only(api):
    for kind, status in (("card", 404), ("external", 404)):
        who = {"card": None, "identifier": {"kind": kind, "value": "stranger"}}
        problem = refused(api, partial(post, api, event(api, "") | who, token=api.till))
        assert problem["status"] == status
    assert post(api, event(api, fresh(api)), token=api.till).status_code == 201


def test_a_blocked_card_is_refused_and_unblocked_it_works(api):
    card = fresh(api)
    body = event(api, card)
    api.call("POST", "/v1/members", {"identifiers": [{"kind": "card", "value": card}]})
    api.call("POST", f"/v1/cards/{card}/block", {"reason": "lost"})
    assert refused(api, lambda: post(api, body, key="b"))["code"] == "card_blocked"
    api.call("POST", f"/v1/cards/{card}/unblock")
    assert post(api, body, key="b").status_code == 201, "a refused call leaves its key free"


def test_an_event_type_of_a_former_program_still_replays(api):
    body, key = event(api, fresh(api), "check_in"), uuid4().hex
    first = post(api, body, key=key)
    fewer = PROGRAM | {
        "events": {name: PROGRAM["events"][name] for name in ("survey", "review")},
        "rules": [rule for rule in PROGRAM["rules"] if rule["id"] != "visitor"],
    }
    api.publish(fewer)
    try:
        assert post(api, body, key=key).content == first.content
        other = event(api, fresh(api), "check_in")
        assert refused(api, lambda: post(api, other))["code"] == "event_unknown"
    finally:
        api.publish(PROGRAM)


# Who may, and the list ---------------------------------------------------------------------------


def test_a_till_tells_events_of_its_own_store(api):
    card = fresh(api)
    assert post(api, event(api, card), token=api.till).status_code == 201
    assert listed(api, card)[0]["store"] == "S1"
    foreign = event(api, card, store="S2")
    assert refused(api, lambda: post(api, foreign, token=api.till))["code"] == "other_store"
    path = f"/v1/accounts/{account(api, card)['account_id']}/events"
    assert api.call("GET", path, token=api.till).status_code == 403


def test_the_list_holds_each_event_once_newest_first(api):
    card = fresh(api)
    begin = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for n in (2, 0, 4, 1, 3, 3):
        at = (begin + timedelta(days=n)).isoformat()
        assert post(api, event(api, card, happened_at=at)).status_code == 201
    path = f"/v1/accounts/{account(api, card)['account_id']}/events?limit=2"
    items, cursor = [], ""
    while cursor is not None:
        page = api.call("GET", path + (f"&cursor={cursor}" if cursor else "")).json()
        items += page["items"]
        cursor = page["next"]
    assert [item["happened_at"][8:10] for item in items] == ["05", "04", "04", "03", "02", "01"]
    assert len({item["id"] for item in items}) == 6
    assert all(item["effects"][0]["rule"] == "thanks" for item in items)
    assert listed(api, fresh(api) and card, "?limit=200") == items
    said = api.call("GET", "/v1/accounts/x/events")
    assert (said.status_code, said.json()["code"]) == (404, "account_unknown")


# The proof ---------------------------------------------------------------------------------------


def test_the_proof_names_what_was_changed(server, template):
    with shops.fresh(server, template) as api:
        api.publish(PROGRAM)
        told = post(api, event(api, api.cards[0])).json()["id"]

        async def found() -> list[str]:
            async with await database.connect(api.dsn) as conn:
                return (await prove_all(conn, chain=False)).differences

        assert database.run(found()) == []
        api.eye.execute("UPDATE checkout.event SET points_earned = 51")
        assert any(f"event {told} (account" in each for each in database.run(found()))
        assert any("its row says 51 earned, its story" in each for each in database.run(found()))
        api.eye.execute("DELETE FROM checkout.event")
        assert any(f"taken as operation {told}" in each for each in database.run(found()))
        assert any(f"moves name operation {told}" in each for each in database.run(found()))
