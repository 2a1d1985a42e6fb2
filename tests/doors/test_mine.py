"""What a member sees of his own: nobody else's, and nothing of a hidden rule."""

from __future__ import annotations

from uuid import uuid4

import pytest

from support import api as shops
from support.api import Api
from support.things import signed_in

CANARY = "cAnArY"
PROGRAM = {
    "name": "Mine", "currency": "EUR",
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
        {"id": f"{CANARY}-1", "name": CANARY, "mechanic": "first_time", "hidden": True,
         "categories": ["x"], "prize": {"points": 3, "title": CANARY}},
        {"id": f"{CANARY}-2", "name": CANARY, "mechanic": "surprise", "hidden": True,
         "prize": {"points": 5, "title": CANARY}, "caps": [{"per": "receipt", "most": 1}]},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        said = shop.call("POST", "/v1/program", PROGRAM)
        assert said.status_code == 201, said.text
        yield shop


def member(api: Api, card: str) -> str:
    """A member with this card; the token of the session."""
    body = {"identifiers": [{"kind": "card", "value": card}]}
    return signed_in(api, api.call("POST", "/v1/members", body).json()["member_id"])


def test_my_points_and_receipts_are_mine_and_hidden_rules_leave_no_trace(api):
    mine, other = api.cards[200], api.cards[201]
    token, stranger = member(api, mine), member(api, other)
    sold = [api.post("/v1/receipts", api.basket(card=mine)).json() for _ in range(3)]
    theirs = api.post("/v1/receipts", api.basket(card=other)).json()["id"]
    points = api.call("GET", "/v1/me/points", token=token).json()
    earned = sum(each["points_earned"] for each in sold)
    assert earned > 3 * 23, "the hidden one gave too"
    assert points["wallets"][0]["balance"]["balance"] == earned
    seen, cursor = [], ""
    while cursor is not None:
        said = api.call("GET", f"/v1/me/receipts?limit=2{cursor}", token=token).json()
        seen += [each["id"] for each in said["items"]]
        cursor = said["next"] and f"&cursor={said['next']}"
    assert seen == [each["id"] for each in reversed(sold)]
    texts = []
    for receipt_id in seen:
        said = api.call("GET", f"/v1/me/receipts/{receipt_id}", token=token)
        assert said.status_code == 200
        texts.append(said.text)
        assert "for you" in said.text and CANARY not in said.text and "surprise" not in said.text
        staff = api.call("GET", f"/v1/receipts/{receipt_id}").text
        assert CANARY in staff, "the canary sings where it may"
    assert CANARY not in api.call("GET", "/v1/me/receipts", token=token).text
    answers = [api.call("GET", f"/v1/me/receipts/{i}", token=token) for i in (theirs, uuid4())]
    assert {each.status_code for each in answers} == {404}
    assert answers[0].content == answers[1].content, "another's is as good as none"
    assert api.call("GET", f"/v1/me/receipts/{theirs}", token=stranger).status_code == 200


@pytest.mark.parametrize(
    ("language", "open_", "hidden"),
    [("it", "punti: 2 ogni 1,00", "per te"), ("pl", "za każde 1,00", "dla Ciebie"),
     ("ru", "за каждые 1,00", "для вас"), ("zh", "每€1.00得2分", "送您"),
     ("en", "points: 2 for every 1.00", "for you")],
)  # fmt: skip
def test_a_receipt_is_told_in_the_member_s_language(api, language, open_, hidden):
    card = api.cards[220 + ["en", "it", "pl", "ru", "zh"].index(language)]
    token = member(api, card)
    said = api.call("PATCH", "/v1/me", {"language": language}, token=token)
    assert said.status_code == 200, said.text
    sold = api.post("/v1/receipts", api.basket(card=card)).json()
    assert any("for every" in line for line in sold["screen"]), "the till reads English"
    told = api.call("GET", f"/v1/me/receipts/{sold['id']}", token=token).json()
    listed = api.call("GET", "/v1/me/receipts", token=token).json()["items"][0]
    assert told["effects"] == listed["effects"]
    screens = " ".join(each["screen"] for each in told["effects"])
    assert open_ in screens and hidden in screens, screens
    assert (language == "en") == ("points" in screens)


def test_a_member_s_token_opens_nothing_else(api):
    token = member(api, api.cards[210])
    for path in ("/v1/members", "/v1/keys", "/v1/stores", f"/v1/receipts/{uuid4()}"):
        assert api.call("GET", path, token=token).status_code == 403
    assert api.call("GET", "/v1/me/points").status_code == 403, "nor a key a member's own"
