"""Members who may be one person over HTTP: near matches at entry, pairs that wait for a verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.access.approvals.core import Awaiting
from tessera.base.ids import new_id
from tessera.base.pages import after, cursor
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Name
from tessera.doors.call import Call, Operation
from tessera.doors.noting import second_person
from tessera.doors.pages import QUERY, Page, asked_limit, unknown_cursor, uuid_of
from tessera.doors.till import merges
from tessera.doors.till.people import AttributeValue, PersonName, country_of
from tessera.identity import flows as identity
from tessera.members import core
from tessera.members.likeness import db, flows
from tessera.members.likeness.core.forms import looks
from tessera.members.likeness.core.scoring import Grade, Says
from tessera.members.likeness.core.words import Likely, Person
from tessera.warehouse.core import Identifier

MOST = 5  # near matches shown
Reason = Name


class Reachable(Struct, frozen=True, forbid_unknown_fields=True):
    """A phone (with country code) or an e-mail address."""

    kind: Literal["phone", "email"]
    value: Annotated[str, Meta(min_length=1, max_length=128)]


class Described(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who is about to register, as far as is known.

    attributes  of a place: street, house_number, building, postcode, city, region; no others
    """

    given_name: PersonName = ""
    family_name: PersonName = ""
    born_on: date | None = None
    identifiers: Annotated[tuple[Reachable, ...], Meta(max_length=10)] = ()
    attributes: Annotated[dict[Code, AttributeValue], Meta(max_length=200)] = {}


class Trace(Struct, frozen=True):
    """What one field says, and how much: tenths of a bit for (or against) one person."""

    field: str
    says: Says
    weight: int


class Alike(Struct, frozen=True):
    """A member as staff may see them: "Anna R.", born 1984, +39•••••1234.

    Who sees pseudonyms hears neither name nor year, and of identifiers the last four signs.
    """

    member_id: UUID
    name: str
    born_year: int | None
    identifiers: list[str]


class NearMember(Struct, frozen=True):
    """A member who looks like the one described. Score: tenths of a bit above even odds."""

    member: Alike
    grade: Grade
    score: int
    evidence: list[Trace]


class NearMembers(Struct, frozen=True):
    """The members most alike, at most five; none is an answer too."""

    items: list[NearMember]


class LikelyPair(Struct, frozen=True):
    """Two members who may be one person. `group_id` is shared by all whom strong pairs join."""

    pair_id: UUID
    members: list[Alike]
    score: int
    evidence: list[Trace]
    group_id: UUID | None
    found_at: datetime


class Different(Struct, frozen=True, forbid_unknown_fields=True):
    """Two people, for ever. The reason is kept; name nobody in it."""

    reason: Reason


class Same(Struct, frozen=True, forbid_unknown_fields=True):
    """One person. `into` stays; left out, the one who was seen first does."""

    reason: Reason
    into: UUID | None = None


class Judged(Struct, frozen=True):
    """The verdict is kept. Of one person: who stays, and by which merge, which can be undone."""

    pair_id: UUID
    verdict: Literal["same", "different"]
    member_id: UUID | None = None
    merge_id: UUID | None = None


async def near_members(call: Call) -> NearMembers | Refusal:
    """POST /v1/duplicates/near"""
    body: Described = call.body
    named: list[Identifier] = []
    for index, each in enumerate(body.identifiers):
        identifier = core.normal(each.kind, each.value, country_of(call))
        if isinstance(identifier, Refusal):
            field = f"identifiers[{index}].value"
            return Refusal(identifier.code, field, identifier.why, identifier.cure)
        named.append(identifier)
    asked = looks(body.given_name, body.family_name, body.born_on, named, body.attributes)
    found = await flows.near(call.conn, asked, MOST)
    return NearMembers([
        NearMember(
            _alike(call, each.person), each.likeness.grade or "possible", each.likeness.score,
            [Trace(said.field, said.says, said.weight) for said in each.likeness.evidence],
        )
        for each in found
    ])  # fmt: skip


async def list_pairs(call: Call) -> Page[LikelyPair] | Refusal:
    """GET /v1/duplicates"""
    limit, last = asked_limit(call.query), _last(call.query)
    if isinstance(limit, Refusal):
        return limit
    if isinstance(last, Refusal):
        return last
    rows = await db.list_likely(call.conn, last, limit + 1)
    items = rows[:limit]
    ids = {member for each in items for member in (each.one, each.other)}
    people = {each.id: each for each in await db.known(call.conn, sorted(ids))}
    more = cursor(str(items[-1].weight), str(items[-1].id)) if len(rows) > limit else None
    return Page([_pair(call, each, people) for each in items], more)


