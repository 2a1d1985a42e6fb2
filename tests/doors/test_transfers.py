"""Points sent, given, donated, exchanged, put right, kept longer, over HTTP; proved after each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest

from support import api as shops
from support import database
from support.api import Api, refused
from support.crowd import together
from support.things import new_member, signed_in
from tessera.checkout.flows.proof import prove_all

PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR",
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 1, "per_minor": 100},
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
        {"id": "stamp", "mechanic": "fixed_points", "points": 1, "earns": "stamps"},
        {"id": "class", "mechanic": "fixed_points", "points": 1, "earns": "class"},
    ],
    "expiry_days": 90,
    "currencies": {"miles": {"kind": "miles"}, "stamps": {"kind": "stamps"},
                   "class": {"kind": "status"}},
    "transfers": {
        "transfer": {"least": 10, "most": 100, "per_day": 150, "per_month": 150, "step": 5,
                     "fee_percent": 10},
        "gift": {"delay_hours": 24, "keeps_expiry": False},
        "donate": {"causes": {"forest": "Trees"}, "most": 40},
        "exchange": [{"into": "miles", "give": 3, "get": 2},
                     {"of": "stamps", "into": "", "give": 10, "get": 100}],
    },
    "adjustments": {"reasons": {"goodwill": "A gesture"}, "most": 500},
}  # fmt: skip
_serials = count(10)


@pytest.fixture(scope="module")
def shop(server, template) -> Iterator[Api]:
    with shops.fresh(server, template) as api:
        said = api.call("POST", "/v1/program", PROGRAM)
        assert said.status_code == 201, said.text
        yield api


@pytest.fixture
def api(shop) -> Iterator[Api]:
    """The shop; after each test everything is proved."""
    yield shop
    proved(shop)


def proved(api: Api) -> None:
    async def prove() -> list[str]:
        async with await database.connect(api.dsn) as conn:
            return (await prove_all(conn, chain=True)).differences

    assert database.run(prove()) == []


def member(api: Api, points: int = 0) -> dict[str, str]:
    """The card of somebody new who has just bought so many points' worth."""
    card = api.cards[next(_serials)]
    said = api.post("/v1/members", {"identifiers": [{"kind": "card", "value": card}]})
    assert said.status_code == 201, said.text
    if points:
        buy(api, card, points)
    return {"card": card}


def buy(api: Api, card: str, points: int, **more: Any) -> dict[str, Any]:
    lines = [{"sku": "HAM", "quantity": 1, "unit_minor": points * 100}]
    said = api.post("/v1/receipts", api.basket(card=card, lines=lines, total_minor=points * 100,
                                               **more))  # fmt: skip
    assert said.status_code == 201, said.text
    return said.json()


def there(api: Api, who: dict[str, str]) -> tuple[int, int]:
    """(points that can be spent, pending ones)."""
    balance = api.post("/v1/identify", who).json()["balance"]
    return balance["available"], balance.get("pending", 0)


def account(api: Api, who: dict[str, str]) -> str:
    return api.post("/v1/identify", who).json()["account_id"]


def lots(api: Api, who: dict[str, str], currency: str = "") -> list[dict[str, Any]]:
    told = api.call("GET", f"/v1/accounts/{account(api, who)}/points").json()
    return next(each["lots"] for each in told["wallets"] if each["currency"] == currency)


def done(said: Any) -> dict[str, Any]:
    assert said.status_code == 201, said.text
    return said.json()


def send(api: Api, sender: Any, receiver: Any, points: int, **more: Any) -> Any:
    return api.post("/v1/transfers", {"sender": sender, "receiver": receiver, "points": points,
                                      **more})  # fmt: skip


def office(api: Api, path: str, **body: Any) -> Any:
    return api.call("POST", f"/v1/{path}", body)


# Between members -------------------------------------------------------------------------------


def test_a_transfer_arrives_less_the_fee_and_expires_when_it_would_have(api):
    anna, berta = member(api, 200), member(api)
    said = done(send(api, anna, berta, 50))
    assert (said["points"], said["fee_points"], said["to_points"]) == (50, 5, 45)
    assert (there(api, anna), there(api, berta)) == ((150, 0), (45, 0))
    assert said["balance"]["available"] == 150
    assert lots(api, berta)[0]["expires_at"] == lots(api, anna)[0]["expires_at"]


