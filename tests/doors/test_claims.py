"""Claims over HTTP: given back to the lots, codes of others, the person; proved after each."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest

from support.api import Api, refused
from support.claims import (
    add,
    differences,
    give,
    hand,
    insist,
    later,
    left,
    lots,
    member,
    mine,
    opened,
    pool,
    reveal,
    reward,
    take,
    taken,
)


@pytest.fixture(scope="module")
def shop(server, template) -> Iterator[Api]:
    with opened(server, template) as api:
        yield api


@pytest.fixture
def api(shop) -> Iterator[Api]:
    """The shop; after each test everything is proved."""
    yield shop
    assert differences(shop.dsn) == []


# Given back --------------------------------------------------------------------------------------


def test_points_go_back_to_the_lots_that_they_came_from(api):
    anna, mug = member(api, 0), reward(api, 5, points=250)
    for points, year in ((100, 2097), (100, 2098), (100, 2099)):
        give(api, anna, points, f"{year}-01-01T00:00:00Z")
    before = lots(api, anna)
    claim = taken(api, anna, mug)
    assert [points for _, points, _ in lots(api, anna)] == [50]
    path = f"/v1/claims/{claim['claim_id']}/cancel"
    named = refused(api, partial(api.call, "POST", path, {"reason": "mia called"}))
    assert named["code"] == "reason_personal", "what the member is called"
    said = api.call("POST", path, {"reason": "broken"})
    assert said.json()["state"] == "cancelled", said.text
    assert lots(api, anna) == before and left(api, mug) == 5
    assert refused(api, lambda: api.call("POST", path, {"reason": "x"}))["code"] == "claim_closed"


def test_points_of_a_merged_member_come_back_to_where_their_lots_are(api):
    anna, berta, mug = member(api, 300), member(api, 50), reward(api)
    claim = taken(api, anna, mug)
    body = {"other": anna["member_id"], "keep": "member", "reason": "one person"}
    said = api.call("POST", f"/v1/members/{berta['member_id']}/merge", body)
    assert said.is_success, said.text
    assert mine(api, berta, claim)["state"] == "issued", "it is hers now"
    path = f"/v1/me/claims/{claim['claim_id']}/cancel"
    assert api.call("POST", path, token=berta["token"]).is_success
    assert sum(points for _, points, _ in lots(api, berta)) == 350


def test_what_was_not_paid_in_time_is_undone_and_what_was_not_fetched_is_gone(api):
    anna = member(api)
    dear, mug = reward(api, 2, money_minor=500), reward(api, 2, days=7)
    first, second = taken(api, anna, dear), taken(api, anna, mug)
    assert (first["state"], first["owed_minor"]) == ("reserved", 500)
    assert later(api, first, days=2) == "reserved"
    assert later(api, first, days=4) == "expired"
    assert later(api, first, days=4) == "expired", "once"
    assert sum(points for _, points, _ in lots(api, anna)) == 900
    assert later(api, second, days=8) == "expired" and left(api, mug) == 2
    assert sum(points for _, points, _ in lots(api, anna)) == 900


def test_money_is_taken_before_it_is_handed_over(api):
    anna, dear = member(api), reward(api, money_minor=500)
    claim = taken(api, anna, dear)
    code = mine(api, anna, claim)["code"]
    assert api.post("/v1/claims/check", {"code": code}).json()["owed_minor"] == 500
    assert refused(api, lambda: hand(api, code))["code"] == "claim_unpaid"
    done = hand(api, code, paid=True).json()
    assert done["state"] == "used"
    paid = taken(api, anna, dear)
    path = f"/v1/claims/{paid['claim_id']}"
    assert api.call("POST", f"{path}/state", {"to": "paid"}).json()["state"] == "issued"
    mark = partial(api.call, "POST", f"{path}/state", {"to": "paid"})
    assert refused(api, mark)["code"] == "claim_paid"
    alone = f"/v1/me/claims/{paid['claim_id']}/cancel"
    stays = partial(api.call, "POST", alone, token=anna["token"])
    assert refused(api, stays)["code"] == "claim_stays"
    back = api.call("POST", f"{path}/cancel", {"reason": "changed her mind"}).json()
    assert (back["state"], back["give_back_minor"]) == ("cancelled", 500)


def test_what_is_sent_is_sent_once_and_is_owed_when_cancelled(api):
    anna, box = member(api), reward(api, sent=True)
    claim = taken(api, anna, box)
    assert claim["state"] == "reserved"
    path = f"/v1/claims/{claim['claim_id']}"
    sent = partial(api.call, "POST", f"{path}/state", {"to": "sent"})
    assert sent().json()["state"] == "issued"
    assert refused(api, sent)["code"] == "claim_not_sent"
    told = api.call("POST", f"{path}/cancel", {"reason": "lost on the way"}).json()
    assert told["receivable_minor"] == 250


def test_a_privilege_counts_its_uses_and_a_donation_is_given(api):
    anna = member(api)
    lounge = reward(api, kind="privilege", privilege="upgrade", days=30)
    claim = taken(api, anna, lounge)
    code = mine(api, anna, claim)["code"]
    assert [hand(api, code).json()["uses"] for _ in range(2)] == [1, 2]
    assert later(api, claim, days=31) == "expired"
    trees = reward(api, kind="donation", cause="Trees")
    assert taken(api, anna, trees)["state"] == "used"
    own = reward(api, points=10, currency="miles")
    assert refused(api, lambda: take(api, anna, own))["code"] == "points_short"


def test_what_is_out_of_the_house_is_not_claimed_again(api):
    """Sent goods and a used privilege that are cancelled; at no cost too."""
    anna = member(api)
    box = reward(api, 1, sent=True, cost_minor=0)
    sent = taken(api, anna, box)
    path = f"/v1/claims/{sent['claim_id']}"
    assert api.call("POST", f"{path}/state", {"to": "sent"}).is_success
    assert api.call("POST", f"{path}/cancel", {"reason": "lost"}).json()["state"] == "cancelled"
    lounge = reward(api, 1, kind="privilege", privilege="upgrade", days=30)
    used = taken(api, anna, lounge)
    assert hand(api, mine(api, anna, used)["code"]).is_success
    assert api.call("POST", f"/v1/claims/{used['claim_id']}/cancel", {}).is_success
    for gone in (box, lounge):
        assert left(api, gone) == 0
        assert refused(api, partial(take, api, anna, gone))["code"] == "reward_gone"


def test_a_limit_counts_what_was_had_although_its_time_is_over(api):
    anna = member(api)
    cinema = pool(api, ["L-1", "L-2"])
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert add(api, cinema, ["L-0"], expires_at=soon).is_success
    ticket = reward(api, kind="code", pool=cinema, most=1)
    lounge = reward(api, kind="privilege", privilege="upgrade", days=1, most=1)
    seen, used = taken(api, anna, ticket), taken(api, anna, lounge)
    assert reveal(api, anna, seen).is_success
    assert hand(api, mine(api, anna, used)["code"]).is_success
    for claim, code in ((seen, ticket), (used, lounge)):
        assert later(api, claim, 2) == "expired"
        assert refused(api, partial(take, api, anna, code))["code"] == "reward_limit"
    dear = reward(api, money_minor=500, most=1)
    assert later(api, taken(api, anna, dear), 4) == "expired"
    assert taken(api, anna, dear), "nothing was paid, nothing was had"


def test_nobody_gives_back_what_is_out_of_time(api):
    anna, mug = member(api), reward(api, 1, days=1)
    claim = taken(api, anna, mug)
    api.eye.execute(
        "UPDATE rewards.claim SET ends_at = now() - interval '1 hour' WHERE id = %s",
        (claim["claim_id"],),
    )
    own = partial(api.call, "POST", f"/v1/me/claims/{claim['claim_id']}/cancel",
                  token=anna["token"])  # fmt: skip
    staff = partial(api.call, "POST", f"/v1/claims/{claim['claim_id']}/cancel", {})
    assert refused(api, own)["code"] == refused(api, staff)["code"] == "claim_closed"
    assert later(api, claim, 0) == "expired"
    assert sum(points for _, points, _ in lots(api, anna)) == 900


# Codes of others ---------------------------------------------------------------------------------


def test_a_code_comes_in_once_and_is_seen_by_its_member_alone(api):
    cinema = pool(api, ["KINO-1", "KINO-2"])
    assert add(api, cinema, ["KINO-2", "KINO-3", "KINO-3"]).json() == {"added": 1, "again": 2}
    ticket = reward(api, kind="code", pool=cinema)
    assert left(api, ticket) == 3
    anna, berta = member(api), member(api)
    claim = taken(api, anna, ticket)
    assert "secret" not in mine(api, anna, claim) and mine(api, anna, claim)["sealed"]
    assert reveal(api, berta, claim).status_code == 404
    assert "KINO" not in reveal(api, anna, claim).text, "answers are kept: it is read apart"
    secret = mine(api, anna, claim)["secret"]
    assert secret in {"KINO-1", "KINO-2", "KINO-3"}
    assert "KINO" not in api.call("GET", f"/v1/claims/{claim['claim_id']}").text
    (found,) = api.eye.execute(
        "SELECT count(*) FROM rewards.pool_code WHERE encode(sealed, 'escape') LIKE '%KINO%'"
    ).fetchone()
    assert found == 0
    (row,) = [each for each in api.call("GET", "/v1/pools").json()["items"]
              if each["code"] == cinema]  # fmt: skip
    assert (row["free"], row["codes"], row["low"]) == (2, 3, True)


def test_a_code_that_was_seen_stays_away_an_unseen_one_comes_back(api):
    ticket = reward(api, kind="code", pool=pool(api, ["A-1", "A-2"]))
    anna = member(api)
    first, second = taken(api, anna, ticket), taken(api, anna, ticket)
    assert refused(api, lambda: take(api, anna, ticket))["code"] == "reward_gone"
    assert reveal(api, anna, first).is_success
    alone = partial(api.call, "POST", f"/v1/me/claims/{first['claim_id']}/cancel",
                    token=anna["token"])  # fmt: skip
    assert refused(api, alone)["code"] == "claim_stays"
    told = api.call("POST", f"/v1/claims/{first['claim_id']}/cancel", {"reason": "x"}).json()
    assert told["receivable_minor"] == 250 and left(api, ticket) == 0
    told = api.call("POST", f"/v1/claims/{second['claim_id']}/cancel", {"reason": "x"}).json()
    assert "receivable_minor" not in told and left(api, ticket) == 1
    assert sum(points for _, points, _ in lots(api, anna)) == 1000


def test_codes_that_are_too_old_are_not_had(api):
    cinema = pool(api, ["B-1"])
    past = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert add(api, cinema, ["B-2"], expires_at=past).json()["code"] == "codes_expired"
    soon = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert add(api, cinema, ["B-3"], expires_at=soon).is_success
    ticket, anna = reward(api, kind="code", pool=cinema), member(api)
    assert taken(api, anna, ticket)["ends_at"], "the one that ends first goes first"
    assert "ends_at" not in taken(api, anna, ticket)
    assert add(api, cinema, ["B-4"], expires_at="9999-12-31T23:59:59-14:00").is_success
    assert "ends_at" not in taken(api, anna, ticket), "such a day is no end"


def test_nobody_pays_for_a_code_that_is_too_old(api):
    anna, cinema = member(api), pool(api, ["D-0"])
    soon = datetime.now(UTC) + timedelta(days=1)
    assert add(api, cinema, ["D-1"], expires_at=soon.isoformat()).is_success
    ticket = reward(api, kind="code", pool=cinema, money_minor=500, pay_days=7)
    claim = taken(api, anna, ticket)
    assert datetime.fromisoformat(claim["ends_at"]) == soon, "before its seven days are over"
    pay = partial(api.call, "POST", f"/v1/claims/{claim['claim_id']}/state", {"to": "paid"})
    api.eye.execute("UPDATE rewards.claim SET ends_at = now() WHERE id = %s", (claim["claim_id"],))
    named = refused(api, pay)
    assert (named["code"], "not paid in time" in named["why"]) == ("claim_closed", True)
    assert later(api, claim, 2) == "expired"
    assert sum(points for _, points, _ in lots(api, anna)) == 1000


def test_a_claim_that_outlives_its_code_is_not_paid_but_cancelled(api):
    """As claims were made before they ended with their codes."""
    anna, cinema = member(api), pool(api, ["E-1"])
    claim = taken(api, anna, reward(api, kind="code", pool=cinema, money_minor=500))
    api.eye.execute("UPDATE rewards.pool_code SET expires_at = now() WHERE pool = %s", (cinema,))
    path = f"/v1/claims/{claim['claim_id']}"
    named = refused(api, partial(api.call, "POST", f"{path}/state", {"to": "paid"}))
    assert (named["code"], "no longer good" in named["why"]) == ("claim_closed", True)
    assert api.call("POST", f"{path}/cancel", {"reason": "x"}).json()["state"] == "cancelled"
    assert sum(points for _, points, _ in lots(api, anna)) == 1000


def test_the_last_ten_codes_go_to_ten(api):
    everybody = [member(api, 400) for _ in range(16)]
    cinema = pool(api, [f"C-{n}" for n in range(10)])
    ticket = reward(api, kind="code", pool=cinema)
    with ThreadPoolExecutor(64) as threads:
        said = list(threads.map(lambda who: insist(api, who, ticket), everybody * 4))
    codes = [each.status_code for each in said]
    assert codes.count(201) == 10 and codes.count(409) == 54
    seen = [
        (who, each.json()) for who, each in zip(everybody * 4, said, strict=True)
        if each.status_code == 201
    ]  # fmt: skip
    for who, claim in seen:
        assert reveal(api, who, claim).is_success
    assert len({mine(api, who, claim)["secret"] for who, claim in seen}) == 10


# The person --------------------------------------------------------------------------------------


def test_an_export_knows_claims_and_wishes_and_an_erasure_takes_what_is_the_person_s(api):
    anna, mug, box = member(api), reward(api), reward(api)
    claim = taken(api, anna, mug)
    code = mine(api, anna, claim)["code"]
    assert api.call("POST", "/v1/me/wishes", {"reward": box}, token=anna["token"]).is_success
    said = api.call("POST", "/v1/me/export", {"form": "data"}, token=anna["token"])
    held = said.json()["held"]
    assert [each["reward"] for each in held["claims"]] == [mug]
    assert [each["reward"] for each in held["wishes"]] == [box]
    path = f"/v1/members/{anna['member_id']}/erase"
    said = api.call("POST", path, {"reason": "asked"})
    assert said.is_success, said.text
    wishes = api.eye.execute(
        "SELECT count(*) FROM rewards.wish WHERE member_id = %s", (anna["member_id"],)
    )
    assert wishes.fetchone() == (0,)
    path = f"/v1/claims/{claim['claim_id']}"
    assert api.call("GET", path).json()["state"] == "issued", "the row stays"
    assert hand(api, code).is_success, "whoever has the paper may still fetch it"


# The proof ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE rewards.claim SET points = points + 1", "points are its price"),
        ("UPDATE rewards.reward SET taken = taken + 1 WHERE stock IS NULL", "are taken, "),
        ("UPDATE rewards.claim SET back_id = NULL WHERE back_id IS NOT NULL", "gave"),
        ("UPDATE rewards.pool_code SET claim_id = NULL", "it has no code of its pool"),
    ],
)
def test_tampering_is_named(api, change, named):
    anna = member(api)
    ticket = reward(api, kind="code", pool=pool(api, [uuid4().hex]))
    taken(api, anna, ticket)
    claim = taken(api, anna, reward(api, 5))
    assert api.call("POST", f"/v1/claims/{claim['claim_id']}/cancel", {}).is_success
    api.eye.execute("CREATE TABLE kept_claim AS TABLE rewards.claim")
    api.eye.execute("CREATE TABLE kept_code AS TABLE rewards.pool_code")
    try:
        api.eye.execute(change)
        assert any(named in each for each in differences(api.dsn))
    finally:
        api.eye.execute("UPDATE rewards.claim AS c SET points = k.points, back_id = k.back_id"
                        " FROM kept_claim AS k WHERE c.id = k.id")  # fmt: skip
        api.eye.execute(
            "UPDATE rewards.pool_code AS c SET claim_id = k.claim_id"
            " FROM kept_code AS k WHERE (c.pool, c.mark) = (k.pool, k.mark)"
        )
        api.eye.execute(
            "UPDATE rewards.reward AS r SET taken = (SELECT count(*) FROM rewards.claim AS c"
            " WHERE c.reward = r.code AND (c.state IN ('reserved', 'issued', 'used')"
            " OR c.uses > 0 OR c.revealed_at IS NOT NULL OR EXISTS (SELECT FROM"
            " rewards.claim_step AS s WHERE s.claim_id = c.id AND s.did = 'sent')))"
        )
        api.eye.execute("DROP TABLE kept_claim, kept_code")
