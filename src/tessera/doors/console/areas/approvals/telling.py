"""What a proposal would do, in words: what is there now and what would be there then.

One function for each operation that can wait; what has none is told by its fields.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.audit.telling import Line, field_called, lines, said
from tessera.doors.console.areas.audit.telling import told as value_told
from tessera.doors.console.areas.roles.naming import called, role_called
from tessera.doors.language.words import N_
from tessera.doors.till.approvals import ApprovalView
from tessera.doors.web.visit import Visit

_SHOWN = 400  # lines of a difference
# What makes something wait, by the beginning of its name in the program.
LIMITS: Mapping[str, str] = {
    "adjustments.approval_above": N_("More points by hand than one person may move alone."),
    "approvals.publish": N_("A program decides only after two people have seen it."),
    "program.approvals": N_("The program would loosen what two people decide on."),
    "approvals.merge": N_("Two members would become one."),
    "approvals.erasure": N_("A person would be erased."),
    "approvals.owner": N_("Somebody, or a key, would get an owner's rights."),
    "approvals.settlement": N_("Money would be settled with a partner."),
}
_EVERY_STORE, _NO_END = N_("every store"), N_("without an end")


@dataclass(frozen=True, slots=True)
class Told:
    """A proposal in words.

    about   (what, who or which, its page); changes: now and then; diff: of a text, line by line
    gone    it can not be told: what it is about is not there any more
    """

    about: Sequence[tuple[str, str, str]] = ()
    changes: Sequence[Line] = ()
    diff: Sequence[str] = ()
    gone: bool = False


Teller = Callable[[Visit, ApprovalView], Awaitable[Told]]


def limit_told(visit: Visit, limit: str) -> str:
    """Why it waits, in a sentence; the limit's own name where we have none."""
    return visit.local.gettext(LIMITS[limit]) if limit in LIMITS else limit


async def told(visit: Visit, proposal: ApprovalView) -> Told:
    """What would be done."""
    teller = TELLERS.get(proposal.operation, _by_fields)
    return await teller(visit, proposal)


async def _by_fields(visit: Visit, proposal: ApprovalView) -> Told:
    asked = {**(proposal.path or {}), **_body(proposal)}
    return Told(changes=lines(visit.local, None, asked))


def _body(proposal: ApprovalView) -> dict[str, Any]:
    return proposal.body if isinstance(proposal.body, dict) else {}


def _path(proposal: ApprovalView) -> dict[str, str]:
    return proposal.path or {}


def _line(visit: Visit, name: str, before: str, after: str) -> Line:
    return Line(field_called(visit.local, name), before, after, before != after)


# Staff, roles, keys ------------------------------------------------------------------------------


def _terms(visit: Visit, each: Mapping[str, Any]) -> dict[str, str]:
    """Role, stores and end in words."""
    local, _ = visit.local, visit.local.gettext
    stores, ends = each.get("stores"), each.get("expires_at")
    return {
        "name": str(each.get("name") or ""),
        "role": role_called(visit, str(each.get("role") or "")),
        "stores": said(local, list(stores)) if stores else _(_EVERY_STORE),
        "expires_at": said(local, _text(ends)) if ends else _(_NO_END),
    }  # fmt: skip


def _text(at: Any) -> str:
    return at if isinstance(at, str) else at.isoformat()


async def _invite(visit: Visit, proposal: ApprovalView) -> Told:
    body = _body(proposal)
    then = _terms(visit, body) | {"email": str(body.get("email", ""))}
    return Told(changes=[_line(visit, name, "\N{EM DASH}", text) for name, text in then.items()])


async def _staff_now(
    visit: Visit, proposal: ApprovalView
) -> tuple[Any, list[tuple[str, str, str]]]:
    """Whom it is about, as that one is now."""
    staff = await visit.ask("staff.read", path=_path(proposal))
    if isinstance(staff, Refusal):
        return None, []
    whom = visit.local.gettext("Person")
    return staff, [(whom, f"{staff.name}, {staff.email}", f"/console/people/{staff.staff_id}")]


