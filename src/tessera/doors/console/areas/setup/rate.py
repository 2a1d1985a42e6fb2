"""Step two: how many points for how much money."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.settings.publishing import Body, current, publish
from tessera.doors.console.areas.setup.steps import CARDS
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit

LEAST, MOST = Decimal("0.1"), Decimal(25)
SAVED = N_("That is what members earn from now on.")
BASE, PAY = "base", "pay"
_EXAMPLE_MINOR = 2_500


async def show(visit: Visit) -> Shown:
    """The number, and what it means in words: of what is published, or of what is typed."""
    found = await current(visit)
    if isinstance(found, Refusal):
        return found
    base = rule_of(found.program, "base_rate")
    if base is None or rule_of(found.program, "pay_with_points") is None:
        return View("setup/rate.html", {"own": True})
    typed, now = visit.form.get("rate"), per_mille(base)
    tenths = asked(typed, visit.local) if typed else now
    wrong = isinstance(tenths, Refusal)
    shown = now if isinstance(tenths, Refusal) else tenths
    return View("setup/rate.html", {
        "own": False, "version": found.version, "rate": local_tenths(shown), "least": LEAST,
        "most": MOST, "said": said(shown, found.program["currency"], visit.local),
        "amiss": wrong,
    })  # fmt: skip


def rule_of(program: Body, mechanic: str) -> dict[str, Any] | None:
    """The first rule of a mechanic; None if there is none."""
    return next((each for each in program["rules"] if each.get("mechanic") == mechanic), None)


def per_mille(base: dict[str, Any]) -> int:
    """Points for 10.00: tenths of a per cent, while a point is worth one minor unit."""
    return int(base["points"]) * 1000 // int(base["per_minor"])


def asked(text: str, local: Local) -> int | Refusal:
    """A rate as it was typed, in tenths of a per cent. Errors: rate_invalid."""
    try:
        rate = Decimal(text.replace(",", ".").removesuffix("%").strip())
    except InvalidOperation:
        rate = Decimal(-1)
    if not (rate.is_finite() and LEAST <= rate <= MOST) or rate * 10 != int(rate * 10):
        gettext, ends = local.gettext, {"least": LEAST, "most": MOST}
        return Refusal(
            "rate_invalid", "rate",
            gettext("The rate is between %(least)s and %(most)s per cent.") % ends,
            gettext("Write a number, such as 2 or 2.5."),
        )  # fmt: skip
    return int(rate * 10)


def local_tenths(tenths: int) -> str:
    """As a field holds it: "2" or "2.5"."""
    return str(tenths // 10) if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"


def said(tenths: int, currency: str, local: Local) -> list[str]:
    """What a rate means, in sentences."""
    gettext, points = local.gettext, _EXAMPLE_MINOR * tenths // 1000
    return [
        gettext("For every %(money)s that a member pays there are %(points)s points.")
        % {"money": local.money(1000, currency), "points": local.count(tenths)},
        gettext("A point pays %(money)s at a later purchase.")
        % {"money": local.money(1, currency)},
        gettext("Example: a purchase of %(money)s gives %(points)s points, worth %(worth)s.")
        % {"money": local.money(_EXAMPLE_MINOR, currency), "points": local.count(points),
           "worth": local.money(points, currency)},
    ]  # fmt: skip


async def save(visit: Visit) -> Shown:
    """Publish the program with this rate, and with a name that says it."""
    tenths = asked(visit.form.get("rate"), visit.local)
    if isinstance(tenths, Refusal):
        return tenths
    rate = local_tenths(tenths)

    def change(body: Body) -> Body:
        step = {"points": tenths // 10, "per_minor": 100} if tenths % 10 == 0 else {
            "points": tenths, "per_minor": 1000}  # fmt: skip
        base = rule_of(body, "base_rate")
        rules = [each if each is not base else {**(base or {}), **step} for each in body["rules"]]
        return body | {"name": f"{rate} % of every purchase in points", "rules": rules}

    answer = await publish(visit, change, f"{rate} % of every purchase")
    return visit.done(answer, CARDS, SAVED)


ACTS = {"save": save, "look": show}
