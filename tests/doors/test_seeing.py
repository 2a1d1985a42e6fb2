"""Who is shown rows as they came in leaves a sight with whom they name; previews are masked."""

from __future__ import annotations

from typing import Any

import pytest

from support import api as shops
from support.api import Api
from support.sending import HEAD, PLAIN, begun, imported, until

PHONE, MAIL = "+393331204711", "anna.rossi@example.org"
PEOPLE = """name = "club"
time_zone = "Europe/Rome"
number_prefix = "old-"
[members]
number = "id"
given_name = "first"
family_name = "last"
born_on = "born"
[[members.names]]
kind = "phone"
column = "phone"
"""


@pytest.fixture(scope="module")
def api(server, template, tmp_path_factory):
    place = tmp_path_factory.mktemp("seeing")
    with shops.fresh(server, template, worker=True, data_dir=place) as shop:
        yield shop


def member(api: Api, **named: str) -> str:
    who = [{"kind": kind, "value": value} for kind, value in named.items()]
    said = api.call("POST", "/v1/members", {"identifiers": who, "given_name": "Anna"})
    assert said.status_code == 201, said.text
    return said.json()["member_id"]


def seen(api: Api, member_id: str) -> list[tuple[list[str], str]]:
    rows = api.call("GET", f"/v1/members/{member_id}/sights").json()["items"]
    return [(row["fields"], row["reason"]) for row in reversed(rows)]


def preview(api: Api, raw: bytes, **how: str) -> dict[str, Any]:
    """What the check shows of a file."""
    found = begun(api, raw, **how)
    until(api, found["task_id"], "ready", "failed")
    return api.call("GET", f"/v1/imports/{found['task_id']}/preview").json()


def test_who_opens_or_takes_along_the_quarantine_is_seen_by_whom_it_names(api):
    anna, carla = member(api, phone=PHONE), member(api, card=api.cards[70])
    other = member(api, phone="+393339990000")
    rows = (f"r1,2026-11-01T10:00:00,S1,{PHONE},TEA,many,2.50",
            f"r2,2026-11-01T10:00:00,S1,{api.cards[70]},TEA,many,2.50",
            "r3,2026-11-01T10:00:00,S1,,TEA,1,2.50")  # fmt: skip
    imported(api, "\n".join((HEAD, *rows, "")).encode(), mapping=PLAIN.replace("plain-test", "q"))
    one = {"mapping": "q", "number": "r1"}
    for _ in range(2):
        assert api.call("POST", "/v1/quarantine/open", one, key="open").is_success
    told = [(["as_it_came"], "rows in quarantine, of q")]
    assert (seen(api, anna), seen(api, carla)) == (told, []), "once, and only of whom was shown"
    assert api.call("POST", "/v1/quarantine/export", {"mapping": "q"}).is_success
    assert (seen(api, anna), seen(api, carla), seen(api, other)) == (told * 2, told, [])


def test_a_row_of_people_names_them_as_the_mapping_reads_it(api):
    hers = member(api, external="old-10042")
    people = b"id,first,last,born,phone\n10042,Eva,Bo,2999-01-01,\n7,Eli,Bo,1990-05-06,\n"
    imported(api, people, kind="members", mapping=PEOPLE)
    said = api.call("GET", "/v1/quarantine?mapping=club/members").json()["items"]
    for row in said:
        one = {"mapping": "club/members", "number": row["number"]}
        assert api.call("POST", "/v1/quarantine/open", one).json()["rows"][0]["first"] == "Eva"
    assert seen(api, hers) == [(["as_it_came"], "rows in quarantine, of club/members")]


def opened(api: Api, mapping: str, number: str) -> dict[str, Any]:
    said = api.call("POST", "/v1/quarantine/open", {"mapping": mapping, "number": number})
    assert said.is_success, said.text
    return said.json()


WHOLE = """member = { column = "card", kind = "external", whole = true }"""


def numbered(name: str) -> str:
    """The mapping of a shop whose customers have numbers, exported as fractions."""
    return PLAIN.replace("plain-test", name).replace(
        """member = { column = "card", kind = "card" }""", WHOLE
    )  # fmt: skip


def put_aside_earlier(api: Api, name: str) -> None:
    """As a release before this one put it aside: without whom it names."""
    said = "UPDATE warehouse.quarantine SET record = record - 'named' WHERE mapping = %s"
    api.eye.execute(said, (name,))


def bought(customer: str, sku: str, number: str) -> str:
    return f"{number},2026-11-01T10:00:00,S1,{customer},{sku},many,2.50"