def test_a_gift_with_a_delay_is_pending_and_lives_as_new_points(api):
    anna, berta = member(api, 20), member(api)
    done(send(api, anna, berta, 20, kind="gift"))
    assert (there(api, anna), there(api, berta)) == ((0, 0), (0, 20))
    (lot,) = lots(api, berta)
    wait = datetime.fromisoformat(lot["active_from"]) - datetime.now(UTC)
    assert lot["pending"] and timedelta(hours=23) < wait <= timedelta(hours=24)


@pytest.mark.parametrize(
    ("points", "code", "status"),
    [(5, "amount_refused", 422), (52, "amount_refused", 422), (105, "amount_refused", 422),
     (100, "points_short", 409)],
)  # fmt: skip
def test_what_is_too_much_or_too_little_moves_nothing(api, points, code, status):
    anna, berta = member(api, 90), member(api)
    problem = refused(api, lambda: send(api, anna, berta, points))
    assert (problem["code"], problem["status"], problem["field"]) == (code, status, "points")
    assert (there(api, anna), there(api, berta)) == ((90, 0), (0, 0))


def test_the_limit_of_the_day_counts_what_went_before(api):
    anna, berta = member(api, 400), member(api)
    for points in (100, 50):
        done(send(api, anna, berta, points))
    problem = refused(api, lambda: send(api, anna, berta, 10))
    assert (problem["code"], problem["why"]) == (
        "limit_reached", "10 points asked, 150 of 150 are used today"
    )  # fmt: skip


def test_held_points_stay(api):
    anna, berta = member(api, 100), member(api)
    basket = api.basket(card=anna["card"], spend={"points": 60})
    assert api.post("/v1/quotes", {"basket": basket, "hold": True}).status_code == 200
    assert refused(api, lambda: send(api, anna, berta, 50))["code"] == "points_short"
    done(send(api, anna, berta, 40))


def test_who_owes_keeps_as_much_as_is_owed(api):
    anna, berta = member(api), member(api)
    done(office(api, "adjustments", member=anna, points=-30, reason="goodwill", owing=True))
    assert refused(api, lambda: send(api, anna, berta, 10))["code"] == "points_short"
    buy(api, anna["card"], 40)  # 30 of them pay the debt
    done(send(api, anna, berta, 10))
    assert there(api, anna) == (0, 0)


@pytest.mark.parametrize("kind", ["transfer", "gift"])
def test_many_at_once_send_each_point_once(api, kind):
    anna, berta = member(api, 100), member(api, 10)  # both have an account: nobody waits to open it
    said = together(api, [lambda: send(api, anna, berta, 100, kind=kind)] * 64, waiting=3)
    codes = [each.status_code for each in said]
    assert codes.count(201) == 1 and set(codes) <= {201, 409, 503}, codes
    assert there(api, anna) == (0, 0)
    assert sum(there(api, berta)) == (100 if kind == "transfer" else 110)


def test_two_who_send_to_each_other_at_once_do_not_wait_for_ever(api):
    anna, berta = member(api, 50), member(api, 50)
    pairs = [(anna, berta), (berta, anna)] * 2
    calls = [partial(send, api, *pair, 5, kind="gift") for pair in pairs]
    said = together(api, calls, waiting=3)
    assert [each.status_code for each in said] == [201] * 4
    assert sum(there(api, anna)) + sum(there(api, berta)) == 100


def test_the_same_call_again_is_one_transfer(api):
    anna, berta = member(api, 100), member(api)
    body = {"sender": anna, "receiver": berta, "points": 50}
    first, again = (api.post("/v1/transfers", body, key="twice") for _ in range(2))
    assert (first.status_code, again.content) == (201, first.content)
    assert there(api, anna) == (50, 0)


# Who may ---------------------------------------------------------------------------------------


