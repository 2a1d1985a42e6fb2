"""Keys of the API: issue, narrow, rotate, revoke; and a till for this device."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.people.pages import end_of
from tessera.doors.console.areas.roles.naming import ROLES_TOLD, role_called
from tessera.doors.console.areas.roles.pages import all_roles
from tessera.doors.language.words import N_
from tessera.doors.noting import Proposed
from tessera.doors.till.keys import IssuedKey, KeyView, RotatedKey
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.pictures import qr
from tessera.doors.web.visit import Visit

PATH = "/console/keys"
PAIR = "/till/pair"
REVOKED = N_("The key is revoked: within five seconds it opens nothing any more.")
OVERLAPS: Mapping[str, str] = {
    "0": N_("at once"), "60": N_("in an hour"), "1440": N_("in a day"), "10080": N_("in a week"),
}  # fmt: skip


async def show(visit: Visit) -> Shown:
    """Keys, page by page, the oldest first."""
    found = await visit.ask("key.list", query={"cursor": visit.query.get("cursor"), "limit": 50})
    if isinstance(found, Refusal):
        return found
    return View("keys/list.html", {
        "keys": [(key, state_of(key, visit.now)) for key in found.items],
        "next": visit.here(cursor=found.next) if found.next else "",
        "first": PATH if visit.query.get("cursor") else "",
        "called": lambda role: role_called(visit, role),
    })  # fmt: skip


def state_of(key: KeyView, now: datetime) -> str:
    """works, over (its end has come), revoked."""
    if key.revoked_at is not None:
        return "revoked"
    return "over" if key.expires_at is not None and key.expires_at <= now else "works"


# Issuing -----------------------------------------------------------------------------------------


async def show_new(visit: Visit) -> Shown:
    """What the key is for, and how it is narrowed."""
    return await _form(visit, "keys/new.html", {})


async def _form(visit: Visit, template: str, values: dict[str, Any]) -> Shown:
    stores = await visit.ask("store.list")
    roles = await all_roles(visit)
    if isinstance(roles, Refusal):
        return roles
    _ = visit.local.gettext
    offered = [
        (role.name, role_called(visit, role.name),
         _(ROLES_TOLD[role.name]) if role.name in ROLES_TOLD else role.about)
        for role in roles if role.ended_at is None
    ]  # fmt: skip
    offered.sort(key=_counters_first)
    return View(template, values | {
        "roles": offered, "stores": [] if isinstance(stores, Refusal) else stores.items,
    })  # fmt: skip


def _counters_first(role: tuple[str, str, str]) -> bool:
    return role[0] not in ("till", "partner", "integrator")


async def issue(visit: Visit) -> Shown:
    """A fresh key; its secret is shown now and never again."""
    end = end_of(visit)
    if isinstance(end, Refusal):
        return end
    form = visit.form
    numbers = _numbers(visit, "rate_per_s", "mint_per_day")
    if isinstance(numbers, Refusal):
        return numbers
    body = numbers | {
        "name": form.get("name"), "role": form.get("role"), "expires_at": end,
        "stores": form.all("store") or None, "networks": form.get("networks").split(),
    }  # fmt: skip
    return _issued(visit, await visit.ask("key.issue", body=body))


def _numbers(visit: Visit, *names: str) -> dict[str, int] | Refusal:
    """Whole numbers of a form; what is left empty is left out."""
    found: dict[str, int] = {}
    for name in names:
        text = visit.form.get(name)
        if not text:
            continue
        if not (text.isascii() and text.isdecimal() and len(text) <= 13):
            _ = visit.local.gettext
            return Refusal("number_invalid", name, _("This is no whole number."),
                           _("Type digits only, or leave it empty."))  # fmt: skip
        found[name] = int(text)
    return found


def _issued(visit: Visit, answer: Any) -> Shown:
    if isinstance(answer, (Refusal, Proposed)):
        return visit.done(answer, PATH)
    assert isinstance(answer, IssuedKey)
    values = {"name": answer.name, "key_id": answer.key_id, "old_until": None}
    return _shown_once(visit, answer.token, answer.role, values)


def _shown_once(visit: Visit, token: str | None, role: str, values: dict[str, Any]) -> View:
    """The secret; for a till also the way to make a device one."""
    pair = f"{PAIR}#{token}" if token and role == "till" else ""
    away = f"{visit.house.plan.entrance.site.origin}{pair}"
    return View("keys/secret.html", values | {
        "token": token, "pair": pair, "picture": qr(away) if pair else None,
    })  # fmt: skip


# A till for this device --------------------------------------------------------------------------


async def show_till(visit: Visit) -> Shown:
    """Which store, and how the till is called."""
    return await _form(visit, "keys/till.html", {})


async def issue_till(visit: Visit) -> Shown:
    """A till's key, and the way to open the till with it."""
    body = {"name": visit.form.get("name"), "role": "till", "stores": [visit.form.get("store")]}
    return _issued(visit, await visit.ask("key.issue", body=body))


