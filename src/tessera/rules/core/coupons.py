"""Kinds of coupons, as a program declares them: who may show one, how often, and until when."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import Meta, Struct

from tessera.base.text import Name

WORD_MOST = 12  # letters of a word for everybody: a made code is longer, so the two are told apart
Word = Annotated[
    str, Meta(pattern=rf"^[A-Z0-9]{{3,{WORD_MOST}}}\Z", description="capital letters and digits")
]


class Coupon(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A kind of coupon. Rules name it: whoever shows a good one gets what they give.

    name        what people call it
    code        one word for everybody ("SUMMER10"); left out, each coupon has a code of its own
    uses        how often one made code counts
    most        uses of all its codes together; None: as many as come
    per_member  uses of one member
    starts      first and `ends` last local day of a purchase on which it counts
    days        a coupon that a rule gives lives to the end of that local day after it
    personal    only the member it was given to may show it
    """

    name: Annotated[Name, Meta(min_length=1)]
    code: Word | None = None
    uses: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    most: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    per_member: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    starts: date | None = None
    ends: date | None = None
    days: Annotated[int, Meta(ge=1, le=3650)] | None = None
    personal: bool = False


def fact_of(kind: str) -> str:
    """Under which name it is known that a good coupon of this kind was shown."""
    return f"k:{kind}"
