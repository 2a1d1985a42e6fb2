"""An amount of money in a field of a form."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.language.amounts import minor_of
from tessera.doors.web.visit import Visit


def minor_in(visit: Visit, field: str) -> int | Refusal:
    """Minor units of what was typed there, or that it is no amount."""
    minor, _ = minor_of(visit.form.get(field)), visit.local.gettext
    if minor is not None:
        return minor
    return Refusal("number_invalid", field, _("This is no amount of money."),
                   _("Type it like 12.50."))  # fmt: skip
