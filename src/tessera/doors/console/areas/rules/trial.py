"""A receipt, typed or posted, under the draft beside what decides now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tessera.base.refusal import Refusal
from tessera.checkout.trying.core import Gap, Trial
from tessera.doors.console.areas.rules.bench import Bench, bench_of
from tessera.doors.console.areas.rules.labels import CHOICES
from tessera.doors.language.amounts import minor_of
from tessera.doors.language.words import N_
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit

LINES = 4
_EXAMPLE = (("LATTE", "2", "2.50", "coffee"), ("CAKE", "1", "4.00", "bakery"))


async def show(visit: Visit) -> Shown:
    """The form, and below it what came of it. Nothing is written: the same act as looking."""
    bench = await bench_of(visit)
    if isinstance(bench, Refusal):
        return bench
    listed = [(store.id, store.name or store.id) for store in visit.house.shop().stores.values()]
    trial: Trial | Refusal | None = None
    if visit.posted and visit.form.do == "try":
        trial = await _tried(visit, bench)
    if isinstance(trial, Refusal):
        visit.wrong, trial = trial, None
    said = visit.form.get
    zone = visit.local.zone
    return View("rules/try.html", {
        "bench": bench, "draft": bench.draft, "tab": "try", "stores": listed, "trial": trial,
        "currency": bench.currency, "how": said("how", "typed"), "lines": _lines_shown(visit),
        "at": said("at") or visit.now.astimezone(zone).strftime("%Y-%m-%dT%H:%M"),
        "store": said("store") or (listed[0][0] if listed else ""), "rows": _rows(trial),
        "asked": [(each, asked_told(visit, each)) for each in trial.asked] if trial else [],
    })  # fmt: skip


def _lines_shown(visit: Visit) -> list[tuple[str, str, str, str]]:
    if not visit.posted:
        return [*_EXAMPLE, *([("", "", "", "")] * (LINES - len(_EXAMPLE)))]
    columns = [visit.form.all(name) for name in ("sku", "quantity", "price", "category")]
    typed = list(zip(*columns, strict=False))[:50]
    return [*typed, *([("", "", "", "")] * max(LINES - len(typed), 1))]


_MEASURES = {
    "receipts": N_("Purchases%(of)s, %(window)s"), "units": N_("Units%(of)s, %(window)s"),
    "minor": N_("Money spent%(of)s in cents, %(window)s"),
    "days": N_("Days with a purchase%(of)s, %(window)s"),
    "stores": N_("Stores visited%(of)s, %(window)s"),
    "categories": N_("Categories bought%(of)s, %(window)s"),
    "since": N_("Days since the last purchase%(of)s"),
    "weeks": N_("Weeks in a row with a purchase%(of)s"),
    "months": N_("Months in a row with a purchase%(of)s"),
}  # fmt: skip


def asked_told(visit: Visit, gap: Gap) -> str:
    """What the rules ask of the member, as the label of a box for a number."""
    _ = visit.local.gettext
    first, _space, rest = gap.key.partition(" ")
    if first in _MEASURES and rest:
        scope, _space, window = rest.partition(" ")
        of = "" if scope == "*" else f" ({scope[2:]})"
        return _(_MEASURES[first]) % {"of": of, "window": _(WINDOWS.get(window, window))}
    if first in ("amount", "times") and rest:
        rule, _space, per = rest.rpartition(" ")
        said = _("How often %(rule)s gave, per %(per)s") if first == "times" else \
            _("How much %(rule)s gave, per %(per)s")  # fmt: skip
        return said % {"rule": rule, "per": _(CHOICES.get(per, per))}
    return gap.what


WINDOWS = {
    "ever": N_("ever"), "this week": N_("this week"), "this month": N_("this month"),
    "this year": N_("this year"), "30 days": N_("30 days"),
}  # fmt: skip


def _rows(trial: Trial | None) -> list[tuple[Any, Any, Any]]:
    """(the line, what it costs and earns now, then)."""
    if trial is None:
        return []
    return list(zip(trial.lines, trial.now.lines, trial.then.lines, strict=True))


async def _tried(visit: Visit, bench: Bench) -> Trial | Refusal:
    body = _posted(visit) if visit.form.get("how") == "posted" else _typed(visit, bench)
    if isinstance(body, Refusal):
        return body
    assumed = {
        name.removeprefix("know:"): int(values[0])
        for name, values in visit.form.fields.items()
        if name.startswith("know:") and values[0].isascii() and values[0].isdecimal()
        and len(values[0]) < 16
    }  # fmt: skip
    made: Trial | Refusal = await visit.ask(
        "draft.try", path={"draft_id": bench.draft.draft_id}, body=body | {"assumed": assumed}
    )
    return made


def _posted(visit: Visit) -> dict[str, Any]:
    said = visit.form.get
    if said("receipt_id"):
        return {"receipt_id": said("receipt_id")}
    return {"receipt": {
        "store": said("of_store"), "till": said("of_till"), "business_date": said("of_day"),
        "shift": said("of_shift"), "number": said("of_number"),
    }}  # fmt: skip


def _typed(visit: Visit, bench: Bench) -> dict[str, Any] | Refusal:
    """A basket as a till sends it."""
    _, said = visit.local.gettext, visit.form.get
    lines: list[dict[str, Any]] = []
    for sku, quantity, price, category in _lines_shown(visit):
        if not sku.strip():
            continue
        minor, quantity = minor_of(price), quantity.strip() or "1"
        if minor is None or not (quantity.isascii() and quantity.isdecimal()):
            return Refusal(
                "line_invalid", "price", _("A line has a product, a number and a price."),
                _("Write the price like 2.50."),
            )  # fmt: skip
        line = {"sku": sku.strip(), "quantity": int(quantity[:9]), "unit_minor": minor}
        lines.append(line | ({"category": category.strip()} if category.strip() else {}))
    if not lines:
        return Refusal("line_invalid", "sku", _("There is nothing on the receipt."),
                       _("Write a product, how many and the price."))  # fmt: skip
    at = _moment(visit)
    if isinstance(at, Refusal):
        return at
    basket: dict[str, Any] = {
        "store": said("store") or "-", "till": "1", "number": "1", "currency": bench.currency,
        "happened_at": at.isoformat(), "lines": lines, "channel": said("channel", "store"),
        "total_minor": sum(each["quantity"] * each["unit_minor"] for each in lines),
    }  # fmt: skip
    if said("card"):
        basket["card"] = said("card")
    if said("spend").isascii() and said("spend").isdecimal() and int(said("spend")[:12]):
        basket["spend"] = {"points": int(said("spend")[:12])}
    return {"basket": basket}


def _moment(visit: Visit) -> datetime | Refusal:
    try:
        at = datetime.fromisoformat(visit.form.get("at"))
    except ValueError:
        _ = visit.local.gettext
        return Refusal("day_invalid", "at", _("This is no day."), _("Choose day and time."))
    return at if at.tzinfo else at.replace(tzinfo=visit.local.zone)