def test_a_till_sends_for_the_card_it_sees_and_in_its_own_store(api):
    anna, berta = member(api, 100), member(api)
    by_account = {"account_id": account(api, anna)}
    problem = refused(api, lambda: send(api, by_account, berta, 10))
    assert (problem["code"], problem["field"]) == ("card_not_shown", "sender.card")
    assert refused(api, lambda: send(api, anna, berta, 10, store="S2"))["code"] == "other_store"
    done(office(api, "transfers", sender=by_account, receiver=berta, points=10))


def test_a_card_that_nobody_registered_receives_and_does_not_send(api):
    anna, card = member(api, 50), {"card": api.cards[next(_serials)]}
    buy(api, card["card"], 30)
    done(send(api, anna, card, 10))
    assert refused(api, lambda: send(api, card, anna, 10))["code"] == "not_registered"


def test_who_is_named_badly_is_said(api):
    anna = member(api, 50)
    assert refused(api, lambda: send(api, anna, anna, 10))["code"] == "same_account"
    nobody = {"account_id": "0199f000-0000-7000-8000-000000000000"}
    problem = refused(api, lambda: send(api, anna, nobody, 10))
    assert (problem["code"], problem["field"]) == ("account_unknown", "receiver.account_id")
    assert refused(api, lambda: send(api, anna, {}, 10))["field"] == "receiver.card"
    blocked = member(api, 50)
    api.call("POST", f"/v1/cards/{blocked['card']}/block", {"reason": "lost"})
    assert refused(api, lambda: send(api, blocked, anna, 10))["code"] == "card_blocked"


# Donations, exchange ---------------------------------------------------------------------------


def test_a_donation_goes_to_a_cause_of_the_program(api):
    anna = member(api, 100)
    said = done(office(api, "donations", member=anna, points=30, cause="forest"))
    assert (said["cause"], said["points"], there(api, anna)) == ("forest", 30, (70, 0))
    for points, cause, code in ((50, "forest", "amount_refused"), (1, "sea", "cause_unknown")):
        body = {"member": anna, "points": points, "cause": cause}
        problem = refused(api, partial(office, api, "donations", **body))
        assert problem["code"] == code


def test_a_donation_of_points_is_matched_once_by_the_rule_of_its_cause(api):
    donate = {"causes": {"forest": "Trees", "school": "A school"}, "event": "donation"}
    match = {"mechanic": "donation_match", "percent": 50}
    fields = {"minor": {"type": "integer"}, "cause": {}}
    api.publish(PROGRAM | {
        "transfers": {"donate": donate}, "events": {"donation": {"fields": fields}},
        "rules": [*PROGRAM["rules"], match | {"id": "f", "cause": "forest"},
                  match | {"id": "s", "cause": "school"}],
    })  # fmt: skip
    anna, berta = member(api, 500), new_member(api)
    buy(api, berta["card"], 500)
    said = done(office(api, "donations", member=anna, points=200, cause="school"))
    mine = {"token": signed_in(api, berta["member_id"]), "key": "one-gift"}
    own = {"points": 40, "cause": "forest"}
    for _ in range(2):
        assert api.call("POST", "/v1/me/donations", own, **mine).status_code == 201
    api.settled()
    for whose, rule, added in ((said["account_id"], "s", 100), (berta["account_id"], "f", 20)):
        (event,) = api.call("GET", f"/v1/accounts/{whose}/events").json()["items"]
        assert (event["type"], event["source"]) == ("donation", "tessera")
        assert [(each["rule"], each["given"]) for each in event["effects"]] == [(rule, added)]
    api.publish(PROGRAM)


def test_an_exchange_leaves_what_fits_no_step(api):
    anna = member(api, 100)
    said = done(office(api, "exchanges", member=anna, points=50, into="miles"))
    assert (said["points"], said["to_points"]) == (48, 32)
    assert there(api, anna) == (52, 0)
    assert [lot["remaining"] for lot in lots(api, anna, "miles")] == [32]


