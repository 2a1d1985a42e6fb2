"""What calls and the log keep of a person: no address, no fingerprint, no name in a reason."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from uuid import UUID, uuid4

import pytest

from support import api as shops
from support import database
from support.things import signed_in
from tessera.access.audit import flows as audit
from tessera.access.audit.core import Actor, Change, Entry
from tessera.doors.personal import free_text_fault, names_people
from tessera.doors.till import OPERATIONS
from tessera.doors.till.consents import SayConsents
from tessera.doors.till.merges import UndoMerge

LATER = "2098-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def api(server, template):
    with shops.fresh(server, template) as shop:
        shop.publish({"name": "Test", "currency": "EUR", "rules": []})
        yield shop


def joined(api: shops.Api, **called: str) -> tuple[str, str]:
    """A member and a card of his."""
    card = api.cards[int(uuid4().int % 900) + 50]
    body = {"identifiers": [{"kind": "card", "value": card}]} | called
    said = api.call("POST", "/v1/members", body)
    assert said.status_code == 201, said.text
    return said.json()["member_id"], card


def test_the_log_says_from_where_staff_call_and_not_members(api):
    member, _ = joined(api)
    said = api.call("PATCH", "/v1/me", {"language": "it"}, token=signed_in(api, member))
    assert said.is_success, said.text
    rows = api.eye.execute(
        "SELECT principal_kind, address FROM access.audit WHERE subject_id = %s", (member,)
    ).fetchall()
    assert dict(rows) == {"key": "127.0.0.1", "member": ""}


def test_a_revealed_entry_is_seen_by_the_member(api):
    member, _ = joined(api)

    async def write() -> None:
        async with await database.connect(api.dsn) as conn:
            person = UUID(member)
            change = Change("member", person, {"name": "Robin"}, {"name": "Kim"}, person)
            who = Actor("key", uuid4(), "test")
            await audit.note(conn, Entry(datetime.now(UTC), who, "member.change", change))
            await conn.commit()

    asyncio.run(write())
    entry = api.call("GET", f"/v1/audit?subject={member}").json()["items"][0]
    assert entry["sealed"], entry
    said = api.call("POST", f"/v1/audit/{entry['entry']}/reveal", {"reason": "she asks"})
    assert said.json()["after"] == {"name": "Kim"}, said.text
    (sight,) = api.call("GET", f"/v1/members/{member}/sights").json()["items"]
    assert (sight["fields"], sight["reason"]) == (["name"], "she asks")


def test_what_a_call_said_of_an_erased_members_card_is_forgotten(api):
    """An adjustment names a card and changes an account: no member is in its entry."""
    member, card = joined(api)
    key = uuid4().hex
    body = {"member": {"card": card}, "points": 5, "reason": "goodwill", "expires_at": LATER}
    assert api.call("POST", "/v1/adjustments", body, key=key).status_code == 201
    mark = "SELECT fingerprint, personal FROM access.request WHERE key = %s"
    before = api.eye.execute(mark, (key,)).fetchone()
    assert before is not None and before[0] and before[1]
    assert api.call("POST", f"/v1/members/{member}/erase", {"reason": "asked"}).is_success
    assert api.eye.execute(mark, (key,)).fetchone() == (b"", False)


def test_calls_that_can_name_somebody_are_known_by_what_they_ask(api):
    named = {each.name for each in OPERATIONS if each.kind == "writes" and names_people(each)}
    assert named >= {
        "adjustment.make", "transfer.send", "member.register", "card.block", "me.card",
    }  # fmt: skip
    assert not named & {"store.put", "program.publish", "merge.undo", "key.revoke"}


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ("two sisters", True), ("receipt 123456 of 2026-11-21", True), ("", True),
        (f"as {UUID(int=12345678901234567890)} says", True), ("form-2026-117", True),
        ("called 3331234567", False), ("+393331234567", False), ("anna@example.org said so", False),
        ("of <anna@example.org>", False), ("tel.3331234567", False),
    ],
)  # fmt: skip
def test_a_reason_says_why_and_not_who(text, fine):
    fault = free_text_fault(UndoMerge(text))
    assert (fault is None) == fine
    if fault is not None:
        assert (fault.code, fault.field) == ("reason_personal", "reason")
        named = free_text_fault(SayConsents((), proof=text))
        assert named is not None and named.field == "proof"


def test_a_call_whose_reason_names_somebody_is_not_done(api):
    member, _ = joined(api)
    body = {"reason": "asked by anna@example.org"}
    problem = shops.refused(api, lambda: api.call("POST", f"/v1/members/{member}/erase", body))
    assert (problem["code"], problem["field"]) == ("reason_personal", "reason")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("Anna", "anna's own wish"), ("\u0141ukasz", "\u0141UKASZ called"),
     ("\u738b\u5c0f\u660e", "\u738b\u5c0f\u660e\u6765\u7535")],
)  # fmt: skip
def test_a_reason_does_not_say_what_the_member_is_called(api, name, reason):
    member, _ = joined(api, given_name=name, family_name="Quickborn")
    at = f"/v1/members/{member}/erase"
    for said in (reason, "asked by Mrs Quickborn"):
        problem = shops.refused(api, partial(api.call, "POST", at, {"reason": said}))
        assert (problem["code"], problem["field"]) == ("reason_personal", "reason")
    assert api.call("POST", at, {"reason": "the member asked for it"}).is_success
