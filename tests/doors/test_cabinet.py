"""What the cabinet asks: the pass, open rules, points given away, what happened; no trace."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from support import home
from support.home import PROGRAM, at_home, fresh_card, mail, points_of
from support.proving import differences
from tessera.doors.web.kept import Kept

SECRET = "hush-hush"
RULES = [
    {"id": "pay", "mechanic": "pay_with_points", "points": 2, "worth_minor": 1},
    {"id": "fifth", "name": "Coffee", "mechanic": "every_nth_purchase", "n": 5,
     "prize": {"gift": "COFFEE"}},
    {"id": "row", "name": "Weeks", "mechanic": "fixed_points", "points": 5,
     "when": {"streak": {"at_least": 3}}},
    {"id": "over", "mechanic": "fixed_points", "points": 5, "ends": "2020-01-01"},
    {"id": "italian", "mechanic": "fixed_points", "points": 5, "when": {"language": ["it"]}},
    {"id": "polish", "mechanic": "fixed_points", "points": 5, "when": {"language": ["pl"]}},
]  # fmt: skip
HIDDEN = [
    {"id": SECRET, "name": SECRET, "mechanic": "every_nth_purchase", "n": 7, "hidden": True,
     "prize": {"gift": "SECRETGIFT"}},
    {"id": "leans", "name": "leans-on-it", "mechanic": "fixed_points", "points": 4242,
     "when": {"rule_gave": SECRET}},
]  # fmt: skip
MORE = PROGRAM | {
    "households": {}, "expiry_days": 20,
    "transfers": {"transfer": {"most": 300, "per_day": 300, "code_above": 100},
                  "gift": {"fee_percent": 10, "delay_hours": 24},
                  "donate": {"causes": {"forest": "Trees"}}},
    "rules": [*PROGRAM["rules"], *RULES],
}  # fmt: skip


@pytest.fixture(scope="module")
def web(server, template, tmp_path_factory):
    with at_home(server, template, tmp_path_factory.mktemp("outbox")) as web:
        web.api.publish(MORE)
        yield web


@pytest.fixture
def me(web):
    """Somebody who joined, with 100 points of the welcome and 400 of the staff."""
    joined = web.afresh().joined(card=fresh_card(web.api))
    web.quiet()
    me = joined | {"card": web.get("/v1/me/home", joined["token"])["card"]}
    told = {"member": {"card": me["card"]}, "points": 400, "reason": "goodwill"}
    assert web.api.call("POST", "/v1/adjustments", told).is_success
    return me


def test_the_first_page_says_who_and_where_the_points_stand(web, me):
    told = web.get("/v1/me/home", me["token"])
    points = web.get("/v1/me/points", me["token"])["wallets"][0]
    assert told["given_name"] == "Mario" and told["card"] == me["card"]
    assert told["balance"] == points["balance"] and told["balance"]["balance"] == 500
    assert told["worth_minor"] == 250 and told["currency"] == "EUR"
    assert told["expiring"]["points"] == 500
    on = datetime.fromisoformat(told["expiring"]["on"]).date()
    assert on in {(datetime.now(UTC) + timedelta(days=each)).date() for each in (19, 20, 21)}


def pass_of(web, me, language="en"):
    told = {"cookie": f"tessera_m={me['token']}", "accept-language": language}
    page = httpx.get(f"{web.api.url}/m", headers=told)
    assert page.status_code == 200
    return page.text


def test_a_page_that_would_be_the_same_is_not_made_again_and_one_that_would_not_is(web, me):
    first = pass_of(web, me)
    assert "500" in first and pass_of(web, me) == first
    assert pass_of(web, me, "it") != first and pass_of(web, me) == first
    told = {"member": {"card": me["card"]}, "points": 77, "reason": "goodwill"}
    assert web.api.call("POST", "/v1/adjustments", told).is_success
    second = pass_of(web, me)
    assert "577" in second and second != first
    assert pass_of(web, me) == second


def test_pages_are_kept_up_to_a_number_those_that_are_asked_for_longest():
    kept = Kept(most=2)
    kept.keep("a", b"A")
    kept.keep("b", b"B")
    assert kept.get("a") == b"A"
    kept.keep("c", b"C")
    assert [kept.get(each) for each in "abc"] == [b"A", None, b"C"]


def rules_of(web, me):
    return {each["rule"]: each for each in web.get("/v1/me/rules", me["token"])["items"]}


def test_open_rules_say_how_near_one_is(web, me):
    told = rules_of(web, me)
    assert (told["fifth"]["lacking"], told["fifth"]["of"]) == (4, 5)
    assert told["fifth"]["why"] == "4 more purchases: every 5th counts"
    assert (told["row"]["lacking"], told["row"]["of"]) == (3, 3)
    assert web.api.post("/v1/receipts", web.api.basket(card=me["card"])).is_success
    told = rules_of(web, me)
    assert told["fifth"]["lacking"] == 3 and told["row"]["lacking"] == 2
    assert "every 5th purchase" in told["fifth"]["gives"]


def test_rules_for_others_are_not_shown(web, me):
    told = rules_of(web, me)
    assert "italian" in told and not {"polish", "over", "pay", "welcome"} & set(told)
    assert "language" not in told["italian"]["gives"], "why it is for him is not said"


def test_a_hidden_rule_leaves_no_trace(web, me):
    """Not a byte of what a member can read differs but the version's number and the moments."""

    def all_bytes() -> list[str]:
        paths = ("home", "rules", "points", "inbox", "ways", "receipts", "choices", "household")
        told = [web.api.call("GET", f"/v1/me/{path}", token=me["token"]).text for path in paths]
        return [re.sub(r'"program_version":\d+', "", each) for each in told]

    before = all_bytes()
    web.api.publish(MORE | {"rules": [*MORE["rules"][:2], *HIDDEN, *MORE["rules"][2:]]})
    try:
        assert all_bytes() == before
        assert web.api.post("/v1/receipts", web.api.basket(card=me["card"])).is_success
        told = "".join(all_bytes())
        assert SECRET not in told and "leans" not in told and "SECRETGIFT" not in told
    finally:
        web.api.publish(MORE)