@pytest.mark.parametrize("earlier", [False, True])
def test_a_receipt_names_its_customer_and_not_whoever_is_called_like_its_goods(api, earlier):
    name = f"whole-{earlier}".lower()
    hers, his = ("17850", "12000") if earlier else ("17851", "12001")
    anna, bruno = member(api, external=hers), member(api, external=his)
    rows = (bought(f"{hers}.0", "TEA", "r1"), bought(f"{his}.0", hers, "r2"),
            "r3,2026-11-01T10:00:00,S1,,TEA,1,2.50")  # fmt: skip
    imported(api, "\n".join((HEAD, *rows, "")).encode(), mapping=numbered(name))
    if earlier:
        put_aside_earlier(api, name)
    told = (["as_it_came"], f"rows in quarantine, of {name}")
    for number, of_her, of_him in (("r1", [told], []), ("r2", [told], [told])):
        assert opened(api, name, number)["rows"][0]["time"] == "2026-11-01T10:00:00"
        assert (seen(api, anna), seen(api, bruno)) == (of_her, of_him), number


def test_a_row_without_the_customer_s_column_names_whomever_any_word_names(api):
    """An earlier text of the mapping read it, by the command line."""
    anna, name = member(api, external="17857"), "renamed"
    good = "r3,2026-11-01T10:00:00,S1,,TEA,1,2.50"
    for head in (HEAD, HEAD.replace("card", "kunde")):
        column = head.split(",")[3]
        mapping = numbered(name).replace('column = "card"', f'column = "{column}"')
        rows = (bought("17857.0", "TEA", f"{name}-{column}"), good)
        imported(api, "\n".join((head, *rows, "")).encode(), mapping=mapping)
    put_aside_earlier(api, name)
    api.eye.execute("UPDATE tasks.task SET subject = NULL WHERE asked ->> 'name' = %s", (name,))
    for count, column in enumerate(("kunde", "card"), 1):
        assert opened(api, name, f"{name}-{column}")["rows"][0][column] == "17857.0"
        assert len(seen(api, anna)) == count, column


@pytest.mark.parametrize("earlier", [False, True])
def test_an_erasure_takes_her_receipts_in_quarantine_and_nobody_else_s(api, earlier):
    name, hers = f"gone-{earlier}".lower(), f"1785{3 + earlier}"
    one, two = f"{name}-1", f"{name}-2"
    anna = member(api, external=hers)
    rows = (bought(f"{hers}.0", "TEA", one), bought("12002.0", hers, two),
            "r3,2026-11-01T10:00:00,S1,,TEA,1,2.50")  # fmt: skip
    imported(api, "\n".join((HEAD, *rows, "")).encode(), mapping=numbered(name))
    if earlier:
        put_aside_earlier(api, name)
    assert api.call("POST", f"/v1/members/{anna}/erase", {"reason": "asked"}).is_success
    assert opened(api, name, one)["gone"] is True
    left = opened(api, name, two)
    assert (left["gone"], left["rows"][0]["sku"]) == (False, hers)
    body = {"mapping": name, "items": [{"number": two, "rows": [{"quantity": "1"}]}]}
    mended = api.call("POST", "/v1/quarantine/mend", body).json()
    assert until(api, mended["task_id"], "done")["came"]["good"] == 1


@pytest.mark.parametrize(
    ("kind", "odd"),
    [("card", "Müller 17"), ("card", "№ 2900"), ("external", "4" * 200), ("email", "zoë@x.org")],
)
def test_a_customer_that_nobody_can_be_called_is_opened_exported_and_mended(api, kind, odd):
    name = f"odd-{kind}-{len(odd)}"
    mapping = PLAIN.replace("plain-test", name).replace('kind = "card"', f'kind = "{kind}"')
    rows = (f"{name},2026-11-01T10:00:00,S1,{odd},TEA,1,2.50",
            f"{name}-ok,2026-11-01T10:00:00,S1,,TEA,1,2.50")  # fmt: skip
    imported(api, "\n".join((HEAD, *rows, "")).encode(), mapping=mapping)
    assert opened(api, name, name)["rows"][0]["card"] == odd
    said = api.call("POST", "/v1/quarantine/export", {"mapping": name})
    assert said.is_success and odd in said.text, said.text
    body = {"mapping": name, "items": [{"number": name, "rows": [{"card": ""}]}]}
    said = api.call("POST", "/v1/quarantine/mend", body)
    assert said.is_success, said.text
    assert until(api, said.json()["task_id"], "done")["came"]["good"] == 1


