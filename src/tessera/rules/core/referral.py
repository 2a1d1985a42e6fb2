"""Who brings whom: what it is worth to both, and when."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tessera.base.text import Price

Prize = Annotated[int, Meta(ge=0, le=10**9)]


class Referral(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A member brings somebody new; both get points once the newcomer has really bought.

    referrer_points  to who brought somebody; `referee_points` to who was brought
    purchases        the newcomer's so-manieth purchase that was not returned pays
    least_minor      purchases below this do not count; by what is kept of them
    return_days      it is paid so many days after that purchase, for goods may come back
    within_days      purchases count so many days after joining
    most             paid so often to one who brings, `per` a calendar month, a year or ever
    """

    referrer_points: Prize = 0
    referee_points: Prize = 0
    purchases: Annotated[int, Meta(ge=1, le=100)] = 1
    least_minor: Price = 0
    return_days: Annotated[int, Meta(ge=0, le=365)] = 14
    within_days: Annotated[int, Meta(ge=1, le=3650)] = 365
    most: Annotated[int, Meta(ge=1, le=10_000)] | None = None
    per: Literal["month", "year", "ever"] = "year"

    def __post_init__(self) -> None:
        if not self.referrer_points and not self.referee_points:
            raise ValueError("nobody gets anything: say referrer_points or referee_points")