def give(web, me, **body):
    receiver = body.pop("receiver", {"kind": "phone", "value": f"+39 333 {home.digits()}"})
    told = {"receiver": receiver, "points": 50} | body
    return web.post("/v1/me/transfers", told, me["token"])


def test_points_go_to_a_card(web, me):
    other = web.afresh().joined(card=fresh_card(web.api))
    web.quiet()
    card = web.get("/v1/me/home", other["token"])["card"]
    before = points_of(web, other["token"])
    said = give(web, me, receiver={"kind": "card", "value": card})
    assert said.status_code == 201 and said.json()["balance"]["balance"] == 450
    assert points_of(web, other["token"]) == before + 50
    told = web.get("/v1/me/inbox", other["token"])["items"]
    assert ("received", 50) in {(each["kind"], each["points"]) for each in told}


def test_nobody_is_told_whether_a_phone_is_somebodys(web, me):
    phone = {"kind": "phone", "value": f"+39 333 {home.digits()}"}
    known = web.afresh().joined(contact=phone)
    web.quiet()
    answers = [give(web, me, receiver=phone), give(web, me)]
    told = [each.json() for each in answers]
    assert [each.status_code for each in answers] == [201, 201]
    for each in told:
        assert set(each) == {"operation_id", "points", "arrives", "fee_points", "balance"}
        each.pop("operation_id"), each.pop("balance")
    assert told[0] == told[1]
    assert points_of(web, known["token"]) == 150


def test_what_members_give_away_is_no_difference_to_the_proof(web, me):
    assert give(web, me).status_code == 201
    trees = {"points": 30, "cause": "forest"}
    assert web.post("/v1/me/donations", trees, me["token"]).status_code == 201
    assert differences(web.api.dsn) == []


def test_what_goes_to_nobodys_phone_waits_for_who_joins_with_it(web, me):
    phone = {"kind": "phone", "value": f"+39 333 {home.digits()}"}
    assert give(web, me, receiver=phone).status_code == 201
    joined = web.afresh().joined(contact=phone)
    web.quiet()
    assert joined["joined"] and joined["history"]
    assert points_of(web, joined["token"]) == 150


def test_what_is_not_there_is_refused_before_anybody_is_looked_for(web, me):
    """So neither words nor time tell whether a phone is somebody's, for no points at all."""
    known = {"kind": "phone", "value": f"+39 333 {home.digits()}"}
    web.afresh().joined(contact=known)
    poor = web.afresh().joined(card=fresh_card(web.api))
    web.quiet()
    own = {"kind": "card", "value": web.get("/v1/me/home", poor["token"])["card"]}
    nobodys = {"kind": "phone", "value": f"+39 333 {home.digits()}"}
    not_issued = {"kind": "card", "value": "2900000000010"}
    there = points_of(web, poor["token"])
    before = web.api.rows()["members.member"]
    for receiver in (known, nobodys, own, not_issued):
        assert give(web, poor, receiver=receiver, points=there + 1).json()["code"] == "points_short"
        assert give(web, poor, receiver=receiver, points=301).json()["code"] == "amount_refused"
    assert web.api.rows()["members.member"] == before
    assert give(web, poor, receiver=own, points=there).json()["code"] == "same_account"


def test_a_present_arrives_later_and_less_the_fee(web, me):
    said = give(web, me, kind="gift").json()
    assert (said["arrives"], said["fee_points"]) == (45, 5) and said["arrives_at"]


def test_limits_hold(web, me):
    api, token = web.api, me["token"]
    before = points_of(web, token)
    assert give(web, me, points=301).json()["code"] in ("amount_refused", "proof_needed")
    assert give(web, me, points=10**6).status_code >= 400
    own = {"kind": "card", "value": me["card"]}
    assert give(web, me, receiver=own).json()["code"] == "same_account"
    bad = {"kind": "card", "value": "2900000000010"}
    assert give(web, me, receiver=bad).json()["code"] == "card_not_issued"
    assert points_of(web, token) == before
    assert api.call("POST", "/v1/me/donations", {"points": 30, "cause": "forest"},
                    token=token).json()["balance"]["balance"] == before - 30  # fmt: skip


