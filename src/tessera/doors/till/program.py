"""The program over HTTP: check it, publish it, look at its versions, go back to one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from tessera.access.approvals.core import Awaiting
from tessera.base.pages import after
from tessera.base.refusal import Refusal
from tessera.base.text import Name
from tessera.doors.call import Call, Operation
from tessera.doors.language.faults import retold
from tessera.doors.language.tongue import tongue
from tessera.doors.noting import second_person
from tessera.doors.pages import QUERY, Page, asked_limit, page, unknown_cursor
from tessera.program import db, flows
from tessera.program.core import Reader
from tessera.program.core.difference import Edition, differences
from tessera.program.core.loosening import guarded, loosens
from tessera.program.core.seen import Caution, Seen
from tessera.program.core.timeline import Release, State, Version, states
from tessera.program.core.warnings import warnings_of
from tessera.program.drafts import flows as drafts
from tessera.rewards.draws import flows as draws
from tessera.rules.core.words import Program

_From = Annotated[datetime, Meta(tz=True)]


class Publish(Struct, frozen=True, forbid_unknown_fields=True):
    """A program and when it begins.

    starts_at       it decides what happens from then on; left out: from now on. What happened
                    before stays with the versions before, however late it arrives
    from_beginning  instead: it decides whatever arrives from now on, a late receipt of last year
                    too, and no version before it decides anything more; what was decided stays
    note            why, for the list of versions
    draft           whose text it is: the draft is closed, if that is its text still
    """

    program: dict[str, Any]
    starts_at: _From | None = None
    from_beginning: bool = False
    note: Name = ""
    draft: UUID | None = None


class RollBack(Struct, frozen=True, forbid_unknown_fields=True):
    """Which version is to be published again; the rest as in publishing."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    starts_at: _From | None = None
    from_beginning: bool = False
    note: Name = ""


class Published(Struct, frozen=True):
    """A version that was published: from when it decides, what to think about, what it replaces.

    starts_at  null: from the beginning, it decides whatever arrives from now on
    overtaken  versions that were announced for later and will never decide
    """

    version: int
    name: str
    rules: list[str]
    starts_at: datetime | None
    warnings: list[Caution]
    overtaken: list[int]


class Current(Struct, frozen=True):
    """The version that decides now, as it was published."""

    version: int
    program: dict[str, Any]


class VersionView(Struct, frozen=True):
    """A version without its body.

    state  current: it decides what happens now; announced: it will; past: it did; overtaken: a
           later version took over before it began
    rules  how many; published_by: the key, null for the command line
    """

    version: int
    name: str
    rules: int
    state: State
    published_at: datetime
    starts_at: datetime | None
    published_by: UUID | None
    note: str


class Wrong(Struct, frozen=True):
    """A mistake in a program: where, why, and what to do."""

    field: str
    why: str
    cure: str


class Checked(Struct, frozen=True):
    """What would come of publishing a program. With any fault it would be refused.

    warnings  to think about; changes: against the program that decides now, in sentences
    """

    faults: list[Wrong]
    warnings: list[Caution]
    changes: list[str]


async def read(call: Call) -> Current:
    """GET /v1/program"""
    found = await db.current(call.conn, call.now)
    assert found is not None, "a house is opened with a program"
    return Current(found[0], msgspec.json.decode(found[1]))


async def publish(call: Call) -> Published | Refusal | Awaiting:
    """Check a program and let it decide what happens from now on."""
    return await _release(call, call.body, Release(call.now, call.principal.id, call.now))


async def announce(call: Call) -> Published | Refusal | Awaiting:
    """The same with a start and a note: what happened before its start stays as it was."""
    body: Publish = call.body
    made = await _release(call, body.program, _release_of(call, body, body.note))
    if isinstance(made, Published) and body.draft is not None:
        text = body.program
        fault = await drafts.became(call.conn, _reader(call), body.draft, made.version, text)
        return made if fault is None else fault
    return made


async def roll_back(call: Call) -> Published | Refusal | Awaiting:
    """Publish an older version again, as the next one."""
    body: RollBack = call.body
    raw = await db.one(call.conn, body.version)
    if raw is None:
        return flows.version_unknown(body.version)
    note = body.note or f"back to version {body.version}"
    again = msgspec.json.decode(raw)
    return await _release(call, again, _release_of(call, body, note))


