"""A merge is undone: each person has again exactly what was hers, and nobody what was another's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import convert
from msgspec.structs import replace

from support import api as shops
from support.api import Api, refused
from support.home import slip_of
from support.things import signed_in
from tessera.base.ids import new_id
from tessera.identity.merging import flows
from tessera.members.removing.flows import id_of
from tessera.warehouse.core import Identifier

_serials = count(500)
PROGRAM: dict[str, Any] = {
    "name": "Test", "currency": "EUR", "rules": [],
    "attributes": {"diet": {"type": "text", "member": "sets"},
                   "size": {"type": "text", "member": "sets"}},
    "choices": {"drink": {"options": {"tea": "Tea", "milk": "Milk"}, "most": 1},
                "meal": {"options": {"soup": "Soup", "cake": "Cake"}, "most": 1}},
    "consents": {
        "purposes": {"news": {"wording": "v1", "wordings": {"v1": {"en": "May we write?"}},
                              "channels": ["sms", "email"]}},
        "confirm": ["email"],
    },
}  # fmt: skip
YES = {"consents": [{"purpose": "news", "channel": each, "given": True}
                    for each in ("email", "sms")], "proof": "form-7"}  # fmt: skip
Named = dict[str, str]


@pytest.fixture(scope="module")
def api(server, template) -> Iterator[Api]:
    with shops.fresh(server, template) as shop:
        shop.publish(PROGRAM)
        yield shop


def phone() -> Named:
    return {"kind": "phone", "value": f"+39333{uuid4().int % 10**7:07d}"}


def email() -> Named:
    return {"kind": "email", "value": f"{uuid4().hex[:12]}@example.org"}


def member(api: Api, *named: Named, **told: Any) -> str:
    """Somebody with a card and these."""
    card = {"kind": "card", "value": api.cards[next(_serials)]}
    said = api.call("POST", "/v1/members", {"identifiers": [card, *named], **told})
    assert said.status_code == 201, said.text
    return str(said.json()["member_id"])


def merge(api: Api, into: str, other: str, **how: Any) -> str:
    body = {"other": other, "reason": "one phone", **how}
    said = api.call("POST", f"/v1/members/{into}/merge", body)
    assert said.status_code == 201, said.text
    return str(said.json()["merge_id"])


def undo(api: Api, merge_id: str) -> Any:
    return api.call("POST", f"/v1/merges/{merge_id}/undo", {"reason": "two after all"})


def person(api: Api, whose: str) -> Any:
    """Name, birthday, attributes, choices: as they are kept."""
    return api.eye.execute(
        "SELECT p.given_name, p.family_name, p.born_on::text, p.attributes, m.chosen, m.favourites"
        " FROM members.member AS m JOIN members.person AS p ON m.id = p.member_id WHERE m.id = %s",
        [whose],
    ).fetchone()


def identifiers(api: Api, whose: str) -> list[tuple[str, str]]:
    """What names a member besides the card."""
    return api.eye.execute(
        "SELECT kind, value FROM members.identifier WHERE member_id = %s AND kind <> 'card'"
        " ORDER BY kind, value", [whose],
    ).fetchall()  # fmt: skip


def pair(named: Named) -> tuple[str, str]:
    return named["kind"], named["value"]


def agreed(api: Api, whose: str) -> list[str]:
    row = api.eye.execute("SELECT agreed FROM members.member WHERE id = %s", [whose]).fetchone()
    assert row is not None
    return sorted(row[0])


def take_off(api: Api, whose: str, named: Named) -> None:
    which = id_of(UUID(whose), convert(named, Identifier))
    path = f"/v1/members/{whose}/identifiers/{which}/remove"
    said = api.call("POST", path, {"reason": "mistyped"})
    assert said.is_success, said.text


def choose(api: Api, whose: str, choice: str, option: str) -> None:
    body = {"choice": choice, "options": [option]}
    said = api.call("POST", f"/v1/members/{whose}/choices", body)
    assert said.is_success, said.text


def test_a_new_size_does_not_keep_the_others_diet(api):
    """Attributes and choices are given back one by one."""
    anna = member(api, given_name="Anna", attributes={"size": "S"})
    berta = member(api, given_name="Berta", attributes={"diet": "celiac"})
    choose(api, berta, "drink", "tea")
    hers = person(api, berta)
    merged = merge(api, anna, berta, keep="member")
    path = f"/v1/members/{anna}"
    assert api.call("PATCH", path, {"attributes": {"size": "M"}}).is_success
    choose(api, anna, "meal", "cake")
    assert person(api, anna)[3:5] == (
        {"diet": "celiac", "size": "M"}, {"drink": ["tea"], "meal": ["cake"]}
    )  # fmt: skip
    assert undo(api, merged).is_success
    assert person(api, anna) == ("Anna", "", None, {"size": "M"}, {"meal": ["cake"]}, [])
    assert person(api, berta) == hers


def test_what_was_taken_away_while_they_were_one_stays_away(api):
    anna = member(api, given_name="Anna", attributes={"size": "S", "diet": "none"})
    berta = member(api, given_name="Berta", attributes={"diet": "celiac"})
    merged = merge(api, anna, berta, keep="member")
    path = f"/v1/members/{anna}"
    assert api.call("PATCH", path, {"attributes": {"size": None}}).is_success
    assert undo(api, merged).is_success
    assert person(api, anna)[3] == {"diet": "none"}
    assert person(api, berta)[3] == {"diet": "celiac"}


def test_the_last_merge_of_a_member_comes_apart_first(api):
    """Else Anna kept what Carla's merge had found with her: Berta's name, birthday and diet."""
    anna = member(api, given_name="Anna")
    berta = member(api, given_name="Berta", family_name="Rossi", born_on="1984-02-29",
                   attributes={"diet": "celiac"})  # fmt: skip
    carla = member(api, given_name="Carla", family_name="Bianchi", born_on="1990-01-01",
                   attributes={"size": "L"})  # fmt: skip
    before = [person(api, each) for each in (anna, berta, carla)]
    first = merge(api, anna, berta, keep="member")
    second = merge(api, anna, carla, keep="other")
    problem = refused(api, partial(undo, api, first))
    assert (problem["code"], problem["field"]) == ("merge_covered", "merge_id")
    assert second in problem["why"] and problem["cure"].startswith("undo that first")
    for each in (second, first):
        assert undo(api, each).is_success
    assert [person(api, each) for each in (anna, berta, carla)] == before


def test_an_undone_merge_covers_none_and_one_further_up_does(api):
    anna, berta, carla, dora = (member(api) for _ in range(4))
    first = merge(api, anna, berta)
    assert undo(api, merge(api, anna, carla)).is_success
    above = merge(api, dora, anna)
    assert above in refused(api, partial(undo, api, first))["why"]
    assert undo(api, above).is_success and undo(api, first).is_success


def test_merges_have_an_order_whatever_the_clocks_say(api):
    """Two in the same instant, and one by a machine whose clock is late."""
    anna = member(api)
    first = merge(api, anna, member(api))
    api.eye.execute(
        "UPDATE identity.merge SET merged_at = merged_at + interval '1 hour' WHERE id = %s", [first]
    )
    second = merge(api, anna, member(api))
    assert refused(api, partial(undo, api, first))["code"] == "merge_covered"
    assert undo(api, second).is_success and undo(api, first).is_success


def test_a_device_of_before_a_merge_is_its_owners_again(api):
    """Carla's came after Berta's merge and before her own: only her own gives it back."""
    anna, berta, carla = (member(api) for _ in range(3))
    first = merge(api, anna, berta)
    mine = device(api, carla)
    second = merge(api, anna, carla)
    assert refused(api, partial(undo, api, first))["code"] == "merge_covered"
    assert owner(api, mine) == anna
    assert undo(api, second).is_success and undo(api, first).is_success
    assert owner(api, mine) == carla


def device(api: Api, whose: str) -> str:
    """A passkey of somebody's, added just now."""
    key = new_id()
    api.eye.execute(
        "INSERT INTO access.passkey (credential_id, id, kind, person_id, public_key, sign_count,"
        " name, created_at) VALUES (%s, %s, 'member', %s, 'x', 0, '', %s)",
        (key.bytes, key, whose, datetime.now(UTC)),
    )
    return str(key)


