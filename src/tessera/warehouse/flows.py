"""What happens to stores."""

from __future__ import annotations

from tessera.base import clock
from tessera.base.refusal import Refusal
from tessera.warehouse.core import Store
from tessera.warehouse.stores import db


async def put_store(conn: db.Conn, store: Store) -> Store | Refusal:
    """Add a store, or change its name and time zone. Receipts already here keep their dates.

    errors  time_zone_unknown
    """
    if clock.zone(store.time_zone) is None:
        return Refusal(
            "time_zone_unknown", "time_zone", f"there is no time zone {store.time_zone}",
            "send an IANA name, such as Europe/Rome",
        )  # fmt: skip
    await db.put_store(conn, store)
    return store
