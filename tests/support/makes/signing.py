"""Calls about signing in, sessions, passkeys and staff."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from support.things import Made, Make, Things, Whose, plain

NOBODY = {"email": "nobody@example.org", "password": "maple tram violet ox"}
KEY = {"credential": {"rawId": "AAAA"}}


def person() -> dict[str, Any]:
    return {"name": "Ada", "email": f"{uuid4().hex}@example.org", "role": "operator"}


def staff(body: Any = None) -> Make:
    """About somebody of staff who was invited."""

    def make(things: Things, whose: Whose) -> Made:
        if whose == "random":
            return {"staff_id": str(uuid4())}, body
        return {"staff_id": things.made("/v1/staff", person())["staff_id"]}, body

    return make


def nothing(word: str, body: Any = None) -> Make:
    """About something that was never there: those who crawl come by key, and have no session."""
    return lambda things, whose: ({word: str(uuid4())}, body)


def first_try(body: Any) -> Make:
    """As if nobody had tried today: all who crawl come from one address."""

    def make(things: Things, whose: Whose) -> Made:
        things.api.eye.execute("DELETE FROM access.sign_in_limit")
        things.api.eye.execute("DELETE FROM access.code_bucket")
        return {}, body

    return make


_OWN: dict[str, Make] = {
    "session.list": plain(),
    "session.end": nothing("session_id"),
    "passkey.list": plain(),
    "passkey.begin": plain({}),
    "passkey.add": nothing("ceremony_id", KEY),
    "passkey.remove": nothing("passkey_id"),
}
MAKES: dict[str, Make] = {
    "sign_in.invitation": plain({"invitation": "never-given"}),
    "sign_in.enrol": plain({"invitation": "never-given", "password": NOBODY["password"]}),
    "sign_in.staff": first_try(NOBODY),
    "sign_in.code": first_try({"kind": "email", "value": "nobody@example.org"}),
    "sign_in.prove": nothing("challenge_id", {"code": "000000"}),
    "sign_in.passkey": plain({}),
    "sign_in.signed": nothing("ceremony_id", KEY),
    "sign_in.provider": plain({}),
    "sign_in.back": nothing("state", {"code": "x", "binding": "x"}),
    **_OWN,
    "session.renew": plain({"password": NOBODY["password"]}),
    "recovery.read": plain(),
    "recovery.make": plain({}),
    **{f"me.{name}": make for name, make in _OWN.items()},
    "staff.invite": lambda t, w: ({}, person()),
    "staff.list": plain(),
    "staff.read": staff(),
    "staff.change": staff({"name": "Ada L."}),
    "staff.reset": staff(),
    "staff.sign_out": staff(),
    "staff.end": staff(),
}

ANYBODYS = {
    "session.list", "session.end", "session.renew", "passkey.list", "passkey.begin", "passkey.add",
    "passkey.remove", "me.session.list", "me.session.end", "me.passkey.list", "me.passkey.begin",
    "me.passkey.add", "me.passkey.remove", "staff.invite", "staff.list",
    "recovery.read", "recovery.make",
}  # fmt: skip
REFUSED = {
    "sign_in.invitation": 403, "sign_in.enrol": 403, "sign_in.staff": 403, "sign_in.prove": 403,
    "sign_in.signed": 403, "sign_in.provider": 409, "sign_in.back": 403, "session.end": 404,
    "session.renew": 409, "recovery.make": 409, "passkey.begin": 409, "passkey.add": 403,
    "passkey.remove": 404,
    "me.session.end": 404, "me.passkey.add": 403, "me.passkey.remove": 404,
}  # fmt: skip