def owner(api: Api, key: str) -> str:
    asked = "SELECT person_id::text FROM access.passkey WHERE id = %s"
    row = api.eye.execute(asked, [key]).fetchone()
    assert row is not None, "the device is gone"
    return str(row[0])


def test_a_third_persons_phone_stays_hers(api):
    """It was Berta's by mistake, taken off, and Carla came with it: no undoing hands it back."""
    wrong, hers = phone(), email()
    anna, berta = member(api, hers), member(api, wrong)
    first = merge(api, anna, berta)
    take_off(api, anna, wrong)
    carla = member(api, wrong)
    second = merge(api, anna, carla)
    assert refused(api, partial(undo, api, first))["code"] == "merge_covered"
    assert undo(api, second).is_success
    assert identifiers(api, carla) == [pair(wrong)]
    assert undo(api, first).is_success
    found = [identifiers(api, each) for each in (anna, berta, carla)]
    assert found == [[pair(hers)], [], [pair(wrong)]]


@pytest.mark.parametrize("earlier_release", [False, True])
def test_what_was_taken_off_and_given_again_stays_with_the_one_who_stayed(
    api, earlier_release, monkeypatch
):
    again, kept = phone(), phone()
    if earlier_release:
        forget_dates(monkeypatch)
    anna, berta = member(api), member(api, again, kept)
    merged = merge(api, anna, berta)
    take_off(api, anna, again)
    assert api.call("POST", f"/v1/members/{anna}/identifiers", again).is_success
    assert undo(api, merged).is_success
    assert identifiers(api, anna) == [pair(again)]
    assert identifiers(api, berta) == [pair(kept)]