def test_stamps_are_exchanged_and_never_given_and_a_status_neither(api):
    anna, berta = member(api), member(api)
    for _ in range(10):
        buy(api, anna["card"], 1)
    said = done(office(api, "exchanges", member=anna, points=10, of="stamps"))
    assert (said["points"], said["to_points"], there(api, anna)) == (10, 100, (110, 0))
    for currency in ("stamps", "class"):
        problem = refused(api, partial(send, api, anna, berta, 10, currency=currency))
        assert problem["code"] == "currency_stays"
    problem = refused(api, lambda: office(api, "exchanges", member=anna, points=1, of="class"))
    assert problem["code"] == "exchange_not_offered"


# By hand ---------------------------------------------------------------------------------------


def test_points_are_put_in_and_taken_out_for_a_reason(api):
    anna = member(api)
    done(office(api, "adjustments", member=anna, points=50, reason="goodwill",
                expires_at="2099-01-01T00:00:00+01:00"))  # fmt: skip
    assert lots(api, anna)[0]["expires_at"] == "2098-12-31T23:00:00Z"
    done(office(api, "adjustments", member=anna, points=-20, reason="goodwill"))
    assert there(api, anna) == (30, 0)
    for points, reason, code in (
        (-31, "goodwill", "points_short"), (501, "goodwill", "amount_refused"),
        (0, "goodwill", "amount_refused"), (1, "because", "reason_unknown"),
    ):  # fmt: skip
        body = {"member": anna, "points": points, "reason": reason}
        problem = refused(api, partial(office, api, "adjustments", **body))
        assert problem["code"] == code
    done(office(api, "adjustments", member=anna, points=-31, reason="goodwill", owing=True))
    assert api.post("/v1/identify", anna).json()["balance"]["balance"] == -1


@pytest.mark.parametrize("ends", ["9999-12-31T23:59:59-12:00", "2026-01-01T00:00:00Z"])
def test_points_end_in_the_future_within_a_hundred_years(api, ends):
    anna = member(api, 10)
    longer = {"before": "2098-01-01T00:00:00Z", "until": ends}
    for path, times in (("adjustments", {"points": 5, "expires_at": ends}), ("extensions", longer)):
        body = {"member": anna, "reason": "goodwill", **times}
        problem = refused(api, partial(office, api, path, **body))
        assert problem["code"] == "expiry_impossible"


def test_points_live_longer_and_what_they_were_is_written_down(api):
    anna = member(api, 50)
    old = lots(api, anna)[0]["expires_at"]
    body = {"member": anna, "before": "2098-01-01T00:00:00Z", "until": "2099-01-01T00:00:00Z",
            "reason": "goodwill"}  # fmt: skip
    said = done(office(api, "extensions", **body))
    assert (said["points"], lots(api, anna)[0]["expires_at"]) == (50, "2099-01-01T00:00:00Z")
    kept = api.eye.execute(
        "SELECT points, old_expires_at FROM ledger.extension WHERE operation_id = %s",
        [said["operation_id"]],
    ).fetchall()
    assert kept == [(50, datetime.fromisoformat(old))]
    problem = refused(api, lambda: office(api, "extensions", **body))
    assert problem["code"] == "nothing_to_extend"


# Looking ---------------------------------------------------------------------------------------


def test_an_account_tells_what_moved_and_why_page_by_page(api):
    anna, berta = member(api), member(api)
    number = buy(api, anna["card"], 100)["number"]
    done(send(api, anna, berta, 50))
    done(office(api, "adjustments", member=anna, points=5, reason="goodwill"))
    path, word = f"/v1/accounts/{account(api, anna)}/moves", ""
    found: list[dict[str, Any]] = []
    while word is not None:
        page = api.call("GET", f"{path}?limit=2{f'&cursor={word}' if word else ''}").json()
        found, word = found + page["items"], page["next"]
    told = [(each["of"], each["what"], each["change"]) for each in found]
    assert told == [
        ("adjustment", "put in by hand", 5), ("transfer", "spent", -5), ("transfer", "sent", -45),
        ("sale", "earned", 100),
    ]  # fmt: skip
    assert (found[0]["reason"], found[3]["number"]) == ("goodwill", number)
    assert found[2]["other"] == account(api, berta)
    assert sum(change for _, _, change in told) == there(api, anna)[0]
