"""Stores and keys over HTTP; with the members' operations, the table of administration."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from tessera.access import core as access
from tessera.access import db as keys
from tessera.access import flows
from tessera.base.refusal import Refusal
from tessera.base.text import Code, Name
from tessera.doors.call import Call, Once, Operation
from tessera.doors.pages import QUERY, Page, asked_page, page, uuid_of
from tessera.doors.till import cards, membership
from tessera.warehouse import flows as warehouse
from tessera.warehouse.core import Store
from tessera.warehouse.stores import db as stores

LONGEST_LIFE = timedelta(days=3660)  # of a key; what shall outlive ten years says nothing


class StoreBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A store. Its time zone (IANA name) decides what "today" is on its receipts."""

    name: Annotated[Name, Meta(min_length=1)]
    time_zone: Annotated[str, Meta(min_length=1, max_length=64, examples=["Europe/Rome"])]


class IssueKey(Struct, frozen=True, forbid_unknown_fields=True):
    """A key for a till (of one store) or for administration.

    rate_per_s  calls per second; left out, 200 for tills and 50 for administration
    expires_at  with an offset; left out, the key works until it is revoked
    """

    name: Annotated[Name, Meta(min_length=1)]
    role: access.Role
    store: Code | None = None
    rate_per_s: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    expires_at: Annotated[datetime, Meta(tz=True)] | None = None


class KeyView(Struct, frozen=True):
    """A key, without its token."""

    key_id: UUID
    name: str
    role: access.Role
    store: str | None
    rate_per_s: int
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class IssuedKey(Struct, frozen=True):
    """A fresh key. `token` is in the first answer only; the same call again says null.

    Lost it? Revoke this key and issue another.
    """

    key_id: UUID
    name: str
    role: access.Role
    store: str | None
    rate_per_s: int
    expires_at: datetime | None
    token: str | None


async def put_store(call: Call) -> Store | Refusal:
    """PUT /v1/stores/{store_id}"""
    try:
        store_id = msgspec.convert(call.path["store_id"], Code)
    except msgspec.ValidationError:
        return Refusal(
            "store_id_invalid", "store_id", "a store's id is 1 to 32 printable characters",
            "use the number the till prints",
        )  # fmt: skip
    store = Store(store_id, call.body.name, call.body.time_zone)
    return await warehouse.put_store(call.conn, store)


async def list_stores(call: Call) -> Page[Store] | Refusal:
    """GET /v1/stores: all of them for administration, its own for a till."""
    asked = [
        store
        for store in await stores.all_stores(call.conn)
        if call.principal.store in (None, store.id)
    ]
    return Page(asked, None)


async def issue_key(call: Call) -> Once | Refusal:
    """POST /v1/keys: what is stored for replays lacks the token."""
    body: IssueKey = call.body
    refusal = access.key_fault(body.role, body.store) or _expiry_fault(body.expires_at, call.now)
    if refusal is None and body.store is not None:
        refusal = await _store_fault(call, body.store)
    if refusal is not None:
        return refusal
    principal, token = await flows.issue_key(
        call.conn, body.name, body.role, body.store, body.rate_per_s, body.expires_at, call.now
    )
    kept = IssuedKey(
        principal.id, principal.name, principal.role, principal.store, principal.rate_per_s,
        principal.expires_at, None,
    )  # fmt: skip
    return Once(live=msgspec.structs.replace(kept, token=token), kept=kept)


async def list_keys(call: Call) -> Page[KeyView] | Refusal:
    """GET /v1/keys"""
    asked = asked_page(call.query)
    if isinstance(asked, Refusal):
        return asked
    last, limit = asked
    rows = await keys.list_keys(call.conn, last, limit + 1)
    return page(rows, limit, lambda key: str(key.id), _view)


async def revoke_key(call: Call) -> KeyView | Refusal:
    """POST /v1/keys/{key_id}/revoke"""
    key_id = uuid_of(call.path["key_id"])
    key = None if key_id is None else await keys.revoke_key(call.conn, key_id, call.now)
    if key is None:
        return Refusal(
            "key_unknown", "key_id", f"there is no key {call.path['key_id'][:40]}",
            "look it up in the list of keys",
        )  # fmt: skip
    return _view(key)


def _view(key: access.ApiKey) -> KeyView:
    return KeyView(
        key.id, key.name, key.role, key.store, key.rate_per_s, key.created_at, key.expires_at,
        key.revoked_at,
    )  # fmt: skip


def _expiry_fault(expires_at: datetime | None, now: datetime) -> Refusal | None:
    if expires_at is None or now < expires_at <= now + LONGEST_LIFE:
        return None
    return Refusal(
        "expiry_impossible", "expires_at", "a key ends in the future, within ten years",
        "send a later or nearer time, or leave it out",
    )  # fmt: skip


async def _store_fault(call: Call, store_id: str) -> Refusal | None:
    if any(store.id == store_id for store in await stores.all_stores(call.conn)):
        return None
    return Refusal("store_unknown", "store", f"there is no store {store_id}", "put the store first")


OPERATIONS: tuple[Operation, ...] = (
    *membership.OPERATIONS,
    *cards.OPERATIONS,
    Operation(
        "store.put", "PUT", "/v1/stores/{store_id}", put_store, Store,
        "Add a store or change it", kind="writes", body=StoreBody,
        example={"name": "Via Roma", "time_zone": "Europe/Rome"},
    ),
    Operation(
        "store.list", "GET", "/v1/stores", list_stores, Page[Store],
        "List stores; a till's key sees its own",
    ),
    Operation(
        "key.issue", "POST", "/v1/keys", issue_key, IssuedKey, "Issue an API key",
        kind="writes", body=IssueKey, status=201,
        example={"name": "Head office", "role": "admin", "expires_at": None},
    ),
    Operation(
        "key.list", "GET", "/v1/keys", list_keys, Page[KeyView], "List keys", query=QUERY,
    ),
    Operation(
        "key.revoke", "POST", "/v1/keys/{key_id}/revoke", revoke_key, KeyView, "Revoke a key",
        kind="writes",
    ),
)  # fmt: skip