async def _staff_change(visit: Visit, proposal: ApprovalView) -> Told:
    staff, about = await _staff_now(visit, proposal)
    if staff is None:
        return Told(gone=True)
    old = {"name": staff.name, "role": staff.role, "stores": staff.stores,
           "expires_at": staff.expires_at}  # fmt: skip
    before, after = _terms(visit, old), _terms(visit, old | _body(proposal))
    return Told(about, [_line(visit, name, before[name], after[name]) for name in before])


async def _staff_reset(visit: Visit, proposal: ApprovalView) -> Told:
    staff, about = await _staff_now(visit, proposal)
    if staff is None:
        return Told(gone=True)
    _ = visit.local.gettext
    gone = _("gone; a new invitation takes its place")
    now = _("password and app") if staff.has_app else _("password only")
    changes = [
        Line(_("Signs in with"), now, gone, True),
        Line(_("Role"), role_called(visit, staff.role), role_called(visit, staff.role), False),
    ]
    return Told(about, changes)


async def _role(visit: Visit, proposal: ApprovalView) -> Told:
    """Which operations a role gets and which it loses."""
    body, name = _body(proposal), _path(proposal).get("role", "")
    old: dict[str, Any] = {"grants": {}, "about": "", "sight": ""}
    if name:
        role = await visit.ask("role.read", path={"role": name})
        if isinstance(role, Refusal):
            return Told(gone=True)
        old = {"grants": dict(role.grants), "about": role.about, "sight": role.sight}
    _, local = visit.local.gettext, visit.local
    grants = body.get("grants") or old["grants"]
    changes = [
        Line(called(visit, operation), _reach(visit, old["grants"].get(operation)),
             _reach(visit, grants.get(operation)), True)
        for operation in dict.fromkeys((*old["grants"], *grants))
        if old["grants"].get(operation) != grants.get(operation)
    ]  # fmt: skip
    for word in ("about", "sight"):
        if body.get(word) is not None and body[word] != old[word]:
            before, after = value_told(local, word, old[word]), value_told(local, word, body[word])
            changes.append(_line(visit, word, before, after))
    page = f"/console/roles/{name}" if name else ""
    return Told([(_("Role"), name or str(body.get("name", "")), page)], changes)


def _reach(visit: Visit, scope: str | None) -> str:
    _ = visit.local.gettext
    if scope is None:
        return _("not at all")
    return _("everywhere") if scope == "all" else _("in its own stores")


async def _key(visit: Visit, proposal: ApprovalView) -> Told:
    body = dict(_body(proposal))
    if body.get("store") and not body.get("stores"):
        body["stores"] = [body["store"]]
    then = _terms(visit, body)
    for name in ("networks", "rate_per_s", "mint_per_day", "operations"):
        if body.get(name) not in (None, [], ()):
            then[name] = said(visit.local, body[name])
    return Told(changes=[_line(visit, name, "\N{EM DASH}", text) for name, text in then.items()])


# The program -------------------------------------------------------------------------------------


async def _publish(visit: Visit, proposal: ApprovalView) -> Told:
    """The text of the program, against the one that decides now."""
    body = _body(proposal)
    fresh = body.get("program") if proposal.operation == "program.announce" else body
    return await _difference(visit, proposal, fresh, body)


async def _rollback(visit: Visit, proposal: ApprovalView) -> Told:
    body = _body(proposal)
    old = await visit.ask("program.version", path={"version": body.get("version", 0)})
    fresh = None if isinstance(old, Refusal) else old.program
    return await _difference(visit, proposal, fresh, body)


async def _difference(
    visit: Visit, proposal: ApprovalView, fresh: Any, body: dict[str, Any]
) -> Told:
    now = await visit.ask("program.read")
    current = {} if isinstance(now, Refusal) else now.program
    version = "" if isinstance(now, Refusal) else str(now.version)
    terms = {name: body[name] for name in ("version", "starts_at", "from_beginning", "note")
             if proposal.operation != "program.publish" and body.get(name)}  # fmt: skip
    found = [
        line for line in difflib.unified_diff(_lined(current), _lined(fresh), lineterm="", n=2)
        if not line.startswith(("---", "+++"))
    ]  # fmt: skip
    about = [(visit.local.gettext("Program"), visit.local.gettext("version %(number)s decides now")
              % {"number": version}, "/console/rules")] if version else []  # fmt: skip
    return Told(about, lines(visit.local, None, terms), found[:_SHOWN])