async def check(call: Call) -> Checked:
    """Everything that is wrong with a program, and what would change. Nothing is written."""
    reader, body = _reader(call), call.body
    before = await db.current(call.conn, call.now)
    assert before is not None, "a house is opened with a program"
    program, faults = reader.examine(body, 0)
    said = call.language
    wrong = [Wrong(each.path, retold(each.why, said), retold(each.cure, said)) for each in faults]
    if program is None:
        return Checked(wrong, [], [])
    old = Edition(msgspec.json.decode(before[1]), reader.kept(before[1], before[0]))
    fault = flows.currency_fault(old.program.currency, program)
    for each in (fault, await draws.again(call.conn, program.draws)):
        if each is not None:
            wrong.append(Wrong(each.field, each.why, each.cure))
    warnings = await _warnings(call, body, program, old.program, call.now.date())
    changes = differences(old, Edition(body, program), tongue(call.language))
    return Checked(wrong, warnings, changes)


async def versions(call: Call) -> Page[VersionView] | Refusal:
    """Every version that was published, the newest first."""
    limit = asked_limit(call.query)
    if isinstance(limit, Refusal):
        return limit
    before = _before(call.query)
    if isinstance(before, Refusal):
        return before
    rows = await db.page(call.conn, before, limit + 1)
    found = states(await db.starts(call.conn), call.now)
    return page(rows, limit, lambda row: str(row.version), lambda row: _view(row, found))


async def version(call: Call) -> Current | Refusal:
    """A version as it was published."""
    word = call.path["version"]
    number = int(word) if word.isascii() and word.isdecimal() and len(word) < 10 else 0
    raw = await db.one(call.conn, number)
    if raw is None:
        return flows.version_unknown(number)
    return Current(number, msgspec.json.decode(raw))


async def _release(
    call: Call, body: Any, release: Release | Refusal
) -> Published | Refusal | Awaiting:  # fmt: skip
    if isinstance(release, Refusal):
        return release
    before = await flows.current(call.conn, _reader(call), call.now)
    overtaken = await flows.to_overtake(call.conn, release.starts_at, call.now)
    made = await flows.release(call.conn, _reader(call), body, release)
    fault = made if isinstance(made, Refusal) else await draws.again(call.conn, made.draws)
    if fault is not None:
        return fault
    assert isinstance(made, Program), "it is published"
    # Only now, so that nobody is asked to decide on what would be refused.
    wait = second_person(call, "publish", f"version {made.version} would be published")
    if wait is None and before is not None and guarded(before) and loosens(before, made):
        why = f"version {made.version} would let one person do what two decide on, or more by hand"
        wait = call.approval("program.approvals", why)
    if wait is not None:
        return wait
    call.changed("program", str(made.version), None, {"name": made.name}, reason=release.note)
    on = (release.starts_at or call.now).date()
    return Published(
        made.version, made.name, [rule.id for rule in made.rules], release.starts_at,
        await _warnings(call, body, made, before, on), [each.version for each in overtaken],
    )  # fmt: skip


async def _warnings(
    call: Call, body: Mapping[str, Any], program: Program, before: Program | None, on: date
) -> list[Caution]:
    """In a thread: tills are served meanwhile."""
    seen = Seen(body, program, on, before)
    return await asyncio.to_thread(warnings_of, seen, tongue(call.language))


def _view(row: Version, found: Mapping[int, State]) -> VersionView:
    return VersionView(
        row.version, row.name, row.rules, found[row.version], row.published_at, row.starts_at,
        row.published_by, row.note,
    )  # fmt: skip


def _before(query: Mapping[str, str]) -> int | Refusal | None:
    """The version after which the page begins, downwards."""
    if "cursor" not in query:
        return None
    last = after(query["cursor"], 1)
    if isinstance(last, Refusal):
        return last
    whole = last[0].isascii() and last[0].isdecimal() and len(last[0]) <= 10
    return int(last[0]) if whole else unknown_cursor()


def _release_of(call: Call, asked: Publish | RollBack, note: str) -> Release | Refusal:
    """From when it is to decide: from now on, unless something else is said."""
    if asked.from_beginning and asked.starts_at is not None:
        return Refusal(
            "program_invalid", "from_beginning", "`starts_at` names another start",
            "send one of the two",
        )  # fmt: skip
    starts_at = None if asked.from_beginning else asked.starts_at or call.now
    return Release(call.now, call.principal.id, starts_at, note)


def _reader(call: Call) -> Reader:
    assert call.house is not None
    return call.house.reader


