"""The audit log over HTTP: search it, take it along, see the values of one entry."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from tessera.access.audit import db, flows
from tessera.access.audit.core import Line, unlike_seal
from tessera.base.pages import after, cursor
from tessera.base.refusal import Refusal
from tessera.base.text import Remark
from tessera.doors.audited import EntryView, place, row, table, view
from tessera.doors.call import Call, Once, Operation
from tessera.doors.pages import QUERY, Page, asked_limit, unknown_cursor, uuid_of
from tessera.doors.problems import Reply
from tessera.doors.trails import latest_in
from tessera.identity.privacy import db as privacy_db

MOST_EXPORTED = 10_000
_encode = msgspec.json.Encoder().encode


class RevealEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """Why somebody needs to see a person's values; it is written down."""

    reason: Remark


class RevealedEntry(Struct, frozen=True):
    """What an entry says was there before and after.

    gone    the person was erased: the values can never be read again
    before, after  in the first answer only; the same call again says null
    """

    entry: str
    gone: bool
    before: Any
    after: Any


class ChainView(Struct, frozen=True):
    """A chain of the log.

    entries         how many it has; the last one's hash
    sealed_at       when its end was last written to the folder of seals; null: it never was
    sealed_entries  how many it had then; fits: the entry that was the last is as it was sealed
    """

    chain: int
    entries: int
    hash: str
    sealed_at: datetime | None
    sealed_entries: int | None
    fits: bool | None


class Chains(Struct, frozen=True):
    """All chains. `sealing`: this installation keeps seals (TESSERA_SEALS_DIR)."""

    sealing: bool
    chains: list[ChainView]


_FILTERS = {
    "principal": "only what this principal did, by id",
    "name": "only what was done by who had this in the name then, in large letters or small",
    "operation": "only this operation",
    "outcome": "only what was done, or only what was refused: done, refused",
    "subject": "only what was done to this: the id of a member, a store, a key",
    "reason": "only where the reason says this, in large letters or small",
    "from": "from this instant on, as 2026-01-01T00:00:00Z",
    "to": "before this instant",
}


async def list_entries(call: Call) -> Page[EntryView] | Refusal:
    """GET /v1/audit: the newest first."""
    limit = asked_limit(call.query)
    if isinstance(limit, Refusal):
        return limit
    lines = await _searched(call, limit + 1)
    if isinstance(lines, Refusal):
        return lines
    shown = lines[:limit]
    more = cursor(*place(shown[-1])) if len(lines) > limit else None
    return Page([await view(call.conn, line) for line in shown], more)


async def export(call: Call) -> Reply | Refusal:
    """GET /v1/audit/export: up to 10,000 entries, the newest first.

    Each carries the `cursor` after which the next call goes on. Values of persons stay sealed.
    """
    form = call.query.get("format", "ndjson")
    if form not in ("ndjson", "csv"):
        return Refusal("query_invalid", "format", "there is no such format",
                       "send ndjson or csv")  # fmt: skip
    lines = await _searched(call, MOST_EXPORTED)
    if isinstance(lines, Refusal):
        return lines
    rows = [row(await view(call.conn, line), line) for line in lines]
    if form == "csv":
        return Reply(200, table(rows), media=b"text/csv; charset=utf-8; header=present")
    body = b"".join(_encode(row) + b"\n" for row in rows)
    return Reply(200, body, media=b"application/x-ndjson")


async def read(call: Call) -> EntryView | Refusal:
    """GET /v1/audit/{entry}"""
    found = _named(call.path["entry"])
    line = None if found is None else await db.read(call.conn, *found)
    return _unknown() if line is None else await view(call.conn, line)


async def chains(call: Call) -> Chains:
    """GET /v1/audit/chains: the ends only; `tessera prove --audit` looks at every entry."""
    assert call.house is not None
    folder = call.house.plan.seals
    sealed = {} if folder is None else await asyncio.to_thread(latest_in, folder)
    told = []
    for head in await db.heads(call.conn):
        at, seal = sealed.get(head.chain, (None, None))
        there = None if seal is None else await db.hash_at(call.conn, head.chain, seal.seq)
        told.append(ChainView(
            head.chain, head.seq, head.hash.hex(), at, None if seal is None else seal.seq,
            None if seal is None else unlike_seal(seal, there) is None,
        ))  # fmt: skip
    return Chains(folder is not None, told)


