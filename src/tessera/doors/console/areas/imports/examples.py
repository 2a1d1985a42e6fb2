"""Small files that are read by the mappings that come along: to see what a file may look like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tessera.doors.sheets import sheet

_HEADS: Mapping[str, str] = {
    "receipts": "number time store till currency card sku name category quantity price",
    "members": "number given_name family_name born_on joined_on card phone email",
    "balances": "number lot points earned_on expires_on",
    "consents": "number purpose channel state at wording",
}
_ROWS: Mapping[str, Sequence[Sequence[str]]] = {
    "receipts": [
        ("1001", "2026-11-02T09:15:00", "S1", "1", "EUR", "", "LATTE", "Caffè latte", "drinks",
         "2", "2.50"),
        ("1001", "2026-11-02T09:15:00", "S1", "1", "EUR", "", "CAKE", "Apple cake", "bakery", "1",
         "4.00"),
        ("1002", "2026-11-02T10:40:00", "S1", "1", "EUR", "", "LATTE", "Caffè latte", "drinks",
         "1", "2.50"),
    ],
    "members": [
        ("101", "Anna", "Rossi", "1980-05-01", "2015-03-01", "A-0001", "+393331234567", ""),
        ("102", "Bruno", "Neri", "", "2016-07-09", "A-0002", "", "bruno@example.org"),
    ],
    "balances": [
        ("101", "1", "500", "2025-01-10", "2027-01-31"), ("102", "2", "250", "2025-06-10", ""),
    ],
    "consents": [
        ("101", "news", "email", "yes", "2025-01-10T10:00:00", "v1"),
        ("102", "news", "email", "no", "2025-02-11T18:30:00", "v1"),
    ],
}  # fmt: skip


def example(kind: str, store: str = "", currency: str = "") -> str:
    """A file of that kind as CSV. `store`, `currency`: of this shop, in the place of ours."""
    rows = [list(row) for row in _ROWS[kind]]
    if kind == "receipts":
        for row in rows:
            row[2], row[4] = store or row[2], currency or row[4]
    return sheet(_HEADS[kind].split(), rows)
