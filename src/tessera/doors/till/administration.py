"""Stores over HTTP; with members, cards, keys and roles, the table of administration."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from tessera.base.refusal import Refusal
from tessera.base.text import Code, Name
from tessera.doors.call import Call, Operation
from tessera.doors.pages import Page
from tessera.doors.till import cards, finding, keys, membership, roles
from tessera.warehouse import flows as warehouse
from tessera.warehouse.core import Store
from tessera.warehouse.stores import db as stores


class StoreBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A store. Its time zone (IANA name) decides what "today" is on its receipts."""

    name: Annotated[Name, Meta(min_length=1)]
    time_zone: Annotated[str, Meta(min_length=1, max_length=64, examples=["Europe/Rome"])]


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
    there = {each.id: each for each in await stores.all_stores(call.conn)}
    told = [None if each is None else {"name": each.name, "time_zone": each.time_zone}
            for each in (there.get(store_id), store)]  # fmt: skip
    call.changed("store", store_id, told[0], told[1])
    return await warehouse.put_store(call.conn, store)


async def list_stores(call: Call) -> Page[Store] | Refusal:
    """GET /v1/stores: all of them for administration, its own for a till."""
    asked = [
        store
        for store in await stores.all_stores(call.conn)
        if call.principal.stores is None or store.id in call.principal.stores
    ]
    return Page(asked, None)


OPERATIONS: tuple[Operation, ...] = (
    *membership.OPERATIONS,
    *finding.LISTS,
    *cards.OPERATIONS,
    *keys.OPERATIONS,
    *roles.OPERATIONS,
    Operation(
        "store.put", "PUT", "/v1/stores/{store_id}", put_store, Store,
        "Add a store or change it", kind="writes", refresh=True, body=StoreBody,
        example={"name": "Via Roma", "time_zone": "Europe/Rome"},
    ),
    Operation(
        "store.list", "GET", "/v1/stores", list_stores, Page[Store],
        "List stores; a till's key sees its own",
    ),
)  # fmt: skip
