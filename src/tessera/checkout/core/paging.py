"""Lists of an account, newest first: where a page ended, as a cursor. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from tessera.base.pages import after, cursor
from tessera.base.refusal import Refusal
from tessera.checkout.core.words import EventRow, Row


def last_seen(word: str | None) -> tuple[datetime, UUID] | Refusal | None:
    """Where the page before ended; None at the beginning of a list. Errors: cursor_unknown."""
    if word is None:
        return None
    found = after(word, 2)
    if isinstance(found, Refusal):
        return found
    try:
        return datetime.fromisoformat(found[0]), UUID(found[1])
    except ValueError:
        return Refusal("cursor_unknown", "cursor", "not one of ours", "start without a cursor")


def following(rows: Sequence[Row] | Sequence[EventRow], limit: int) -> str | None:
    """The cursor of the page after the first `limit` of these; None if they are all."""
    more = rows[limit - 1] if len(rows) > limit else None
    return cursor(more.happened_at.isoformat(), str(more.id)) if more else None
