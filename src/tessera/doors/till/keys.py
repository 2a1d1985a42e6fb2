"""Keys over HTTP: issue, list, rotate, revoke. Nobody issues more than he has."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from tessera.access import core as access
from tessera.access import db, flows
from tessera.access.approvals.core import Awaiting
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Name
from tessera.doors.call import Call, Once, Operation
from tessera.doors.noting import second_person
from tessera.doors.pages import QUERY, Page, asked_page, page, uuid_of
from tessera.warehouse.stores import db as stores

RoleName = Annotated[str, Meta(min_length=2, max_length=32, pattern=r"^[a-z][a-z0-9_-]*\Z")]
Network = Annotated[str, Meta(min_length=2, max_length=43, pattern=r"^[0-9A-Fa-f.:/]+\Z")]
DAY_MINUTES = 24 * 60


class IssueKey(Struct, frozen=True, forbid_unknown_fields=True):
    """A key for a till, a partner, an integrator or the office.

    role          a built-in role or one of your own
    store         the short form of `stores` with one; a till's and a partner's key has some
    rate_per_s    calls per second; left out, 200 at counters and 50 for the office
    expires_at    with an offset; left out, the key works until it is revoked
    operations    of the role's operations only these; left out, all of them
    networks      addresses it works from, as CIDR; left out, from everywhere
    mint_per_day  points that sales and events may give with it in a day (UTC); left out, any
    """

    name: Annotated[Name, Meta(min_length=1)]
    role: RoleName
    store: Code | None = None
    rate_per_s: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None
    stores: Annotated[tuple[Code, ...], Meta(min_length=1, max_length=1000)] | None = None
    operations: Annotated[tuple[Code, ...], Meta(max_length=500)] | None = None
    networks: Annotated[tuple[Network, ...], Meta(max_length=100)] = ()
    mint_per_day: Annotated[int, Meta(ge=0, le=10**12)] | None = None


class RotateKey(Struct, frozen=True, forbid_unknown_fields=True):
    """overlap_minutes  the token until now works on for so long; 30 days at most"""

    overlap_minutes: Annotated[int, Meta(ge=0, le=30 * DAY_MINUTES)] = DAY_MINUTES


class KeyView(Struct, frozen=True):
    """A key, without its token.

    last_used_at  to the hour; old_until: so long the token before the last rotation works too
    issued_by     the person who issued it, or the key it was issued with
    """

    key_id: UUID
    name: str
    role: str
    store: str | None
    rate_per_s: int
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    stores: list[str] | None
    operations: list[str] | None
    networks: list[str]
    mint_per_day: int | None
    issued_by: UUID | None
    last_used_at: datetime | None
    rotated_at: datetime | None
    old_until: datetime | None


class IssuedKey(Struct, frozen=True):
    """A fresh key. `token` is in the first answer only; the same call again says null.

    Lost it? Revoke this key and issue another.
    """

    key_id: UUID
    name: str
    role: str
    store: str | None
    rate_per_s: int
    expires_at: datetime | None
    stores: list[str] | None
    token: str | None


class RotatedKey(Struct, frozen=True):
    """A fresh token of the same key. It is in the first answer only, as of a key just issued."""

    key_id: UUID
    old_until: datetime
    token: str | None


async def issue(call: Call) -> Once | Refusal | Awaiting:
    """POST /v1/keys: what is stored for replays lacks the token."""
    terms = _terms(call)
    if isinstance(terms, Refusal):
        return terms
    role = await _role(call, terms.role)
    if isinstance(role, Refusal):
        return role
    refusal = (
        access.key_fault(terms.role, terms.stores)
        or access.stores_fault(role, terms.stores)
        or access.end_fault(terms.role, terms.expires_at, call.now)
        or access.limits_fault(terms, role)
        or await _store_fault(call, terms.stores or ())
        or access.beyond(call.principal, terms, role)
    )
    if refusal is not None:
        return refusal
    if access.like_owner(role, terms.operations):
        waits = second_person(call, "owner", "a key would be issued that gives as an owner does")
        if waits is not None:
            return waits
    made, token = await flows.make_key(call.conn, terms, call.now)
    kept = IssuedKey(
        made.id, made.name, made.role, made.store, made.rate_per_s, made.expires_at,
        None if made.stores is None else list(made.stores), None,
    )  # fmt: skip
    told = msgspec.structs.asdict(terms) | {"issued_by": str(made.issued_by)}
    call.changed("key", made.id, None, _plain(told))
    return Once(live=msgspec.structs.replace(kept, token=token), kept=kept)


def _plain(told: dict[str, object]) -> dict[str, object]:
    """What is said of a key, as JSON holds it, without what says nothing."""
    plain: dict[str, object] = msgspec.to_builtins(told)
    return {name: value for name, value in plain.items() if value not in (None, [])}


def _terms(call: Call) -> access.KeyTerms | Refusal:
    """What the key shall be. Errors: store_twice."""
    body: IssueKey = call.body
    if body.store is not None and body.stores is not None:
        return Refusal("store_twice", "store", "the stores are named in two ways",
                       "send `store` or `stores`")  # fmt: skip
    named = body.stores if body.store is None else (body.store,)
    return access.KeyTerms(
        name=body.name, role=access.role_named(body.role),
        stores=None if named is None else tuple(dict.fromkeys(named)),
        rate_per_s=body.rate_per_s, expires_at=body.expires_at,
        operations=None if body.operations is None else tuple(dict.fromkeys(body.operations)),
        networks=tuple(dict.fromkeys(body.networks)), mint_per_day=body.mint_per_day,
        issued_by=call.principal.person,
    )  # fmt: skip


async def _role(call: Call, name: str) -> access.OwnRole | Refusal:
    """What a role may, built-in or own. Errors: role_unknown."""
    built_in = access.built_in(name)
    found = built_in or await db.read_role(call.conn, name)
    return found or Refusal(
        "role_unknown", "role", f"there is no role {name}", "name a role that GET /v1/roles lists"
    )


async def _store_fault(call: Call, named: tuple[str, ...]) -> Refusal | None:
    if not named:
        return None
    known = {store.id for store in await stores.all_stores(call.conn)}
    for store_id in named:
        if store_id not in known:
            return Refusal(
                "store_unknown", "store", f"there is no store {store_id}", "put the store first"
            )
    return None


async def list_(call: Call) -> Page[KeyView] | Refusal:
    """GET /v1/keys"""
    asked = asked_page(call.query)
    if isinstance(asked, Refusal):
        return asked
    last, limit = asked
    rows = await db.list_keys(call.conn, last, limit + 1)
    return page(rows, limit, lambda key: str(key.id), _view)


async def read(call: Call) -> KeyView | Refusal:
    """GET /v1/keys/{key_id}"""
    key_id = uuid_of(call.path["key_id"])
    key = None if key_id is None else await db.read_key(call.conn, key_id)
    return _unknown(call) if key is None else _view(key)


async def rotate(call: Call) -> Once | Refusal:
    """POST /v1/keys/{key_id}/rotate: whoever issued this key may give it a new token."""
    key_id = uuid_of(call.path["key_id"])
    key = None if key_id is None else await db.lock_key(call.conn, key_id)
    if key is None:
        return _unknown(call)
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= call.now):
        return Refusal("key_ended", "key_id", "this key works no more", "issue another")
    if (key.issued_by or key.id) != call.principal.person:
        return Refusal(
            "key_of_another", "key_id", "another person has issued this key",
            "revoke it and issue another, or ask who issued it",
        )  # fmt: skip
    role = await _role(call, key.role)
    if isinstance(role, Refusal):
        return role
    terms = access.KeyTerms(
        name=key.name, role=key.role, stores=key.stores, rate_per_s=key.rate_per_s,
        expires_at=key.expires_at, operations=key.operations, networks=key.networks,
        mint_per_day=key.mint_per_day,
    )  # fmt: skip
    refusal = access.beyond(call.principal, terms, role)
    if refusal is not None:
        return refusal
    overlap = timedelta(minutes=call.body.overlap_minutes)
    turned, token = await flows.rotate_key(call.conn, key, overlap, call.now)
    assert turned.old_until is not None, "it was just set"
    call.changed("key", key.id, None, {"old_until": turned.old_until.isoformat()})
    kept = RotatedKey(turned.id, turned.old_until, None)
    return Once(live=msgspec.structs.replace(kept, token=token), kept=kept)


async def revoke(call: Call) -> KeyView | Refusal:
    """POST /v1/keys/{key_id}/revoke"""
    key_id = uuid_of(call.path["key_id"])
    key = None if key_id is None else await db.revoke_key(call.conn, key_id, call.now)
    if key is None:
        return _unknown(call)
    assert key.revoked_at is not None, "it was just set"
    call.changed("key", key.id, {"revoked_at": None}, {"revoked_at": key.revoked_at.isoformat()})
    return _view(key)


def _unknown(call: Call) -> Refusal:
    return Refusal(
        "key_unknown", "key_id", f"there is no key {call.path['key_id'][:40]}",
        "look it up in the list of keys",
    )  # fmt: skip


def _view(key: access.ApiKey) -> KeyView:
    stores = None if key.stores is None else list(key.stores)
    operations = None if key.operations is None else list(key.operations)
    return KeyView(
        key.id, key.name, key.role, key.store, key.rate_per_s, key.created_at, key.expires_at,
        key.revoked_at, stores, operations, list(key.networks), key.mint_per_day, key.issued_by,
        key.last_used_at, key.rotated_at, key.old_until,
    )  # fmt: skip


OPERATIONS: tuple[Operation, ...] = (
    Operation(
        "key.issue", "POST", "/v1/keys", issue, IssuedKey, "Issue an API key",
        kind="writes", refresh=True, body=IssueKey, status=201, four_eyes=True,
        example={"name": "Head office", "role": "owner", "expires_at": None},
    ),
    Operation(
        "key.list", "GET", "/v1/keys", list_, Page[KeyView], "List keys", query=QUERY,
    ),
    Operation("key.read", "GET", "/v1/keys/{key_id}", read, KeyView, "Read a key"),
    Operation(
        "key.rotate", "POST", "/v1/keys/{key_id}/rotate", rotate, RotatedKey,
        "Give a key a new token", kind="writes", refresh=True, body=RotateKey,
        example={"overlap_minutes": 60},
    ),
    Operation(
        "key.revoke", "POST", "/v1/keys/{key_id}/revoke", revoke, KeyView, "Revoke a key",
        kind="writes", refresh=True,
    ),
)  # fmt: skip