def test_more_points_want_a_fresh_proof(web, me):
    with web.api.eye.transaction():
        web.api.eye.execute(
            "UPDATE access.person_session SET proved_at = proved_at - interval '1 hour'"
        )
    home.wait(lambda: not web.get("/v1/me/ways", me["token"])["fresh"])
    assert give(web, me, points=100).status_code == 201
    assert give(web, me, points=101).json()["code"] == "proof_needed"
    sent = web.afresh().post("/v1/me/proof", {}, me["token"]).json()
    assert "•" in sent["to"]
    path = f"/v1/me/proof/{sent['challenge_id']}"
    assert web.api.call("POST", path, {"code": "000000"}, token=me["token"]).status_code == 403
    code = {"code": web.code(sent["challenge_id"])}
    assert web.api.call("POST", path, code, token=me["token"]).is_success
    assert give(web, me, points=101).status_code == 201


def test_all_of_it_is_taken_or_erased_only_by_who_has_just_proved(web, me):
    with web.api.eye.transaction():
        web.api.eye.execute(
            "UPDATE access.person_session SET proved_at = proved_at - interval '1 hour'"
        )
    home.wait(lambda: not web.get("/v1/me/ways", me["token"])["fresh"])
    for path, body in (("/v1/me/export", {}), ("/v1/me/erase", None)):
        said = web.post(path, body, me["token"])
        assert (said.status_code, said.json()["code"]) == (403, "sign_in_stale")
    sent = web.afresh().post("/v1/me/proof", {}, me["token"]).json()
    code = {"code": web.code(sent["challenge_id"])}
    path = f"/v1/me/proof/{sent['challenge_id']}"
    assert web.api.call("POST", path, code, token=me["token"]).is_success
    assert web.post("/v1/me/export", {}, me["token"]).json()["held"]
    assert web.post("/v1/me/erase", None, me["token"]).is_success


def test_a_number_that_spends_is_made_only_for_who_has_just_proved(web, me):
    """The one there is is told to any session, as the code is: a pass is shown at every visit."""
    bare = web.afresh().joined(contact=mail())["token"]
    with web.api.eye.transaction():
        web.api.eye.execute(
            "UPDATE access.person_session SET proved_at = proved_at - interval '1 hour'"
        )
    home.wait(lambda: not web.get("/v1/me/ways", bare)["fresh"])
    home.wait(lambda: not web.get("/v1/me/ways", me["token"])["fresh"])
    said = web.post("/v1/me/number", None, bare)
    assert (said.status_code, said.json()["code"]) == (403, "sign_in_stale")
    assert web.post("/v1/me/number", None, me["token"]).json()["card"] == me["card"]
    assert web.api.call("POST", f"/v1/cards/{me['card']}/block", {"reason": "lost"}).is_success
    said = web.post("/v1/me/number", None, me["token"])
    assert said.json()["code"] == "sign_in_stale", "who blocked it would not see the next one"


def test_who_has_no_card_gets_a_number_once(web):
    me = web.afresh().joined(contact=mail())
    assert web.get("/v1/me/home", me["token"])["card"] is None
    said = web.post("/v1/me/number", None, me["token"])
    assert said.json()["code"] == "no_numbers"
    batch = {"prefix": "24", "count": 2, "label": "phone"}
    assert web.api.call("POST", "/v1/card-batches", batch).is_success
    number = web.post("/v1/me/number", None, me["token"]).json()["card"]
    assert number == "2400000000000" or number.startswith("24")
    assert web.post("/v1/me/number", None, me["token"]).json()["card"] == number
    assert web.get("/v1/me/home", me["token"])["card"] == number
    other = web.afresh().joined(contact=mail())
    assert web.post("/v1/me/number", None, other["token"]).json()["card"] != number


def test_the_inbox_is_told_and_read(web, me):
    told = web.get("/v1/me/inbox", me["token"])
    kinds = {each["kind"] for each in told["items"]}
    assert {"adjusted", "expiring", "earned"} <= kinds and told["unread"] == len(told["items"])
    assert web.post("/v1/me/inbox/read", None, me["token"]).is_success
    assert web.get("/v1/me/inbox", me["token"])["unread"] == 0


def test_somebody_is_invited_by_the_card(web, me):
    other = web.afresh().joined(card=fresh_card(web.api))
    card = web.get("/v1/me/home", other["token"])["card"]
    assert web.post("/v1/me/household", None, me["token"]).status_code == 201
    path = "/v1/me/household/invitations"
    wrong = web.post(path, {"card": "2900000009990"}, me["token"])
    assert wrong.json()["code"] == "member_unknown"
    assert web.post(path, {"card": card}, me["token"]).status_code == 201
    told = web.get("/v1/me/inbox", other["token"])["items"]
    assert "invited" in {each["kind"] for each in told}