def _lined(program: Any) -> list[str]:
    """The text with its fields in one order: what only stands elsewhere is no difference."""
    if not program:
        return []
    return json.dumps(program, ensure_ascii=False, indent=1, sort_keys=True).splitlines()


# Members -----------------------------------------------------------------------------------------


async def _member(visit: Visit, member_id: str, label: str) -> tuple[str, str, str]:
    """A member as staff may see them."""
    found = await visit.ask("member.read", path={"member_id": member_id})
    name = "" if isinstance(found, Refusal) else found.name
    _ = visit.local.gettext
    return label, name or _("without a name"), f"/console/members/{member_id}"


async def _merge(visit: Visit, proposal: ApprovalView) -> Told:
    body, _ = _body(proposal), visit.local.gettext
    about = [
        await _member(visit, _path(proposal).get("member_id", ""), _("Stays")),
        await _member(visit, str(body.get("other", "")), _("Becomes part of it")),
    ]
    rest = {name: body[name] for name in ("reason", "keep", "fields") if body.get(name)}
    return Told(about, lines(visit.local, None, rest))


async def _same(visit: Visit, proposal: ApprovalView) -> Told:
    """A pair of the queue that shall be one person; told by its numbers where it has left it."""
    _ = visit.local.gettext
    pairs = await visit.ask("duplicate.list", query={"limit": 200})
    items = [] if isinstance(pairs, Refusal) else pairs.items
    named = [each for each in items if str(each.pair_id) == _path(proposal).get("pair_id")]
    if not named:
        return await _by_fields(visit, proposal)
    about = [
        (_("Member"), ", ".join(filter(None, (each.name, *each.identifiers))),
         f"/console/members/{each.member_id}")
        for each in named[0].members
    ]  # fmt: skip
    return Told(about, lines(visit.local, None, {"reason": _body(proposal).get("reason")}))


async def _erase(visit: Visit, proposal: ApprovalView) -> Told:
    _ = visit.local.gettext
    about = [await _member(visit, _path(proposal).get("member_id", ""), _("Member"))]
    changes = [
        Line(_("Person"), _("known by name"), _("erased for ever"), True),
        Line(_("Points and receipts"), _("there"), _("there, under a number"), False),
        Line(_("Reason"), "", str(_body(proposal).get("reason", "")), False),
    ]
    return Told(about, changes)


async def _adjust(visit: Visit, proposal: ApprovalView) -> Told:
    """Where the account stands, and where it would."""
    body, _ = _body(proposal), visit.local.gettext
    party = body.get("member") or {}
    points, currency = int(body.get("points") or 0), str(body.get("currency") or "")
    about: list[tuple[str, str, str]] = []
    before = after = ""
    if party.get("account_id") is None:
        named = {name: word for name, word in party.items() if word}
        found = await visit.ask("identify", body=named)
        if not isinstance(found, Refusal):
            about = [(_("Member"), found.name or _("without a name"), "")]
            balance = found.currencies.get(currency, found.balance) if currency else found.balance
            before = visit.local.count(balance.balance)
            after = visit.local.count(balance.balance + points)
    changes = [Line(_("Points by hand"), "", visit.local.signed(points), True)]
    if before:
        changes.append(Line(_("Balance"), before, after, True))
    rest = {name: body[name] for name in ("reason", "currency", "owing", "expires_at")
            if body.get(name)}  # fmt: skip
    return Told(about, [*changes, *lines(visit.local, None, rest)])


TELLERS: Mapping[str, Teller] = {
    "staff.invite": _invite, "staff.change": _staff_change, "staff.reset": _staff_reset,
    "role.make": _role, "role.change": _role, "key.issue": _key, "program.publish": _publish,
    "program.announce": _publish, "program.rollback": _rollback, "member.merge": _merge,
    "duplicate.same": _same, "member.erase": _erase, "adjustment.make": _adjust,
}  # fmt: skip
