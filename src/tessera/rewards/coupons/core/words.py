"""The words of coupons: rows, states, what is told of each code that was shown."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from msgspec import Struct

MAX_BATCH = 10_000_000  # codes of one order
State = Literal[
    "accepted", "unused", "unknown", "mistyped", "used", "held", "expired", "not_yet", "not_yours",
    "revoked", "try_later", "given", "back", "void", "owed",
]  # fmt: skip


class CouponTold(Struct, frozen=True, omit_defaults=True):
    """What became of a coupon.

    code   as it was shown; of one that was given just now: the code itself; of a return: its end
    state  accepted: it gave something; unused: it is good and gave nothing; given: a rule gave it;
           of a return: its use is back; it is void; it was used and is owed
    ends   of one that was given: the last day
    """

    code: str
    state: State
    kind: str = ""
    why: str = ""
    ends: date | None = None


class Row(Struct, frozen=True):
    """A made code with what its batch says.

    first, last  local days of a purchase on which it counts, as batch and code say; None: no bound
    given        a rule gave it on a receipt or an event; void, owed: that came back before, after
                 it was used
    """

    code: UUID
    kind: str
    uses: int
    used: int = 0
    member_id: UUID | None = None
    void: bool = False
    revoked: bool = False
    first: date | None = None
    last: date | None = None
    owed: bool = False
    given: bool = False


class Use(Struct, frozen=True):
    """A use on a receipt, or one that a quote keeps up to `held_until`.

    minor, points  what the kind's rules gave there
    """

    outcome_id: UUID
    kind: str
    code: UUID | None
    member_id: UUID | None
    held_until: datetime | None = None
    back: bool = False
    minor: int = 0
    points: int = 0


class Given(Struct, frozen=True):
    """A code that a rule gave on a sale."""

    code: UUID
    kind: str
    member_id: UUID
    sale_id: UUID
    rule: str
    ends: date | None


class Batch(Struct, frozen=True, kw_only=True):
    """An order of codes. `made` of `count` are there, `exported` were handed out.

    given  the batch of a kind into which codes go that rules give; it is never handed out
    """

    id: UUID
    number: int
    kind: str
    label: str
    given: bool
    count: int
    made: int
    uses: int
    starts: date | None
    ends: date | None
    made_at: datetime
    made_by: str
    exported: int
    cursor: UUID | None
    page_from: UUID | None
    page_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None
    reason: str | None


UNKNOWN = "no coupon has this code"
MISTYPED = "this is not how a code of ours looks: type it again"
USED = "it has been used"
USED_UP = "as many as there were are used"
USED_BY_ONE = "this member has used as many as one may"
HELD = "it is kept for another purchase just now"
EXPIRED = "it is no longer good"
NOT_YET = "it is not good yet"
NOT_YOURS = "it is for another member"
REVOKED = "it was called back"
TRY_LATER = "too many codes were wrong: show it again in a quarter of an hour"
ONE_OF_A_KIND = "one coupon of a kind counts on a receipt"
NOTHING_FOR_IT = "nothing on this receipt is what it is for"
OWED_TEXT = "it has been used: what it was given for came back"
TEXTS: dict[State, str] = {
    "unknown": UNKNOWN, "mistyped": MISTYPED, "used": USED, "held": HELD, "expired": EXPIRED,
    "not_yet": NOT_YET, "not_yours": NOT_YOURS, "revoked": REVOKED, "try_later": TRY_LATER,
    "owed": OWED_TEXT,
}  # fmt: skip
