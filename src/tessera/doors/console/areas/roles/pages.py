"""The policy as a table, and roles of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tessera.access.core import EXPIRES, Scope
from tessera.base.refusal import Refusal
from tessera.doors.console.areas.roles import naming
from tessera.doors.language.words import N_
from tessera.doors.till.roles import RoleView
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/roles"
MADE = N_("The role is there. Give it to people or keys.")
CHANGED = N_("The role is changed, for all who bear it, within two seconds.")
ENDED = N_("The role has ended: whoever bears it may nothing any more.")


@dataclass(frozen=True, slots=True)
class Group:
    """Operations that are about the same: (name in the policy, what it is called)."""

    title: str
    operations: tuple[tuple[str, str], ...]


def groups_of(visit: Visit, names: tuple[str, ...]) -> list[Group]:
    """The operations of these names under their headings, in the reader's language."""
    _, called = visit.local.gettext, naming.called
    return [
        Group(_(title), tuple((name, called(visit, name)) for name in inner))
        for title, inner in naming.grouped(names).items()
    ]


async def all_roles(visit: Visit) -> list[RoleView] | Refusal:
    """Every role that people and keys can bear, also those that have ended."""
    found: list[RoleView] = []
    cursor = ""
    while True:
        page = await visit.ask("role.list", query={"cursor": cursor, "limit": 200})
        if isinstance(page, Refusal):
            return page
        found += page.items
        if page.next is None:
            return found
        cursor = page.next


async def show(visit: Visit) -> Shown:
    """Own roles, and the table of what each role may."""
    roles = await all_roles(visit)
    if isinstance(roles, Refusal):
        return roles
    shown = [role for role in roles if role.ended_at is None]
    return View("roles/list.html", {
        "own": [role for role in roles if not role.built_in], "shown": shown,
        "groups": groups_of(visit, naming.staff_operations()),
        "called": lambda role: naming.role_called(visit, role), "told": naming.ROLES_TOLD,
    })  # fmt: skip


async def show_one(visit: Visit) -> Shown:
    """What one role may; an own one can be changed here."""
    role = await visit.ask("role.read", path={"role": visit.words["role"]})
    if isinstance(role, Refusal):
        return role
    chosen = _grants(visit) if visit.posted and "about" in visit.form else dict(role.grants)
    return View("roles/role.html", _form(visit, chosen) | {
        "role": role, "about": visit.form.get("about") if visit.posted else role.about,
        "sight": visit.form.get("sight", role.sight), "expires": role.name in EXPIRES,
    })  # fmt: skip


async def show_new(visit: Visit) -> Shown:
    """The form for a new role; `like` begins it with what another one may."""
    chosen: dict[str, Scope] = _grants(visit)
    like = visit.query.get("like", "")
    if like and not visit.posted:
        role = await visit.ask("role.read", path={"role": like})
        chosen = {} if isinstance(role, Refusal) else dict(role.grants)
    return View("roles/new.html", _form(visit, chosen) | {
        "sight": visit.form.get("sight", "masked"), "like": like,
        "roles": [(role, naming.role_called(visit, role)) for role in naming.built_in_roles()],
    })  # fmt: skip


def _form(visit: Visit, chosen: dict[str, Scope]) -> dict[str, Any]:
    """What the boxes of a role are drawn from. Nobody is offered what he may not do himself."""
    mine = tuple(
        name for name in naming.staff_operations() if visit.may(name) or name in chosen
    )  # fmt: skip
    return {
        "groups": groups_of(visit, mine), "chosen": chosen, "near": naming.own_store_only,
        "called": lambda role: naming.role_called(visit, role), "told": naming.ROLES_TOLD,
    }  # fmt: skip


def _grants(visit: Visit) -> dict[str, Scope]:
    """The boxes that are ticked: {operation: how far}."""
    near = set(visit.form.all("near"))
    return {name: "own_store" if name in near else "all" for name in visit.form.all("grant")}


async def make(visit: Visit) -> Shown:
    """A new role."""
    name = visit.form.get("name").lower()
    body = {"name": name, "about": visit.form.get("about"), "grants": _grants(visit),
            "sight": visit.form.get("sight", "masked")}  # fmt: skip
    return visit.done(await visit.ask("role.make", body=body), f"{PATH}/{name}", MADE)


async def change(visit: Visit) -> Shown:
    """What an own role may from now on."""
    name = visit.words["role"]
    body = {"about": visit.form.get("about"), "grants": _grants(visit),
            "sight": visit.form.get("sight", "masked")}  # fmt: skip
    said = await visit.ask("role.change", path={"role": name}, body=body)
    return visit.done(said, f"{PATH}/{name}", CHANGED)


async def end(visit: Visit) -> Shown:
    """An own role is over."""
    name = visit.words["role"]
    return visit.done(await visit.ask("role.end", path={"role": name}), PATH, ENDED)


PAGES: tuple[Page, ...] = (
    Page(
        name="roles.list", path=PATH, show=show, title=N_("Roles"),
        purpose=N_("Who may what. What a role may not do is neither shown nor done."),
        needs=("role.list",), menu=Menu("control", 50, N_("Roles"), "shield"),
    ),
    Page(
        name="roles.new", path=f"{PATH}/new", show=show_new, title=N_("New role"),
        purpose=N_("A role of your own: tick what its bearers may do. "
                   "You can give what you may do yourself."),
        needs=("role.make",), acts={"make": make},
    ),
    Page(
        name="roles.role", path=f"{PATH}/{{role}}", show=show_one, title=N_("Role"),
        purpose=N_("What this role may do, and how much of a person it sees."),
        needs=("role.read",), acts={"change": change, "end": end},
    ),
)  # fmt: skip
