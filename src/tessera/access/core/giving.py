"""Nobody gives what he does not have: roles and keys against whoever makes them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence

from tessera.access.core.keys import KeyTerms, rate_of
from tessera.access.core.policy import BARE, LIKE_OWNER, PEOPLE, POLICY, ROLES, Scope
from tessera.access.core.principals import OwnRole, Principal
from tessera.base.refusal import Refusal

_WIDTH: dict[Scope, int] = {"self": 0, "own_store": 1, "all": 2}
_NAME = re.compile(r"[a-z][a-z0-9_-]{1,31}\Z")
_ASK = "ask somebody who may more, or leave it out"


def grantable(operation: str) -> tuple[Scope, ...]:
    """How far the operation can reach in an own role, the widest first.

    `own_store` only where some built-in role has it: elsewhere nobody would ask for the store.
    What is for members or for anybody can be given to nobody else.
    """
    said = {scope for role, scope in POLICY.get(operation, {}).items() if role not in PEOPLE}
    return tuple(scope for scope in ("all", "own_store") if scope in said)


def role_fault(name: str, grants: Mapping[str, Scope]) -> Refusal | None:
    """Whether there can be an own role of this name with these operations."""
    if not _NAME.match(name) or name in ROLES or name == "admin":
        return Refusal(
            "role_name_invalid", "name", "this is no name for a role of your own",
            "send 2 to 32 small letters, digits, `-` and `_`, and no built-in role's name",
        )  # fmt: skip
    for operation, scope in grants.items():
        if scope not in grantable(operation):
            can = " or ".join(grantable(operation))
            return Refusal(
                "operation_unknown", f"grants.{operation}"[:64],
                f"{operation[:64]} cannot be given with {scope}" if can else
                f"no role can be given {operation[:64]}",
                f"send {can}" if can else "see the roles' reference for what can be given",
            )  # fmt: skip
    return None


def sight_fault(role: OwnRole) -> Refusal | None:
    """What of a role that sees pseudonyms shows persons as they are."""
    shown = sorted(BARE & role.grants.keys()) if role.sight == "pseudonym" else []
    if not shown:
        return None
    return Refusal(
        "operation_unknown", f"grants.{shown[0]}", f"{shown[0]} shows persons as they are",
        "leave it out, or let the role see persons masked",
    )  # fmt: skip


def exceeds(maker: Principal, role: OwnRole, field: str) -> Refusal | None:
    """What of a role its maker does not have; operations that are no more are nothing."""
    for operation, scope in role.grants.items():
        if operation not in POLICY:
            continue
        has = maker.scope(operation)
        if has is None or _WIDTH[has] < _WIDTH[scope]:
            return _not_yours(f"{field}.{operation}", f"{operation} with {scope}")
    if maker.sight == "pseudonym" and role.sight != "pseudonym":
        return _not_yours("sight", "to see more of persons than pseudonyms")
    return None


def beyond(maker: Principal, terms: KeyTerms, role: OwnRole) -> Refusal | None:
    """What of a key whoever issues it does not have: operations, stores, addresses, time, rates.

    role  what the key's role may, built-in or own
    """
    kept = {op: scope for op, scope in role.grants.items()
            if terms.operations is None or op in terms.operations}  # fmt: skip
    refusal = exceeds(maker, OwnRole(role.name, kept, role.sight), "role")
    if refusal is not None:
        return refusal
    if not _within(terms.stores, maker.stores):
        return _not_yours("stores", "stores other than your own")
    if maker.networks and not (terms.networks and _inside(terms.networks, maker.networks)):
        return _not_yours("networks", "addresses other than your own")
    return _term_fault(maker, terms) or _pace_fault(maker, terms)


def like_owner(role: OwnRole, operations: Sequence[str] | None = None) -> bool:
    """Whether it gives what an owner gives: keys, roles, staff.

    operations  of the role's only these; None: all of them
    """
    return any(op in LIKE_OWNER and (operations is None or op in operations) for op in role.grants)


def _term_fault(maker: Principal, terms: KeyTerms) -> Refusal | None:
    ends = maker.ends_at
    if ends is None or (terms.expires_at is not None and terms.expires_at <= ends):
        return None
    return _not_yours("expires_at", "more time than your own")


def _pace_fault(maker: Principal, terms: KeyTerms) -> Refusal | None:
    """Points a day; calls a second only of whoever has fewer than is usual in its role."""
    cap, rate = maker.mint_per_day, maker.rate_per_s
    if cap is not None and (terms.mint_per_day is None or terms.mint_per_day > cap):
        return _not_yours("mint_per_day", "more points a day than your own key")
    if rate < rate_of(maker.role) and (terms.rate_per_s or rate_of(terms.role)) > rate:
        return _not_yours("rate_per_s", "more calls a second than your own key")
    return None


def limits_fault(terms: KeyTerms, role: OwnRole) -> Refusal | None:
    """Operations the role does not have; addresses that are none."""
    for index, operation in enumerate(terms.operations or ()):
        if operation not in role.grants:
            return Refusal(
                "operation_unknown", f"operations[{index}]",
                f"role {terms.role} has no operation {operation[:64]}",
                "name operations of the role, or leave `operations` out",
            )  # fmt: skip
    for index, text in enumerate(terms.networks):
        try:
            ipaddress.ip_network(text)
        except ValueError:
            return Refusal(
                "network_invalid", f"networks[{index}]", "this is no range of addresses",
                "send CIDR with no bits beyond the mask, such as 10.1.0.0/16 or 2001:db8::/48",
            )  # fmt: skip
    return None


def stores_fault(role: OwnRole, stores: Sequence[str] | None) -> Refusal | None:
    """Whoever has a role that reaches only to own stores has some."""
    if stores is None and "own_store" in role.grants.values():
        return Refusal(
            "store_missing", "store", f"whoever has role {role.name} belongs to stores",
            "name the store",
        )  # fmt: skip
    return None


def _within(inner: Sequence[str] | None, outer: Sequence[str] | None) -> bool:
    return outer is None or (inner is not None and set(inner) <= set(outer))


def _inside(inner: Sequence[str], outer: Sequence[str]) -> bool:
    """Whether every range lies in one of the others."""
    wide = [ipaddress.ip_network(text) for text in outer]
    return all(
        any(_in(ipaddress.ip_network(text), each) for each in wide) for text in inner
    )  # fmt: skip


def _in(
    inner: ipaddress.IPv4Network | ipaddress.IPv6Network,
    outer: ipaddress.IPv4Network | ipaddress.IPv6Network,
) -> bool:
    if isinstance(inner, ipaddress.IPv4Network):
        return isinstance(outer, ipaddress.IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, ipaddress.IPv6Network) and inner.subnet_of(outer)


def _not_yours(field: str, what: str) -> Refusal:
    return Refusal(
        "not_yours_to_give", field[:64], f"you do not have yourself what you give: {what}", _ASK
    )