def forget_dates(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sealed from now on is sealed as an earlier release did."""
    seal = flows._encode
    monkeypatch.setattr(flows, "_encode", lambda told: seal(replace(told, since=(), idle=())))


def proved(api: Api, *people: str) -> None:
    api.eye.execute(
        "UPDATE members.identifier SET verified_at = now() WHERE member_id = ANY(%s::uuid[])",
        [list(people)],
    )


def say_yes(api: Api, *people: str) -> None:
    for each in people:
        said = api.call("POST", f"/v1/members/{each}/consents", YES)
        assert said.is_success, said.text


def test_a_yes_ends_with_the_contact_that_went_to_the_other(api):
    """Anna's address was taken off while Berta's was hers too; a new one inherits no yes."""
    own, other = email(), email()
    anna, berta = member(api, own, phone()), member(api, other, phone())
    proved(api, anna, berta)
    say_yes(api, anna, berta)
    merged = merge(api, anna, berta)
    take_off(api, anna, own)
    assert agreed(api, anna) == ["news/email", "news/sms"], "Berta's address is left"
    assert undo(api, merged).is_success
    assert agreed(api, anna) == ["news/sms"]
    assert agreed(api, berta) == ["news/email", "news/sms"]
    assert api.call("POST", f"/v1/members/{anna}/identifiers", email()).is_success
    assert agreed(api, anna) == ["news/sms"]


def test_a_yes_said_while_they_were_one_ends_with_the_address_that_goes_back(api):
    anna, berta = member(api), member(api, email())
    proved(api, berta)
    merged = merge(api, anna, berta)
    say_yes(api, anna)
    assert agreed(api, anna) == ["news/email", "news/sms"]
    assert undo(api, merged).is_success
    assert agreed(api, anna) == agreed(api, berta) == []


def test_a_yes_ended_so_does_not_come_back_with_an_earlier_undoing(api):
    own, other = email(), email()
    anna, berta, carla = member(api, own), member(api, other), member(api, email())
    proved(api, anna, berta, carla)
    say_yes(api, anna, berta, carla)
    first, second = merge(api, anna, berta), merge(api, anna, carla)
    for each in (own, other):
        take_off(api, anna, each)
    assert undo(api, second).is_success
    assert agreed(api, anna) == ["news/sms"]
    assert api.call("POST", f"/v1/members/{anna}/identifiers", email()).is_success
    proved(api, anna)
    assert undo(api, first).is_success
    assert agreed(api, anna) == agreed(api, berta) == ["news/sms"]


def test_a_yes_that_reached_nobody_before_is_as_it_was(api):
    """A card and a yes to texts, without a phone so far: a merge and its undoing change nothing."""
    anna, berta = member(api), member(api, phone())
    say_yes(api, anna, berta)
    before = [agreed(api, each) for each in (anna, berta)]
    assert before == [["news/sms"], ["news/sms"]]
    merged = merge(api, anna, berta)
    assert undo(api, merged).is_success
    assert [agreed(api, each) for each in (anna, berta)] == before


def test_a_card_that_was_claimed_and_is_parted_again_ends_no_yes(api):
    """A file had brought it with an address that no code has proved here."""
    anna, card = member(api, email()), api.cards[next(_serials)]
    proved(api, anna)
    say_yes(api, anna)
    asked = "UPDATE members.identifier SET verified_at = NULL WHERE member_id = %s"
    api.eye.execute(asked, [anna])
    before = agreed(api, anna)
    assert "news/email" in before
    body = {"card": card, "receipt": slip_of(api, card)}
    assert api.call("POST", "/v1/me/cards", body, token=signed_in(api, anna)).is_success
    (merged,) = api.call("GET", f"/v1/members/{anna}/merges").json()["items"]
    assert undo(api, merged["merge_id"]).is_success
    assert agreed(api, anna) == before
