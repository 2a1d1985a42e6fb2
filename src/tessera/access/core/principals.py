"""Who calls, and whether the policy lets them."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.access.core.policy import (
    BARE,
    GRANTS,
    OWN_SIGN_IN,
    ROLES,
    Scope,
    Sight,
    sight_of,
)
from tessera.base.refusal import Refusal

Kind = Literal["key", "staff", "member", "anybody"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
FRESH = timedelta(minutes=10)
_OWN_SIGN_IN: Mapping[str, Scope] = dict.fromkeys(OWN_SIGN_IN, "all")
STRANGER_RATE = 20  # calls a second from one address that come without a key


class OwnRole(Struct, frozen=True):
    """A role that this installation has made: operations with how far each reaches."""

    name: str
    grants: Mapping[str, Scope]
    sight: Sight = "masked"


def built_in(name: str) -> OwnRole | None:
    """What a built-in role may, in the same shape; None if there is none of this name."""
    return OwnRole(name, GRANTS[name], sight_of(name)) if name in ROLES else None


class RoleRow(Struct, frozen=True):
    """An own role as its row tells it; one that has ended may nothing."""

    name: str
    about: str
    grants: Mapping[str, Scope]
    sight: Sight
    created_at: datetime
    changed_at: datetime
    made_by: UUID | None
    ended_at: datetime | None


class Principal(Struct, frozen=True):
    """Whoever calls: the holder of a key, somebody signed in, a member, or anybody.

    role          a built-in role or one of the installation's own, which is in `own` then
    stores        what is about a store must be about one of these; None: every store
    only          of the role's operations only these; None: all of them
    networks      addresses it may come from, as CIDR; empty: from everywhere
    mint_per_day  points that sales and events may give with this key in a day (UTC); None: any
    issued_by     of a key: the person who issued it, or the key it was issued with
    session_id    of somebody signed in; proved_at: when that one last proved who it is
    term          of staff: when its time here ends, whatever the session does; None: it does not
    """

    id: UUID
    kind: Kind
    name: str
    role: str
    stores: tuple[str, ...] | None
    rate_per_s: int
    expires_at: datetime | None = None
    own: OwnRole | None = None
    only: frozenset[str] | None = None
    networks: tuple[str, ...] = ()
    mint_per_day: int | None = None
    issued_by: UUID | None = None
    session_id: UUID | None = None
    proved_at: datetime | None = None
    term: datetime | None = None

    def fresh(self, now: datetime) -> bool:
        """Whether somebody signed in, or proved to be the same again, within ten minutes."""
        return self.proved_at is not None and now - self.proved_at <= FRESH

    @property
    def person(self) -> UUID:
        """Who answers for what is done: a key counts as whoever issued it."""
        return self.issued_by or self.id

    @property
    def ends_at(self) -> datetime | None:
        """What whoever calls gives ends by then: a key's own end, the term of staff."""
        return self.expires_at if self.kind == "key" else self.term

    @property
    def store(self) -> str | None:
        """The one store, where there is one."""
        return self.stores[0] if self.stores is not None and len(self.stores) == 1 else None

    @property
    def grants(self) -> Mapping[str, Scope]:
        """Every operation this caller may call, with how far."""
        row = self._row()
        return row if self.only is None else {op: row[op] for op in row if op in self.only}

    @property
    def sight(self) -> Sight:
        """How persons look to this caller."""
        if self.own is not None:
            return self.own.sight
        return sight_of(self.role)

    @property
    def sees_hidden(self) -> bool:
        """Whether hidden rules are told: to whoever may read the program, which tells them all."""
        return self.may("program.read")

    @property
    def brings_in(self) -> bool:
        """Whether strangers are met on this caller's word: of whoever confirms in every store."""
        return self.stores is None and self.scope("receipt.confirm") == "all"

    def scope(self, operation: str) -> Scope | None:
        """How far the operation reaches for this caller; None: not at all."""
        if self.only is not None and operation not in self.only:
            return None
        return self._row().get(operation)

    def may(self, operation: str) -> bool:
        """Whether the operation is open at all."""
        return self.scope(operation) is not None

    def _row(self) -> Mapping[str, Scope]:
        if self.own is None:
            return GRANTS.get(self.role, {})
        grants = self.own.grants
        if self.own.sight == "pseudonym":
            grants = {operation: grants[operation] for operation in grants.keys() - BARE}
        if self.kind == "staff":  # whoever is signed in may look after that
            return {**_OWN_SIGN_IN, **grants}
        return grants


STRANGER = Principal(UUID(int=0), "anybody", "anybody", "anybody", (), STRANGER_RATE)


def allowed(principal: Principal, operation: str, store: str | None) -> Refusal | None:
    """None if the policy's row lets this principal do it there, else the refusal.

    store  the store the call is about; None where the operation is about none
    """
    scope = principal.scope(operation)
    if scope is None:
        return Refusal(
            "not_allowed", "", f"role {principal.role} may not {operation} here",
            "sign in as, or use a key of, somebody whose role has this operation",
        )  # fmt: skip
    if store is None or (principal.stores is None and scope == "all"):
        return None
    if principal.stores is None or store not in principal.stores:
        own = ", ".join(principal.stores or ()) or "no store"
        return Refusal(
            "other_store", "store", f"this caller belongs to {own}, not to {store}"[:500],
            "use the key of that store's tills",
        )  # fmt: skip
    return None


def store_of(principal: Principal, operation: str, said: str | None) -> str | Refusal | None:
    """The store a call is about: the one it names, or the caller's only one, if it may there.

    None where the caller belongs to no store and names none. Errors: not_allowed, other_store,
    store_missing where the caller has several.
    """
    store = said or principal.store
    refusal = allowed(principal, operation, store)
    if refusal is None and store is None and principal.stores is not None:
        return Refusal(
            "store_missing", "store", "this caller has several stores, and none is named",
            "name the store",
        )  # fmt: skip
    return refusal or store


def network_of(address: str) -> str:
    """What stands for a caller without a key: the address, of IPv6 its /64; "" for none.

    One household or firm has a whole /64, so a bucket for each single address would hold nothing.
    """
    found = _address(address)
    if found is None:
        return ""
    if found.version == 4:
        return str(found)
    return str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))


def block_of(network: str) -> str:
    """The part of the internet that a caller's network lies in: a /24, of IPv6 a /48; "" of none.

    network  as `network_of` says it: one line may have 65,536 of them, or another one tomorrow
    """
    if not network:
        return ""
    found = ipaddress.ip_network(network)
    return str(found.supernet(new_prefix=24 if found.version == 4 else 48))


def comes_from(principal: Principal, address: str) -> bool:
    """Whether a caller may come from this address; an unknown one is in no range."""
    if not principal.networks:
        return True
    found = _address(address)
    return found is not None and any(
        found.version == net.version and found in net
        for net in (_network(text) for text in principal.networks)
        if net is not None
    )


@lru_cache(maxsize=4096)
def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return mapped or found


@lru_cache(maxsize=4096)
def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        return None
