"""Events over HTTP: what a member did that is no purchase, posted once; an account's list."""

from __future__ import annotations

from typing import Any

import msgspec

from tessera.access.core import store_of
from tessera.base.refusal import Refusal
from tessera.checkout.core import Answer, Event, EventPage, Job
from tessera.checkout.flows import events
from tessera.doors.call import Call, Operation
from tessera.doors.language.tongue import tongue
from tessera.doors.pages import QUERY, asked_limit, uuid_of
from tessera.doors.postings import SOURCE
from tessera.doors.problems import Reply
from tessera.members.joining.core import Enrolment
from tessera.warehouse.core import day_fault


async def post(call: Call) -> Reply | Refusal:
    """Something a member did, of a type that the program declares: settle it and earn."""
    event: Event = call.body
    assert call.house is not None
    store = store_of(call.principal, "event.post", event.store)
    if isinstance(store, Refusal):
        return store
    refusal = _ours(call.house.shop().program.enrolment, event)
    refusal = refusal or day_fault(event.happened_at, None)
    if refusal is not None:
        return refusal
    if event.store != store:
        event = msgspec.structs.replace(event, store=store)
    said = tongue(call.language)
    job = Job(
        call.principal, "event.post", call.key, event, call.fingerprint, call.now, tongue=said
    )
    return await call.house.writer.submit(job)


def _ours(enrolment: Enrolment, event: Event) -> Refusal | None:
    """Nobody else posts what joining owes, or takes its numbers. Errors: event_ours."""
    kept = event.source == SOURCE
    if not kept and event.type not in {enrolment.welcome, enrolment.completed}:
        return None
    return Refusal(
        "event_ours", "source" if kept else "type", "the house posts this itself, once",
        "leave it to joining",
    )  # fmt: skip


async def history(call: Call) -> EventPage | Refusal:
    """An account's events, newest first."""
    account_id = uuid_of(call.path["account_id"])
    limit = asked_limit(call.query)
    if isinstance(limit, Refusal):
        return limit
    if account_id is None:
        return Refusal(
            "account_unknown", "account_id", "this is no id", "send the id that `identify` answers"
        )
    assert call.house is not None
    word = call.query.get("cursor")
    said = tongue(call.language)
    return await events.history(call.conn, account_id, word, limit, call.house.currency, said)


_EVENT: dict[str, Any] = {
    "type": "survey", "id": "survey-2026-03/4711", "source": "app",
    "happened_at": "2026-03-14T19:30:00+01:00", "card": "2900000000018", "data": {"score": 9},
}  # fmt: skip

OPERATIONS: tuple[Operation, ...] = (
    Operation("event.post", "POST", "/v1/events", post, Answer,
              "Post something that happened besides a receipt", kind="writer", body=Event,
              status=201, example=_EVENT),
    Operation("event.history", "GET", "/v1/accounts/{account_id}/events", history, EventPage,
              "An account's events, newest first", query=QUERY),
)  # fmt: skip