async def judge_different(call: Call) -> Judged | Refusal:
    """POST /v1/duplicates/{pair_id}/different"""
    pair = await _judged(call, "different")
    return pair if isinstance(pair, Refusal) else Judged(pair.id, "different")


async def judge_same(call: Call) -> Judged | Refusal | Awaiting:
    """POST /v1/duplicates/{pair_id}/same: a merge, with whatever a merge asks for."""
    known = await _pair_asked(call)
    if isinstance(known, Refusal):
        return known
    waits = second_person(call, "merge", "two members would become one")
    if waits is not None and known.verdict != "different":  # that one is refused below
        return waits
    pair = await _judged(call, "same")
    if isinstance(pair, Refusal):
        return pair
    into = call.body.into or pair.one
    other = pair.other if into == pair.one else pair.one
    assert call.house is not None
    ask = identity.Ask(
        call.outcome_id or new_id(),
        call.principal.id,
        call.now,
        call.body.reason,
        call.house.lives(call.now),
        on=call.house.today(call.now),
        declared=call.house.shop().program.consents,
    )
    done = await merges.told(call, await identity.merge(call.conn, ask, into, other))
    if isinstance(done, Refusal):
        return done
    return Judged(pair.id, "same", done.member_id, done.merge_id)


async def _pair_asked(call: Call) -> Likely | Refusal:
    """The pair in the address, held, if the member to stay is of it."""
    pair_id = uuid_of(call.path["pair_id"])
    pair = None if pair_id is None else await db.lock_likely(call.conn, pair_id)
    if pair is None:
        return _unknown_pair(call)
    if call.body.into in (None, pair.one, pair.other):
        return pair
    return Refusal(
        "into_other", "into", "this member is none of the two", "name one of the pair, or none"
    )


def _unknown_pair(call: Call) -> Refusal:
    why = f"there is no pair {call.path['pair_id'][:40]}"
    return Refusal("pair_unknown", "pair_id", why, "list the pairs that wait")


async def _judged(call: Call, verdict: Literal["same", "different"]) -> Likely | Refusal:
    pair_id, by, reason = uuid_of(call.path["pair_id"]), call.principal.id, call.body.reason
    if pair_id is None:
        return _unknown_pair(call)
    pair = await flows.judge(call.conn, pair_id, verdict, by, reason, call.now)
    if not isinstance(pair, Refusal):
        call.changed(
            "pair", pair_id, {"verdict": pair.verdict}, {"verdict": verdict}, reason=reason
        )
    return pair


def _last(query: Mapping[str, str]) -> tuple[int, UUID] | Refusal | None:
    if "cursor" not in query:
        return None
    last = after(query["cursor"], 2)
    if isinstance(last, Refusal):
        return last
    weight, found = last[0].removeprefix("-"), uuid_of(last[1])
    if found is None or not (weight.isascii() and weight.isdecimal() and len(weight) <= 9):
        return unknown_cursor()
    return int(last[0]), found


def _pair(call: Call, each: Likely, people: Mapping[UUID, Person]) -> LikelyPair:
    members = [_alike(call, people[id]) for id in (each.one, each.other) if id in people]
    said = [Trace(trace.field, trace.says, trace.weight) for trace in each.evidence]
    return LikelyPair(each.id, members, each.weight, said, each.group_id, each.found_at)


def _alike(call: Call, person: Person) -> Alike:
    shown: Sequence[Identifier] = person.identifiers
    if call.principal.sight == "pseudonym":
        return Alike(person.id, "", None, [core.veiled(each) for each in shown])
    name = core.masked_name(person.given_name, person.family_name)
    born = None if person.born_on is None else person.born_on.year
    return Alike(person.id, name, born, [core.masked(each) for each in shown])


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "duplicate.near", "POST", "/v1/duplicates/near", near_members, NearMembers,
        "Who of the members looks like somebody who is about to register", body=Described,
        example={
            "given_name": "Ana", "family_name": "Rossi", "born_on": "1984-02-29",
            "identifiers": [{"kind": "phone", "value": "+39 333 1234568"}],
            "attributes": {"postcode": "20121", "city": "Milano"},
        },
    ),
    Operation(
        "duplicate.list", "GET", "/v1/duplicates", list_pairs, Page[LikelyPair],
        "List pairs of members who may be one person, the surest first", query=QUERY,
    ),
    Operation(
        "duplicate.different", "POST", "/v1/duplicates/{pair_id}/different", judge_different,
        Judged, "Say that two members are two people", kind="writes", body=Different,
        example={"reason": "twins"},
    ),
    Operation(
        "duplicate.same", "POST", "/v1/duplicates/{pair_id}/same", judge_same, Judged,
        "Say that two members are one person, and merge them", kind="writes", body=Same,
        four_eyes=True,
        example={"reason": "registered twice"},
    ),
)  # fmt: skip
