"""Operations under headings, and roles by the names people have for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tessera.access.core import GRANTS, PEOPLE, POLICY, ROLES
from tessera.doors.console.areas.roles.operations import OPERATIONS
from tessera.doors.language.words import N_
from tessera.doors.web.visit import Visit

# What an operation is about, by the first word of its name, in the order of the table.
GROUPS: Mapping[str, tuple[str, ...]] = {
    N_("At the counter"): (
        "identify",
        "quote",
        "receipt",
        "event",
        "transfer",
        "allowance",
        "store",
    ),
    N_("Points"): ("points", "donation", "exchange", "adjustment", "extension"),
    N_("Members and cards"): (
        "member",
        "card",
        "contact",
        "consent",
        "choice",
        "duplicate",
        "merge",
        "household",
        "erasure",
        "joining",
        "console",
    ),
    N_("Partners and friends"): ("partner", "referral"),
    N_("Program"): ("program", "draft"),
    N_("Rewards"): ("reward", "claim", "pool", "picture"),
    N_("Second person and log"): ("approval", "audit", "incident"),
    N_("People, roles and keys"): ("staff", "role", "key"),
    N_("Imports and long work"): ("import", "quarantine", "task", "turn"),
    N_("Own sign-in"): ("session", "passkey", "recovery"),
}
OTHER = N_("Everything else")
_GROUP_OF = {word: group for group, words in GROUPS.items() for word in words}


def called(visit: Visit, name: str) -> str:
    """An operation in the reader's language; its name in the policy where nobody has named it."""
    return visit.local.gettext(OPERATIONS[name]) if name in OPERATIONS else name


def staff_operations() -> tuple[str, ...]:
    """Every operation that somebody of staff or a key may have, in the order of the policy."""
    return tuple(name for name, row in POLICY.items() if set(row) - PEOPLE)


def grouped(names: Iterable[str]) -> dict[str, list[str]]:
    """The same by what they are about; groups without any are left out."""
    found: dict[str, list[str]] = {group: [] for group in (*GROUPS, OTHER)}
    for name in names:
        found[_GROUP_OF.get(name.partition(".")[0], OTHER)].append(name)
    return {group: inner for group, inner in found.items() if inner}


def built_in_roles() -> tuple[str, ...]:
    """The roles that people and keys bear."""
    return tuple(role for role in ROLES if role not in PEOPLE)


def own_store_only(name: str) -> bool:
    """Whether an operation can reach one's own stores only: a till's does."""
    return GRANTS["till"].get(name) == "own_store"


# What the built-in roles are called, and what each is for.
ROLE_NAMES: Mapping[str, str] = {
    "owner": N_("Owner"), "manager": N_("Manager"), "analyst": N_("Analyst"),
    "finance": N_("Finance"), "security": N_("Security"), "operator": N_("Operator"),
    "executive": N_("Executive"), "contractor": N_("Contractor"), "till": N_("Till"),
    "partner": N_("Partner"), "integrator": N_("Integrator"),
}  # fmt: skip
ROLES_TOLD: Mapping[str, str] = {
    "owner": N_("administers: all of it, keys and roles too"),
    "manager": N_("runs the program: rules, cards, members, points"),
    "analyst": N_("asks about behaviour; sees pseudonyms"),
    "finance": N_("ties points to money; sees pseudonyms"),
    "security": N_("watches keys, incidents and misuse; ends keys, blocks cards"),
    "operator": N_("answers the phone: one member at a time"),
    "executive": N_("reads totals"),
    "contractor": N_("helps for a term with rules and figures; sees pseudonyms; always expires"),
    "till": N_("a till of one store or several: one card at a time, no lists"),
    "partner": N_("a coalition shop: what a till may, in its own stores"),
    "integrator": N_("connects tills and shops: what a till may, in every store"),
}


def role_called(visit: Visit, role: str) -> str:
    """A role as people call it; an own one by its name."""
    return visit.local.gettext(ROLE_NAMES[role]) if role in ROLE_NAMES else role
