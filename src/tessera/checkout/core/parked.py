"""What is told of a return that came before its sale."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

from tessera.warehouse.core import ReceiptKey


class Parked(Struct, frozen=True, kw_only=True):
    """A return that came before its sale. Once it is settled its id names a receipt.

    kind  parked: it waits for its sale; refused: the sale has come and it could not be settled,
          since settled_at, by `code` and `why`
    sale  the receipt whose goods it brings back
    """

    id: UUID
    kind: Literal["parked", "refused"]
    store: str
    till: str
    number: str
    sale: ReceiptKey
    happened_at: datetime
    posted_at: datetime
    settled_at: datetime | None = None
    code: str = ""
    why: str = ""
