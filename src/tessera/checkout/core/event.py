"""Decides an event: something that happened besides a receipt. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

import msgspec

from tessera.base.clock import local
from tessera.base.refusal import Refusal
from tessera.checkout.core.case import Case, Decision, kept_facts, timing_fault
from tessera.checkout.core.living import awaken, begin, earn, waiting_for
from tessera.checkout.core.sale import too_many
from tessera.checkout.core.tell import answer
from tessera.checkout.core.words import Event, EventRow, Kept
from tessera.checkout.history.core.contents import changes, counted, of_event
from tessera.ledger import core as ledger
from tessera.rules.core.engine import settle_event
from tessera.rules.core.facts import Value
from tessera.rules.core.settings import EventType
from tessera.rules.core.texts import say_in
from tessera.rules.core.words import Facts, Program, Story

_NUMBER = re.compile(r"[!-~]{1,36}\Z")  # a receipt's number or id, and no sentence
_encode = msgspec.json.Encoder().encode


def event_fault(case: Case, event: Event) -> Refusal | None:
    """What is wrong with an event before anybody looks at whose it is."""
    declared = case.program.events.get(event.type)
    if declared is None:
        return Refusal(
            "event_unknown", "type", f"the program declares no event {event.type}",
            "declare it in the program's `events`",
        )  # fmt: skip
    fault = declared.fault(event.data)
    if fault is not None:
        field, why = fault
        return Refusal(
            "event_invalid", f"data.{field}", why[:500], "send the fields that the program declares"
        )
    if (event.card is None) == (event.identifier is None):
        if event.card is None:
            return Refusal("member_not_named", "card", "one way to name a member is needed",
                           "send either `card` or `identifier`")  # fmt: skip
        return Refusal(
            "member_named_twice", "identifier", "both `card` and `identifier` are given", "send one"
        )
    return timing_fault(event.happened_at, case.now)


def decide_event(case: Case, event: Event) -> Decision | Refusal:
    """Settle a sound event (`event_fault`) and earn. A refusal is to forget the wallet."""
    assert case.owner is not None and case.wallet is not None, "an event is somebody's"
    stamp = case.stamp(event.happened_at)
    begin(case, stamp)
    awake = awaken(case, stamp, event)
    facts = _facts(case, event)
    story = settle_event(facts, case.program, explain=False)
    refusal = too_many(case, story)
    if refusal is not None:
        return msgspec.structs.replace(refusal, field="type")
    earn(case, case.program, stamp, story.earned(), event.id)
    told = answer(case, "event", (), story, event.id)
    woken = tuple(_woken(case, unit, points) for unit, points in awake.items())
    told = msgspec.structs.replace(told, screen=(*woken, *told.screen))
    contents = of_event(event.type, story, case.program.plan.capped)
    row = _row(case, event, story, _kept(case.program, story, facts, counted(contents)))
    history = changes(row.account_id, row.local_at.date(), row.store_id, contents)
    return Decision(told, story, event=row, history=history)


AWAKE = "{points} points can be spent now"


def _woken(case: Case, unit: str, points: int) -> str:
    said = say_in(case.tongue, AWAKE, {"points": points}, case.program.currency)
    return case.tongue.in_unit(said, unit) if unit else said


def local_at(case: Case, event: Event) -> datetime:
    """On the clock of the store; without one, on the clock that `happened_at` was read from."""
    if event.store is None:
        return event.happened_at.replace(tzinfo=None)
    return local(event.happened_at, case.store.time_zone).replace(tzinfo=None)


def without_text(
    data: dict[str, Value], declared: EventType | None, about: Collection[str] = ()
) -> dict[str, Value]:
    """The fields that may be kept for ever: in free text people write names.

    about  fields that hold a receipt's number or id, for which points wait: it may come later
    """
    fields = declared.fields if declared is not None else {}
    return {
        name: value
        for name, value in data.items()
        if name in fields and (fields[name].type != "text" or _names(name, value, about))
    }


def _names(field: str, value: Value, about: Collection[str]) -> bool:
    return field in about and _NUMBER.match(str(value)) is not None


def _facts(case: Case, event: Event) -> Facts:
    owner, wallet = case.owner, case.wallet
    assert owner is not None and wallet is not None
    return Facts(
        member=True, may_spend=owner.registered or case.program.shadows_spend,
        available=ledger.available(wallet, case.stamp(event.happened_at).happened_at, case.now),
        at=local_at(case, event), store=event.store or "",
        region=case.store.region if event.store else "", who=owner.member_id.hex,
        card=case.card, favourites=owner.favourites, event=event.type, data=event.data,
        known=case.known,
    )  # fmt: skip


def _row(case: Case, event: Event, story: Story, kept: Kept) -> EventRow:
    assert case.owner is not None
    return EventRow(
        id=case.outcome_id, source=event.source, number=event.id, type=event.type,
        store_id=event.store or "", account_id=case.owner.account_id,
        member_id=case.owner.member_id, happened_at=event.happened_at,
        local_at=local_at(case, event), posted_at=case.now, points_earned=story.points_earned,
        program_version=case.program.version, story=_encode(kept),
    )  # fmt: skip


def _kept(program: Program, story: Story, facts: Facts, scopes: tuple[str, ...]) -> Kept:
    about = {pending.field for _, _, pending in waiting_for(program, facts.event)}
    data = without_text(facts.data, program.events.get(facts.event), about)
    facts = msgspec.structs.replace(kept_facts(facts), event="", data=data)
    return Kept(story, facts, counted=scopes)
