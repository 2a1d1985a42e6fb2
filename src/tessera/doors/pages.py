"""Lists by cursor, the same in every door."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, TypeVar
from uuid import UUID

from msgspec import Struct

from tessera.base.pages import MAX_PAGE, after, cursor
from tessera.base.refusal import Refusal

T = TypeVar("T")
Row = TypeVar("Row")
DEFAULT_LIMIT = 50
QUERY = {
    "cursor": "`next` of the page before; left out, the list begins",
    "limit": f"how many at most, 1 to {MAX_PAGE}; {DEFAULT_LIMIT} unless said otherwise",
}


class Page(Struct, Generic[T], frozen=True):
    """A part of a list. `next` is the cursor of what follows, null at the end."""

    items: list[T]
    next: str | None


def asked_limit(query: Mapping[str, str]) -> int | Refusal:
    """How many items the caller wants. Errors: limit_invalid."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    if text.isascii() and text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= MAX_PAGE:
        return int(text)
    return Refusal(
        "limit_invalid", "limit", "limit is not a whole number in its bounds",
        f"send 1 to {MAX_PAGE}, or leave it out",
    )  # fmt: skip


def asked_page(query: Mapping[str, str]) -> tuple[UUID | None, int] | Refusal:
    """After which id, and how many, of a list in the order of ids.

    errors  limit_invalid, cursor_unknown
    """
    limit = asked_limit(query)
    if isinstance(limit, Refusal):
        return limit
    if "cursor" not in query:
        return None, limit
    last = after(query["cursor"], 1)
    if isinstance(last, Refusal):
        return last
    found = uuid_of(last[0])
    return unknown_cursor() if found is None else (found, limit)


def page(
    rows: Sequence[Row], limit: int, key: Callable[[Row], str], show: Callable[[Row], T]
) -> Page[T]:
    """A page from `limit` + 1 rows: the one too many only tells that there is more."""
    items = rows[:limit]
    more = cursor(key(items[-1])) if len(rows) > limit else None
    return Page([show(row) for row in items], more)


def uuid_of(text: str) -> UUID | None:
    """An id in the address, or None for what is none (and so names nothing)."""
    try:
        return UUID(text) if len(text) == 36 else None
    except ValueError:
        return None


def unknown_cursor() -> Refusal:
    """A cursor that this list never gave out."""
    return Refusal(
        "cursor_unknown", "cursor", "this cursor was not given out by this list",
        "start again without a cursor, then follow `next`",
    )  # fmt: skip
