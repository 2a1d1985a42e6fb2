"""A kind of coupon as the boxes of a form, and what the form sent as its data again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tessera.doors.console.areas.rules.declaring import sent_as
from tessera.doors.console.areas.rules.reading import Sent
from tessera.doors.language.words import N_
from tessera.program.core.kinds import fields_of
from tessera.rules.core.coupons import Coupon

FIELDS = tuple(fields_of(Coupon))
CODES = ("code", "uses", "personal")
DATES = ("starts", "ends", "days")
MOST = ("per_member", "most")
LABELS: Mapping[str, str] = {
    "name": N_("Name"), "code": N_("One word for everybody"), "uses": N_("Uses of each code"),
    "most": N_("Uses in all"), "per_member": N_("Uses of one member"),
    "starts": N_("First day"), "ends": N_("Last day"), "days": N_("Days after it was given"),
    "personal": N_("Only for the member it was given to"),
}  # fmt: skip
HINTS: Mapping[str, str] = {
    "name": N_("What people call it; tills and members read it."),
    "code": N_("SUMMER10, for a poster. Left empty, each coupon has a code of its own that nobody "
               "can guess."),
    "uses": N_("Left empty, a code counts once."),
    "most": N_("Left empty, as often as they come."),
    "per_member": N_("Left empty, as often as they like."),
    "starts": N_("Left empty, at once."), "ends": N_("It still counts on this day."),
    "days": N_("Of one that a rule gives; it counts to the end of that day."),
}  # fmt: skip


def coupon_of(sent: Sent) -> dict[str, Any]:
    """The kind that a form says. A word is in capitals, however it was typed."""
    data = sent_as(sent, FIELDS)
    word = data.pop("code", None)
    if isinstance(word, str):
        word = word.strip().upper()
    return data if word in (None, "") else data | {"code": word}