_EXAMPLE = {
    "name": "Two percent and a free coffee", "currency": "EUR",
    "events": {"survey": {"fields": {"score": {"type": "integer", "least": 0, "most": 10}}}},
    "enrolment": {
        "open": True, "minimum_age": 14, "country": "IT", "time_zone": "Europe/Rome",
        "profile": {"born_on": 2},
        "sources": {"leaflet": {"name": "The leaflet of spring", "each_minor": 50}},
    },
    "consents": {
        "confirm": ["email"],
        "purposes": {
            "news": {
                "channels": ["email", "sms"], "wording": "v1",
                "wordings": {"v1": {"en": "You may send me news.", "it": "Potete scrivermi."}},
            },
        },
    },
    "choices": {"track": {"options": {"miles": "Miles", "gifts": "Gifts"}}},
    "offline": {"points": 500, "share_percent": 50, "days": 2},
    "currencies": {"miles": {"kind": "miles"}},
    "coupons": {"TENTH": {"name": "10 % off"}},
    "budgets": {"summer": {"name": "Summer", "most_minor": 5_000_000}},
    "partners": {
        "corner": {"name": "Corner shops", "stores": ["S1"], "sells_at_x100": 110, "pays_x100": 90},
        "harbour": {"name": "Harbour", "stores": ["S2"], "sells_at_x100": 100, "pays_x100": 80},
    },
    "referral": {"referrer_points": 500, "referee_points": 200, "most": 10},
    "transfers": {
        "transfer": {"least": 10, "most": 1000, "per_day": 2000},
        "gift": {"most": 500, "delay_hours": 24},
        "donate": {"causes": {"forest": "A tree for every 100 points"}},
        "exchange": [{"into": "miles", "give": 10, "get": 1}],
    },
    "households": {"most_members": 12, "child_per_day": 200},
    "tiers": {
        "status": {
            "review": "01-01",
            "levels": [
                {"code": "basic", "benefits": [{"code": "help", "name": "Help at any hour"}]},
                {"code": "silver", "reach": 10_000},
            ],
        },
    },
    "boards": {
        "spring": {
            "name": "Spring race", "starts": "2026-03-01", "ends": "2026-05-31",
            "counts": "minor", "prizes": [{"points": 1000}, {"points": 200, "places": 9}],
        },
    },
    "draws": {
        "summer": {"name": "Summer draw", "prizes": [{"item": "BIKE"}], "ends": "2026-06-30"},
        "scratch": {"name": "Lucky cup", "prizes": [{"item": "CUP", "count": 500, "one_in": 40}]},
    },
    "adjustments": {
        "reasons": {"goodwill": "A gesture", "error": "A mistake put right"},
        "approval_above": 5000,
    },
    "rules": [
        {"id": "base", "mechanic": "base_rate", "points": 2, "per_minor": 100},
        {"id": "coffee", "mechanic": "every_nth_free", "product": "LATTE", "n": 6},
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
    ],
}  # fmt: skip
OPERATIONS: tuple[Operation, ...] = (
    Operation("program.read", "GET", "/v1/program", read, Current, "The program that decides now"),
    Operation(
        "program.publish", "POST", "/v1/program", publish, Published, "Publish the next version",
        kind="writes", refresh=True, body=dict, status=201, example=_EXAMPLE, four_eyes=True,
    ),
    Operation(
        "program.check", "POST", "/v1/program/check", check, Checked, "Check a program",
        body=dict, example=_EXAMPLE,
    ),
    Operation(
        "program.announce", "POST", "/v1/program/versions", announce, Published,
        "Publish the next version with a start and a note", kind="writes", refresh=True,
        body=Publish, status=201, four_eyes=True,
        example={
            "program": _EXAMPLE, "starts_at": "2099-01-01T00:00:00+01:00", "note": "the new year",
        },
    ),
    Operation(
        "program.rollback", "POST", "/v1/program/rollback", roll_back, Published,
        "Publish an older version again", kind="writes", refresh=True, body=RollBack, status=201,
        example={"version": 2, "note": "the coffee was too cheap"}, four_eyes=True,
    ),
    Operation(
        "program.versions", "GET", "/v1/program/versions", versions, Page[VersionView],
        "Versions of the program", query=QUERY,
    ),
    Operation(
        "program.version", "GET", "/v1/program/versions/{version}", version, Current,
        "A version of the program",
    ),
)  # fmt: skip
