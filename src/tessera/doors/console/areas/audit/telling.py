"""What was there before and after, in words: fields, values and what they belong to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tessera.doors.console.areas.roles.naming import ROLE_NAMES
from tessera.doors.console.areas.roles.operations import OPERATIONS
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_

# What entries are about.
KINDS: Mapping[str, str] = {
    "member": N_("Member"), "staff": N_("person of staff"), "key": N_("key"), "role": N_("role"),
    "store": N_("store"), "approval": N_("proposal"), "audit": N_("log entry"),
    "program": N_("program"), "card": N_("card"), "card_batch": N_("card batch"),
    "account": N_("account"), "receipt": N_("receipt"), "incident": N_("incident"),
    "household": N_("household"), "duplicate": N_("possible duplicate"), "merge": N_("merge"),
    "consent": N_("consent"), "session": N_("session"), "task": N_("job"), "draft": N_("draft"),
    "quarantine": N_("quarantined row"),
    "reward": N_("reward"), "claim": N_("claim"), "pool": N_("pool of codes"),
}  # fmt: skip
# Who did it.
PRINCIPALS: Mapping[str, str] = {
    "staff": N_("person of staff"), "key": N_("key"), "member": N_("Member"),
    "anybody": N_("somebody who is not signed in"), "system": N_("the house itself"),
    "command line": N_("command line"),
}  # fmt: skip
# Fields as people call them; others are told by their own names.
FIELDS: Mapping[str, str] = {
    "name": N_("Name"), "email": N_("E-mail"), "phone": N_("Phone"), "role": N_("Role"),
    "stores": N_("Stores"), "store": N_("Store"), "expires_at": N_("Until"),
    "ended_at": N_("Ended"), "revoked_at": N_("Revoked"), "about": N_("What it is for"),
    "grants": N_("What it may"), "sight": N_("Persons look"), "state": N_("State"),
    "reason": N_("Reason"), "way": N_("Signed in with"), "points": N_("Points"),
    "currency": N_("Currency"), "balance": N_("Balance"), "status": N_("Status"),
    "given_name": N_("First name"), "family_name": N_("Family name"), "language": N_("Language"),
    "birth_date": N_("Date of birth"), "note": N_("Note"), "version": N_("Version"),
    "sessions": N_("Sessions"), "issued_by": N_("Issued by"), "operation": N_("Operation"),
    "limit": N_("Limit"), "hash": N_("Fingerprint"), "proposed_by": N_("Proposed by"),
    "proposed_name": N_("Proposed by"), "old_until": N_("Old secret works until"),
    "rate_per_s": N_("Calls per second"), "networks": N_("Addresses"),
    "mint_per_day": N_("Points per day"), "operations": N_("Operations"), "zone": N_("Time zone"),
    "has_password": N_("Password"), "member": N_("Member"), "keep": N_("Stays"),
    "goes": N_("Becomes part of it"), "days": N_("Days"), "passkey": N_("Passkey"),
    "receipt": N_("Receipt"), "card": N_("Card"), "kind": N_("Kind"), "value": N_("Value"),
    "program": N_("Program"), "from_beginning": N_("From the beginning"),
    "announced_at": N_("Announced for"), "starts_at": N_("Begins"),
}  # fmt: skip
# Words that we have chosen ourselves, by the field they stand in.
_VALUES: Mapping[str, Mapping[str, str]] = {
    "role": ROLE_NAMES, "operation": OPERATIONS,
    "scope": {"all": N_("everywhere"), "own_store": N_("in its own stores"),
              "self": N_("what is one's own")},
    "sight": {"masked": N_("masked"), "pseudonym": N_("as pseudonyms")},
    "state": {"open": N_("to be decided"), "approved": N_("approved"), "rejected": N_("rejected"),
              "withdrawn": N_("called off"), "expired": N_("its day is over")},
    "way": {"password": N_("password and code"), "passkey": N_("passkey"), "code": N_("code"),
            "provider": N_("company account"), "invitation": N_("invitation")},
}  # fmt: skip
_YES, _NO, _NOTHING = N_("yes"), N_("no"), "\N{EM DASH}"


@dataclass(frozen=True, slots=True)
class Line:
    """A field that changed: what it is called, and its values in words."""

    label: str
    before: str
    after: str
    changed: bool


def field_called(local: Local, name: str) -> str:
    """A field as people call it."""
    return local.gettext(FIELDS[name]) if name in FIELDS else name


def kind_called(local: Local, kind: str) -> str:
    """What an entry is about; "" where it says nothing."""
    return local.gettext(KINDS[kind]) if kind in KINDS else kind


def said(local: Local, value: Any) -> str:
    """A value of JSON in words: days and numbers as the reader writes them."""
    if value is None or value in ("", [], {}):
        return _NOTHING
    if isinstance(value, bool):
        return local.gettext(_YES if value else _NO)
    if isinstance(value, int):
        return local.count(value)
    if isinstance(value, str):
        at = _moment(value)
        return value if at is None else local.moment(at)
    if isinstance(value, list) and all(isinstance(each, (str, int)) for each in value):
        return local.listed([str(each) for each in value])
    return json.dumps(value, ensure_ascii=False, indent=1)


def _moment(text: str) -> datetime | None:
    """An instant as JSON tells it; None for any other text."""
    if not (20 <= len(text) <= 40 and text[4:5] == "-" and text[10:11] == "T"):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo is not None else None


def lines(local: Local, before: Any, after: Any) -> list[Line]:
    """Every field of two records, side by side."""
    old = before if isinstance(before, dict) else {}
    new = after if isinstance(after, dict) else {}
    return [
        Line(field_called(local, name), told(local, name, old.get(name)),
             told(local, name, new.get(name)), old.get(name) != new.get(name))
        for name in dict.fromkeys((*old, *new))
    ]  # fmt: skip


def told(local: Local, name: str, value: Any) -> str:
    """The value of a field in words: a role by its name, what it may line by line."""
    words = _VALUES.get(name, {})
    if isinstance(value, str) and value in words:
        return local.gettext(words[value])
    if name == "grants" and isinstance(value, dict):
        return "\n".join(
            f"{local.gettext(OPERATIONS.get(each, each))}: {told(local, 'scope', scope)}"
            for each, scope in value.items()
        )
    return said(local, value)