# One key -----------------------------------------------------------------------------------------


async def show_one(visit: Visit) -> Shown:
    """What a key may, and when it was last used."""
    key = await visit.ask("key.read", path=visit.words)
    if isinstance(key, Refusal):
        return key
    mine = visit.who is not None and visit.who.principal.person in (key.issued_by, key.key_id)
    return View("keys/key.html", {
        "key": key, "state": state_of(key, visit.now), "mine": mine, "overlaps": OVERLAPS,
        "called": lambda role: role_called(visit, role), "issuer": await _issuer(visit, key),
    })  # fmt: skip


async def _issuer(visit: Visit, key: KeyView) -> tuple[str, str] | None:
    """(name, address) of who issued it, where that can be seen."""
    if key.issued_by is None:
        return None
    staff = await visit.ask("staff.read", path={"staff_id": key.issued_by})
    if not isinstance(staff, Refusal):
        return staff.name, f"/console/people/{key.issued_by}"
    other = await visit.ask("key.read", path={"key_id": key.issued_by})
    return None if isinstance(other, Refusal) else (other.name, f"{PATH}/{key.issued_by}")


async def rotate(visit: Visit) -> Shown:
    """A new secret; the old one works on for as long as was said."""
    key = await visit.ask("key.read", path=visit.words)
    if isinstance(key, Refusal):
        return key
    minutes = visit.form.get("overlap", "1440")
    body = {"overlap_minutes": int(minutes) if minutes in OVERLAPS else 1440}
    turned = await visit.ask("key.rotate", path=visit.words, body=body)
    if isinstance(turned, (Refusal, Proposed)):
        return visit.done(turned, visit.path)
    assert isinstance(turned, RotatedKey)
    values = {"name": key.name, "key_id": key.key_id, "old_until": turned.old_until}
    return _shown_once(visit, turned.token, key.role, values)


async def revoke(visit: Visit) -> Shown:
    """It opens nothing any more."""
    return visit.done(await visit.ask("key.revoke", path=visit.words), visit.path, REVOKED)


PAGES: tuple[Page, ...] = (
    Page(
        name="keys.list", path=PATH, show=show, title=N_("Keys"),
        purpose=N_("What tills, partners and other programs come in with. Each key is a role, "
                   "narrowed."),
        needs=("key.list",), menu=Menu("control", 55, N_("Keys"), "key"),
    ),
    Page(
        name="keys.new", path=f"{PATH}/new", show=show_new, title=N_("Issue a key"),
        purpose=N_("Give it what it needs and no more. Its secret is shown once."),
        needs=("key.issue",), acts={"issue": issue},
    ),
    Page(
        name="keys.till", path=f"{PATH}/till", show=show_till, title=N_("A till for this device"),
        purpose=N_("Any device with a browser can be a till: this one, or one that scans a code."),
        needs=("key.issue",), acts={"issue": issue_till},
    ),
    Page(
        name="keys.key", path=f"{PATH}/{{key_id}}", show=show_one, title=N_("Key"),
        purpose=N_("What may be done with this key, from where, and until when."),
        needs=("key.read",), acts={"rotate": rotate, "revoke": revoke},
    ),
)  # fmt: skip
