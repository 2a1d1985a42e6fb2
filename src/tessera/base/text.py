"""Bounded words and numbers: what the outside may send, before anybody looks at it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

# No control characters, none that turn the direction of writing (they hide what is read).
PLAIN = r"^[^\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]*\Z"

Code = Annotated[str, Meta(min_length=1, max_length=32, pattern=PLAIN)]
OptionalCode = Annotated[str, Meta(max_length=32, pattern=PLAIN)]
Key = Annotated[str, Meta(min_length=1, max_length=128, pattern=PLAIN)]
Name = Annotated[str, Meta(max_length=200, pattern=PLAIN)]
Remark = Annotated[str, Meta(min_length=1, max_length=500, pattern=PLAIN)]
Currency = Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]

MAX_MINOR = 10**12  # ten billion in a currency of cents: above any receipt, far below 2**53
Minor = Annotated[int, Meta(ge=-MAX_MINOR, le=MAX_MINOR)]
Price = Annotated[int, Meta(ge=0, le=MAX_MINOR)]
Count = Annotated[int, Meta(ge=1, le=10**9)]
Points = Annotated[int, Meta(ge=1, le=10**12)]