def test_her_phone_in_a_wrong_column_names_her_however_it_is_written(api):
    anna = member(api, phone="+3545551234")
    spelled = ("00354 555 1234", "(+354) 555 1234", "+354\N{NO-BREAK SPACE}5551234",
               "tel:+3545551234", "3545551234", "00354 (0)555 1234", "354 0555 1234")  # fmt: skip
    others = ("35455512.34", "5551234", "13545551234", "A3545551234", "+491745551234")
    cells = {f"p{at}": sku for at, sku in enumerate(spelled + others)}
    rows = (*(bought("", sku, number) for number, sku in cells.items()),
            "r3,2026-11-01T10:00:00,S1,,TEA,1,2.50")  # fmt: skip
    imported(
        api, "\n".join((HEAD, *rows, "")).encode(), mapping=PLAIN.replace("plain-test", "shifted")
    )
    for at, (number, sku) in enumerate(cells.items(), 1):
        assert opened(api, "shifted", number)["rows"][0]["sku"] == sku
        assert len(seen(api, anna)) == min(at, len(spelled)), sku


def test_several_cards_in_one_cell_are_named_each(api):
    cards = api.cards[80:82]
    one, two = (member(api, card=each) for each in cards)
    mapping = PEOPLE.replace('"club"', '"cards"').replace("old-", "cards-").replace(
        'kind = "phone"', 'kind = "card"\nseparator = ";"'
    )  # fmt: skip
    people = f"id,first,last,born,phone\n1,Eva,Bo,2999-01-01,{';'.join(cards)}\n2,Eli,Bo,,\n"
    imported(api, people.encode(), kind="members", mapping=mapping)
    (row,) = api.call("GET", "/v1/quarantine?mapping=cards/members").json()["items"]
    opened(api, "cards/members", row["number"])
    told = [(["as_it_came"], "rows in quarantine, of cards/members")]
    assert (seen(api, one), seen(api, two)) == (told, told)


def test_a_preview_shows_persons_masked(api, tmp_path):
    people = f"id,first,last,born,phone\n8,Ada,Lovelace,1990-05-06,{PHONE[:-1]}5\n".encode()
    said = preview(api, people, kind="members", mapping=PEOPLE.replace("club", "shown"))
    assert said["rows"][0][:3] == ["old-8", "Ada L.", "1990-••-••"]
    assert said["rows"][0][4] == "+39••••••4715"
    bought = PLAIN.replace('"card", kind = "card"', '"card", kind = "email"')
    sales = f"{HEAD}\nr1,2026-11-01T10:00:00,S1,{MAIL},TEA,1,2.50\n"
    sales += f"r2,2026-11-01T10:00:00,S1,{PHONE},TEA,1,2.50\nr3,soon,S1,,TEA,{PHONE},2.50\n"
    said = preview(api, sales.encode(), mapping=bought)
    assert said["rows"][0][4] == "a•••@example.org"
    assert PHONE not in str(said) and {each["code"] for each in said["wrong"]} == {
        "word_unfit", "not_a_time", "quantity_too_large",
    }  # fmt: skip


def test_who_reads_a_call_that_waits_is_seen_by_whom_it_names(api):
    """The address of an owner to be is a member's too."""
    anna, looking = member(api, email=MAIL), {}
    for sight in ("pseudonym", "masked"):
        role = {"name": sight, "grants": {"approval.read": "all"}, "sight": sight}
        assert api.call("POST", "/v1/roles", role).status_code == 201
        _, looking[sight] = api.issue(sight)
    api.publish({"name": "Test", "currency": "EUR", "rules": [], "approvals": ["owner"]})
    asked = {"email": MAIL, "name": "Anna", "role": "owner"}
    waits = api.call("POST", "/v1/staff", asked)
    assert waits.status_code == 202, waits.text
    path = f"/v1/approvals/{waits.json()['approval_id']}"
    assert MAIL in api.call("GET", path).text
    assert seen(api, anna) == [(["as_it_came"], "a call that waits: staff.invite")]
    for sight, told in (("pseudonym", False), ("masked", True)):
        assert (MAIL in api.call("GET", path, token=looking[sight]).text) is told


def test_rows_as_they_came_are_not_for_who_sees_pseudonyms(api):
    role = {"name": "blind", "grants": {"quarantine.list": "all", "quarantine.open": "all"}}
    said = api.call("POST", "/v1/roles", role | {"sight": "pseudonym"})
    assert (said.status_code, said.json()["field"]) == (422, "grants.quarantine.open")
    assert api.call("POST", "/v1/roles", role).status_code == 201
    said = api.call("PATCH", "/v1/roles/blind", {"sight": "pseudonym"})
    assert (said.status_code, said.json()["field"]) == (422, "grants.quarantine.open")
