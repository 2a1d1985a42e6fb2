"""Calls about stores, keys, roles, incidents and the program."""

from __future__ import annotations

from uuid import uuid4

from support.things import STORE_OF, Made, Make, Things, Whose, plain
from tessera.doors.till import OPERATIONS

EXAMPLES = {each.name: each.example for each in OPERATIONS}


def key(things: Things, whose: Whose) -> Made:
    return {"key_id": str(uuid4()) if whose == "random" else things.api.issue("owner")[0]}, None


def rotated(things: Things, whose: Whose) -> Made:
    return key(things, whose)[0], {"overlap_minutes": 0}


def role(things: Things, whose: Whose) -> str:
    if whose == "random":
        return "nobody-s"
    body = {"name": f"r{uuid4().hex[:12]}", "grants": {"identify": "all"}}
    return things.made("/v1/roles", body)["name"]


def rollback(things: Things, whose: Whose) -> Made:
    """To a version that offers what the other operations ask for."""
    offered = things.made("/v1/program", EXAMPLES["program.publish"])["version"]
    return {}, {"version": 10**6 if whose == "random" else offered}


def incident(things: Things, whose: Whose) -> Made:
    opened = {"kind": f"till_{uuid4().hex[:8]}", "detail": "off"}
    known = things.made("/v1/incidents", opened)["incident_id"]
    return {"incident_id": str(uuid4()) if whose == "random" else known}, {"text": "seen"}


def draft(body: object = None) -> Make:
    """Of one that was just begun."""

    def make(things: Things, whose: Whose) -> Made:
        if whose == "random":
            return {"draft_id": str(uuid4())}, body
        made = things.made("/v1/drafts", EXAMPLES["draft.make"])
        return {"draft_id": made["draft"]["draft_id"]}, body

    return make


MAKES: dict[str, Make] = {
    "store.put": lambda t, w: (
        {"store_id": STORE_OF[w]}, {"name": "x", "time_zone": "Europe/Rome"}
    ),
    "key.issue": plain({"name": "x", "role": "owner"}),
    "key.list": plain(),
    "key.read": key,
    "key.rotate": rotated,
    "key.revoke": key,
    "role.make": lambda t, w: (
        {}, {"name": f"r{uuid4().hex[:12]}", "grants": {"identify": "all"}}
    ),
    "role.list": plain(),
    "role.read": lambda t, w: ({"role": role(t, w)}, None),
    "role.change": lambda t, w: ({"role": role(t, w)}, {"about": "x"}),
    "role.end": lambda t, w: ({"role": role(t, w)}, None),
    "incident.list": plain(),
    "incident.open": lambda t, w: ({}, {"kind": f"till_{uuid4().hex[:8]}", "detail": "off"}),
    "incident.read": lambda t, w: (incident(t, w)[0], None),
    "incident.note": incident,
    "incident.close": incident,
    "program.kinds": plain(),
    "draft.list": plain(),
    "draft.make": plain(EXAMPLES["draft.make"]),
    "draft.read": draft(),
    "draft.change": draft({"revision": 1, "name": "Other"}),
    "draft.rebase": draft({"revision": 1}),
    "draft.drop": draft(),
    "draft.check": draft(),
    "draft.try": draft(EXAMPLES["draft.try"]),
    "program.publish": plain(EXAMPLES["program.publish"]),
    "program.read": plain(),
    "program.check": plain(EXAMPLES["program.check"]),
    "program.announce": plain(EXAMPLES["program.announce"]),
    "program.rollback": rollback,
    "program.versions": plain(),
    "program.version": lambda t, w: ({"version": "x" if w == "random" else "1"}, None),
}  # fmt: skip
ANYBODYS = {
    "store.put", "key.issue", "key.list", "role.make", "role.list", "incident.list",
    "incident.open", "program.publish", "program.read", "program.check", "program.announce",
    "program.versions", "program.kinds", "draft.list", "draft.make",
}  # fmt: skip
