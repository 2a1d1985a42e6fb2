"""Partners and their statements: read, taken along as a file, closed, adjusted."""

from __future__ import annotations

from tessera.base.money import half_up
from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.sheets import sheet
from tessera.doors.till.partners import PartnerList, StatementView
from tessera.doors.web.amounts import minor_in
from tessera.doors.web.page import File, Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/partners"
CSV = "text/csv; charset=utf-8"
CLOSED = N_("The period is closed: this is its statement.")
ADJUSTED = N_("Noted. It is in the statement of the open period.")
_PAGE, _PAGES = 200, 50  # postings in a file: the API has the rest
_HEADS = ("currency", "issued", "redeemed", "funded", "funded_minor", "issued_x100",
          "redeemed_x100", "funded_x100", "pieces", "pieces_minor")  # fmt: skip


async def show(visit: Visit) -> Shown:
    """Every partner and what it owes at the moment."""
    found = await visit.ask("partner.list")
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, PartnerList)
    return View("partners/list.html", {
        "partners": found.items, "money": lambda x100: whole(visit, x100, found.currency),
    })  # fmt: skip


async def show_one(visit: Visit) -> Shown:
    """A period of a partner; with `csv`, its figures or its postings as a file."""
    where = {"partner": visit.words["partner"]}
    period = visit.query.get("period")
    found = await visit.ask("partner.statement", path=where, query={"period": period})
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, StatementView)
    if visit.query.get("csv") == "statement":
        return File(_figures(found).encode(), CSV, f"{found.partner}-{found.period}.csv")
    if visit.query.get("csv") == "postings":
        return await _postings(visit, found)
    closed = await visit.ask("partner.statements", path=where)
    listed = await visit.ask("partner.list") if visit.may("partner.list") else None
    waits = None
    if isinstance(listed, PartnerList):
        waits = next((x.to_close for x in listed.items if x.partner == found.partner), None)
    total = {
        name: sum(getattr(each, f"{name}_x100") for each in found.points)
        for name in ("issued", "redeemed", "funded")
    }
    return View("partners/partner.html", {
        "found": found, "total": total, "to_close": waits,
        "closed": [] if isinstance(closed, Refusal) else closed.items,
        "units": _units(visit), "money": lambda x100: whole(visit, x100, found.currency),
        "exact": lambda x100: visit.local.exact_money(x100, found.currency),
        "due": whole(visit, abs(found.due_minor) * 100, found.currency),
    })  # fmt: skip


def whole(visit: Visit, x100: int, currency: str) -> str:
    """Hundredths of a minor unit as money, rounded."""
    return visit.local.money(half_up(x100, 100), currency)


def _units(visit: Visit) -> dict[str, str]:
    declared = visit.house.shop().program.currencies
    return {code: each.name or code for code, each in declared.items()}


def _figures(found: StatementView) -> str:
    """The statement for a spreadsheet: amounts are hundredths of a minor unit."""
    rows = [(found.partner, found.period, each.currency, each.issued, each.redeemed, each.funded,
             each.funded_minor, each.issued_x100, each.redeemed_x100, each.funded_x100,
             each.pieces, each.pieces_minor)
            for each in found.points]  # fmt: skip
    said = [
        ("opening_x100", found.opening_x100), ("adjusted_minor", found.adjusted_minor),
        ("owed_x100", found.owed_x100), ("due_minor", found.due_minor),
        ("closing_x100", found.closing_x100),
    ]  # fmt: skip
    rest = [(found.partner, found.period, name, value) for name, value in said]
    things = [
        (found.partner, found.period, f"piece {each.item}", each.pieces, each.cost_minor,
         each.minor)
        for each in found.pieces
    ]  # fmt: skip
    return sheet(("partner", "period", *_HEADS), [*rows, *rest, *things])


async def _postings(visit: Visit, found: StatementView) -> Shown:
    """What each operation means, as a file."""
    where, word, rows = {"partner": found.partner}, None, list[tuple[object, ...]]()
    for _ in range(_PAGES):
        asked = {"period": found.period, "limit": _PAGE, "cursor": word}
        some = await visit.ask("partner.postings", path=where, query=asked)
        if isinstance(some, Refusal):
            return some
        rows += [
            (each.operation_id, each.posted_at.isoformat(), each.store,
             *(getattr(each, name) for name in _HEADS))
            for each in some.items
        ]  # fmt: skip
        word = some.next
        if word is None:
            break
    text = sheet(("operation", "posted_at", "store", *_HEADS), rows)
    return File(text.encode(), CSV, f"{found.partner}-{found.period}-postings.csv")


async def close(visit: Visit) -> Shown:
    """The period is over: its statement."""
    code, period = visit.words["partner"], visit.form.get("period")
    made = await visit.ask("partner.close", path={"partner": code}, body={"period": period})
    return visit.done(made, f"{PATH}/{code}?period={period}", CLOSED)


async def adjust(visit: Visit) -> Shown:
    """Something was agreed besides."""
    code, minor = visit.words["partner"], minor_in(visit, "amount")
    if isinstance(minor, Refusal):
        return minor
    sign = -1 if visit.form.get("side") == "we" else 1
    body = {"minor": sign * minor, "reason": visit.form.get("reason")}
    made = await visit.ask("partner.adjust", path={"partner": code}, body=body)
    if isinstance(made, Refusal) and made.field == "minor":
        made = Refusal(made.code, "amount", made.why, made.cure)
    return visit.done(made, f"{PATH}/{code}", ADJUSTED)


PAGES: tuple[Page, ...] = (
    Page(
        name="partners.partners", path=PATH, show=show, title=N_("Partners"),
        purpose=N_("Coalition shops and suppliers: who owes whom for points, period by period."),
        needs=("partner.list",), menu=Menu("control", 15, N_("Partners"), "link"),
    ),
    Page(
        name="partners.partner", path=f"{PATH}/{{partner}}", show=show_one, title=N_("Statement"),
        purpose=N_("What one partner pays or gets for a period, and how it comes about."),
        needs=("partner.statement",), acts={"close": close, "adjust": adjust},
    ),
)  # fmt: skip
