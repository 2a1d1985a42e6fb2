"""How long what is held of people stays: the program's section `privacy`. Pure."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Days = Annotated[int, Meta(ge=1, le=3650)]
Months = Annotated[int, Meta(ge=6, le=240)]


class Privacy(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What goes by itself when its time is over.

    forget_idle_months  members who neither bought nor did anything else for so long are erased;
                        nothing: nobody is
    quarantine_days     what could not be loaded and nobody repaired keeps its reason only
    sights_days         who saw personal data of whom
    """

    forget_idle_months: Months | None = None
    quarantine_days: Days = 90
    sights_days: Days = 1095