async def reveal(call: Call) -> Once | Refusal:
    """POST /v1/audit/{entry}/reveal: the values of a person, for a reason that is written down."""
    name = call.path["entry"]
    place = _named(name)
    line = None if place is None else await db.read(call.conn, *place)
    if line is None:
        return _unknown()
    before, now_after, gone = await flows.values(call.conn, line)
    if line.person is not None and not gone:  # the member sees who has seen it
        seen = [each for each in line.fields.split(",") if each]
        await privacy_db.add_sights(
            call.conn, call.principal, [line.person], seen, call.body.reason, call.now
        )
    call.changed("audit", name, None, None, reason=call.body.reason)
    kept = RevealedEntry(name, gone, None, None)
    return Once(live=RevealedEntry(name, gone, before, now_after), kept=kept)


def _unknown() -> Refusal:
    return Refusal("entry_unknown", "entry", "there is no such entry", "look it up in the log")


async def _searched(call: Call, most: int) -> list[Line] | Refusal:
    """What the address asks for, after its cursor."""
    asked, last = _asked(call.query), _place(call.query)
    if isinstance(asked, Refusal):
        return asked
    if isinstance(last, Refusal):
        return last
    return await db.search(call.conn, asked, last, most)


def _asked(query: Mapping[str, str]) -> db.Asked | Refusal:
    principal = query.get("principal")
    by = None if principal is None else uuid_of(principal)
    if principal is not None and by is None:
        return Refusal("query_invalid", "principal", "this is no id", "send a principal's id")
    since, until = _instant(query, "from"), _instant(query, "to")
    if isinstance(since, Refusal):
        return since
    if isinstance(until, Refusal):
        return until
    texts = {name: query.get(name) for name in ("name", "operation", "subject", "reason")}
    for name, text in texts.items():
        if text is not None and not (len(text) <= 200 and text.isprintable()):
            return Refusal("query_invalid", name, "this is too long or not printable",
                           "send up to 200 printable characters")  # fmt: skip
    outcome = query.get("outcome")
    if outcome not in (None, "done", "refused"):
        return Refusal("query_invalid", "outcome", "there is no such outcome",
                       "send done or refused, or leave it out")  # fmt: skip
    return db.Asked(by, texts["operation"], texts["subject"], texts["reason"], since, until,
                    texts["name"], outcome)  # type: ignore[arg-type]  # fmt: skip


def _instant(query: Mapping[str, str], name: str) -> datetime | Refusal | None:
    word = query.get(name)
    if word is None:
        return None
    try:
        # A plus in an address is read as a blank.
        at = datetime.fromisoformat(word.replace(" ", "+"))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not 1970 <= at.year < 9999:
        return Refusal("query_invalid", name, f"{word[:40]!r} is no instant",
                       "write it as 2026-01-01T00:00:00Z")  # fmt: skip
    return at


def _place(query: Mapping[str, str]) -> db.Place | Refusal | None:
    if "cursor" not in query:
        return None
    words = after(query["cursor"], 3)
    if isinstance(words, Refusal):
        return words
    named = _named(f"{words[1]}-{words[2]}")
    try:
        at = datetime.fromisoformat(words[0])
    except ValueError:
        return unknown_cursor()
    return unknown_cursor() if named is None or at.tzinfo is None else (at, *named)


def _named(entry: str) -> tuple[int, int] | None:
    """Chain and number of an entry's name; None if it is none."""
    chain, _, seq = entry.partition("-")
    good = all(each.isascii() and each.isdecimal() for each in (chain, seq))
    return (int(chain), int(seq)) if good and len(chain) <= 2 and len(seq) <= 15 else None


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "audit.list", "GET", "/v1/audit", list_entries, Page[EntryView], "Who did what",
        query=QUERY | _FILTERS,
    ),
    Operation(
        "audit.export", "GET", "/v1/audit/export", export, EntryView,
        "Who did what, to take along",
        query={
            "cursor": "of the last entry that one has; left out, the newest",
            "format": "ndjson (one entry a line, unless said otherwise) or csv",
        } | _FILTERS,
        media=("application/x-ndjson", "text/csv"),
    ),
    Operation(
        "audit.chains", "GET", "/v1/audit/chains", chains, Chains,
        "Where the chains of the log end, and whether they are as they were sealed",
    ),
    Operation("audit.read", "GET", "/v1/audit/{entry}", read, EntryView, "Read an entry"),
    Operation(
        "audit.reveal", "POST", "/v1/audit/{entry}/reveal", reveal, RevealedEntry,
        "See a person's values in an entry", kind="writes", body=RevealEntry,
        example={"reason": "the member asks what was changed"},
    ),
)  # fmt: skip
