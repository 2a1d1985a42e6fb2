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


MAKES: dict[str, Make] = {
    "store.put": lambda t, w: (
        {"store_id": STORE_OF[w]}, {"name": "x", "time_zone": "Europe/Rome"}
    ),
    "key.issue": plain({"name": "x", "role": "owner"}),
    "key.list": plain(),
    "key.rotate": rotated,
    "key.revoke": key,
    "role.make": lambda t, w: (
        {}, {"name": f"r{uuid4().hex[:12]}", "grants": {"identify": "all"}}
    ),
    "role.list": plain(),
    "role.change": lambda t, w: ({"role": role(t, w)}, {"about": "x"}),
    "role.end": lambda t, w: ({"role": role(t, w)}, None),
    "incident.list": plain(),
    "incident.open": lambda t, w: ({}, {"kind": f"till_{uuid4().hex[:8]}", "detail": "off"}),
    "incident.note": incident,
    "incident.close": incident,
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
    "program.versions",
}  # fmt: skip
