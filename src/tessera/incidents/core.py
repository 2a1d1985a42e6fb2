"""What an incident is, and what a sign of one, or a person's word, makes of the register."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from tessera.base.refusal import Refusal

AGAIN = timedelta(seconds=60)  # what begins anew so soon after its end is the same incident
KEPT = 10_000  # ended incidents
NOTES_MOST = 200  # of one incident
DETAIL_MOST = 500  # characters
KIND = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
EACH = ("drill", "return_refused")  # kinds that have a row for each time
BETWEEN = "; "  # what several happenings of one incident say
HOUSE = "house"  # who opened or closed what the product noticed by itself

# What an open door proves to be over, whoever noticed it: a process may have been killed meanwhile.
OVER_WHEN_SERVING = ("database_lost", "disk_full", "overload")


class Note(Struct, frozen=True):
    """What somebody saw or did. `number` counts from 1 in each incident."""

    number: int
    at: datetime
    who: str
    text: str


class Incident(Struct, frozen=True):
    """Something that went wrong. It is open while `ended_at` is null.

    times  how often it began: 1, and one more for each return within a minute of its end
    """

    id: UUID
    kind: str
    detail: str
    began_at: datetime
    ended_at: datetime | None
    times: int
    opened_by: str
    closed_by: str | None
    notes: tuple[Note, ...] = ()

    @property
    def open(self) -> bool:
        return self.ended_at is None


class Sign(Struct, frozen=True):
    """One thing the house noticed: a kind begins, ends, or (`once`) happened and is over."""

    what: Literal["begin", "end", "once"]
    kind: str
    detail: str
    at: datetime


def after_sign(newest: Incident | None, sign: Sign, fresh: UUID) -> Incident | None:
    """The row to write for a sign; None if it changes nothing.

    newest  the latest incident of the sign's kind
    fresh   the id of an incident that has to be made
    """
    if sign.what == "end":
        return _ended(newest, sign.at, HOUSE)
    began = _begun(newest, sign, fresh)
    if sign.what == "begin":
        return began
    return None if began is None else _ended(began, sign.at, HOUSE)


def _begun(newest: Incident | None, sign: Sign, fresh: UUID) -> Incident | None:
    detail = sign.detail[:DETAIL_MOST]
    if newest is not None and newest.ended_at is None:
        return None
    if newest is not None and _flickers(newest, sign):
        told = _both(newest.detail, detail) if sign.what == "once" else detail
        if told is not None:
            times = newest.times + 1
            return replace(newest, detail=told, ended_at=None, closed_by=None, times=times)
    return Incident(fresh, sign.kind, detail, sign.at, None, 1, HOUSE, None)


def _both(told: str, more: str) -> str | None:
    """What several happenings say, each thing once; None where that is too long for one row."""
    if f"{BETWEEN}{more}{BETWEEN}" in f"{BETWEEN}{told}{BETWEEN}":
        return told
    both = f"{told}{BETWEEN}{more}" if told else more
    return both if len(both) <= DETAIL_MOST else None


def _flickers(newest: Incident, sign: Sign) -> bool:
    """Whether it comes back; some kinds are worth a row each, however soon the next is."""
    ended = newest.ended_at
    return ended is not None and sign.kind not in EACH and sign.at - ended <= AGAIN


def _ended(newest: Incident | None, at: datetime, who: str) -> Incident | None:
    if newest is None:
        return None
    if newest.ended_at is None:
        return replace(newest, ended_at=max(at, newest.began_at), closed_by=who)
    if newest.closed_by == HOUSE and timedelta(0) < at - newest.ended_at <= AGAIN:
        return replace(newest, ended_at=at)
    return None


def opened(
    newest: Incident | None, kind: str, detail: str, who: str, now: datetime, fresh: UUID
) -> Incident | Refusal:  # fmt: skip
    """An incident that a person opens. Errors: kind_invalid, incident_open."""
    if not KIND.match(kind):
        return Refusal(
            "kind_invalid", "kind", "a kind is a word of small letters, digits and _",
            "send one such as till_offline",
        )  # fmt: skip
    if newest is not None and newest.open:
        return Refusal(
            "incident_open", "kind", f"an incident of kind {kind} is open: {newest.id}",
            "add a note to that one, or close it first",
        )  # fmt: skip
    return Incident(fresh, kind, detail[:DETAIL_MOST], now, None, 1, who, None)


def noted(found: Incident | None, text: str, who: str, now: datetime) -> Note | Refusal:
    """The next note of an incident, open or ended. Errors: incident_unknown, notes_full."""
    if found is None:
        return unknown()
    if len(found.notes) >= NOTES_MOST:
        return Refusal(
            "notes_full", "", f"this incident has {NOTES_MOST} notes already",
            "close it and open another",
        )  # fmt: skip
    return Note(len(found.notes) + 1, now, who, text)


def closed(found: Incident | None, who: str, now: datetime) -> Incident | Refusal:
    """An incident that a person closes. Errors: incident_unknown, incident_ended."""
    if found is None:
        return unknown()
    ended = _ended(found, now, who) if found.open else None
    return ended or Refusal(
        "incident_ended", "incident_id", "this incident has ended already",
        "add a note to it instead",
    )  # fmt: skip


def unknown() -> Refusal:
    """There is none of this id."""
    return Refusal(
        "incident_unknown", "incident_id", "there is no such incident",
        "look it up in the list of incidents",
    )  # fmt: skip
