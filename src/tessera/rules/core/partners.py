"""Partners: who else takes part in the program, where, and what points cost between us."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from tessera.base.text import Code, Name

Every = Literal["month", "quarter"]
Rate = Annotated[int, Meta(ge=0, le=10**9)]


class Rates(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What points of a currency cost, in hundredths of a minor unit for each point.

    sells_at_x100  the partner pays it for points given in its stores, or by rules that it pays for
    pays_x100      the partner gets it for points spent in its stores
    """

    sells_at_x100: Rate = 0
    pays_x100: Rate = 0


class Partner(Rates, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """A coalition shop, or a supplier that pays for rules. Rates are of the program's own points.

    stores      its own; a supplier has none
    redeems     points can be spent in its stores
    currencies  rates of other points, by their code; what is not there costs nothing
    period      what one statement is about; its days are those of `time_zone` (IANA name)
    """

    name: Annotated[Name, Meta(min_length=1)]
    stores: Annotated[tuple[Code, ...], Meta(max_length=10_000)] = ()
    redeems: bool = True
    currencies: Annotated[dict[Code, Rates], Meta(max_length=20)] = {}
    period: Every = "month"
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)] = "UTC"

    def rates(self, unit: str) -> Rates:
        """Of points of a currency; "" is the program's own."""
        return self.currencies.get(unit, Rates()) if unit else self
