"""Pages by cursor: where the last page ended, never an offset."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

import msgspec

from tessera.base.refusal import Refusal

MAX_PAGE = 200
Limit = Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE)]


def cursor(*last: str) -> str:
    """An opaque word for the last row of a page (its sort key, as text)."""
    return base64.urlsafe_b64encode(msgspec.json.encode(last)).decode().rstrip("=")


def after(word: str, parts: int) -> tuple[str, ...] | Refusal:
    """The sort key inside a cursor, or why it is none of ours."""
    try:
        raw = base64.urlsafe_b64decode(word + "=" * (-len(word) % 4))
        found = msgspec.json.decode(raw, type=tuple[str, ...])
    except (binascii.Error, msgspec.MsgspecError, UnicodeError, ValueError):
        found = ()
    if len(found) != parts:
        return Refusal(
            "cursor_unknown", "cursor", "this cursor was not given out by this list",
            "start again without a cursor, then follow `next`",
        )  # fmt: skip
    return found
