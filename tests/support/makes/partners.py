"""Calls about partners, and about who brought whom."""

from __future__ import annotations

from itertools import count
from typing import Any

from support.things import Made, Make, Things, Whose, plain

_OF = {"own": "corner", "other": "harbour", "random": "nobody-s"}
_months = count(0)


def of(body: Any = None) -> Make:
    """The partner that has S1, the one that has S2, and none."""
    return lambda things, whose: ({"partner": _OF[whose]}, body)


def close(things: Things, whose: Whose) -> Made:
    """A month of long ago, another one each time: they are closed one after the other."""
    years, month = divmod(next(_months), 12)
    return {"partner": _OF[whose]}, {"period": f"{1975 + years}-{month + 1:02}"}


MAKES: dict[str, Make] = {
    "partner.list": plain(),
    "partner.statement": of(),
    "partner.statements": of(),
    "partner.postings": of(),
    "partner.close": close,
    "partner.adjust": of({"minor": -5000, "reason": "leaflets of October"}),
    "me.referral": plain(),
    "me.referral.make": plain(),
    "referral.list": plain(),
}
ANYBODYS = {"partner.list", "me.referral", "me.referral.make", "referral.list"}
BY_ID = {"partner.statement", "partner.statements", "partner.postings"}
