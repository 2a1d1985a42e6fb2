"""Near matches and the queue of pairs over HTTP: masked, paged, judged once."""

from __future__ import annotations

from uuid import uuid4

import pytest

from support import api as shops
from support.makes.duplicates import pair
from support.things import Things, fresh_card


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        yield shop


@pytest.fixture(scope="module")
def things(api) -> Things:
    return Things(api, {})


def joins(api, given: str, family: str, born: str, *named: tuple[str, str]) -> str:
    who = [{"kind": kind, "value": value} for kind, value in named]
    body = {"given_name": given, "family_name": family, "born_on": born, "identifiers": who}
    said = api.call("POST", "/v1/members", body)
    assert said.status_code == 201, said.text
    return said.json()["member_id"]


def test_a_till_sees_who_is_like_somebody_and_no_more(api):
    card = fresh_card(api)
    anna = joins(api, "Anna", "Rossi", "1984-02-29", ("card", card), ("phone", "+393331234567"))
    asked = {"given_name": "Ana", "family_name": "Rossi", "born_on": "1984-02-29"}
    reach = [{"kind": "phone", "value": "+39 333 1234568"}]
    said = api.post("/v1/duplicates/near", asked | {"identifiers": reach})
    assert said.status_code == 200, said.text
    found = said.json()["items"][0]
    assert found["member"] == {
        "member_id": anna, "name": "Anna R.", "born_year": 1984,
        "identifiers": ["+39\u2022\u2022\u2022\u2022\u2022\u20224567", card],
    }  # fmt: skip
    assert found["grade"] == "likely"
    says = {each["field"]: each["says"] for each in found["evidence"]}
    assert says == {"given": "near", "family": "same", "born": "same", "phone": "near"}
    for secret in ("Rossi", "02-29", "3331234567"):
        assert secret not in said.text
    nobody = {"given_name": "Zoe", "family_name": "Zanetti", "born_on": "1999-09-09"}
    assert api.post("/v1/duplicates/near", nobody).json() == {"items": []}
    assert api.post("/v1/duplicates/near", {}).json() == {"items": []}


def test_what_cannot_be_compared_is_refused(api):
    wrong = [{"kind": "phone", "value": "333"}]
    said = shops.refused(api, lambda: api.post("/v1/duplicates/near", {"identifiers": wrong}))
    assert (said["code"], said["field"]) == ("phone_invalid", "identifiers[0].value")
    said = shops.refused(api, lambda: api.call("GET", "/v1/duplicates?cursor=x"))
    assert said["code"] == "cursor_unknown"


def test_two_people_stay_two(api, things):
    words, body = pair({"reason": "twins"})(things, "own")
    path = f"/v1/duplicates/{words['pair_id']}"
    waiting = api.call("GET", "/v1/duplicates?limit=200").json()["items"]
    assert words["pair_id"] in [each["pair_id"] for each in waiting]
    assert api.call("POST", f"{path}/different", body).json()["verdict"] == "different"
    assert api.call("POST", f"{path}/different", body).status_code == 200
    said = shops.refused(api, lambda: api.call("POST", f"{path}/same", {"reason": "x"}))
    assert said["code"] == "pair_judged"
    waiting = api.call("GET", "/v1/duplicates?limit=200").json()["items"]
    assert words["pair_id"] not in [each["pair_id"] for each in waiting]


def test_one_person_is_merged(api):
    anna = joins(api, "Anna", "Bianchi", "1990-01-02", ("phone", "+393337654321"))
    again = joins(api, "Anna", "Bianci", "1990-01-02", ("email", "anna@example.org"))
    made = str(uuid4())
    api.eye.execute(
        "INSERT INTO members.likely (id, one, other, weight, evidence, found_at)"
        " VALUES (%s, %s, %s, 120, '[]', now())",
        (made, *sorted((anna, again))),
    )
    path = f"/v1/duplicates/{made}/same"
    said = shops.refused(
        api, lambda: api.call("POST", path, {"reason": "twice", "into": str(uuid4())})
    )
    assert said["code"] == "into_other"
    said = api.call("POST", path, {"reason": "twice", "into": again})
    assert said.status_code == 200, said.text
    assert said.json() | {"merge_id": ""} == {
        "pair_id": made, "verdict": "same", "member_id": again, "merge_id": "",
    }  # fmt: skip
    asked = {"given_name": "Anna", "family_name": "Bianchi", "born_on": "1990-01-02"}
    found = api.post("/v1/duplicates/near", asked).json()["items"]
    assert [each["member"]["member_id"] for each in found] == [again]
    assert len(found[0]["member"]["identifiers"]) == 2
