"""Every ladder: levels, who moved, reviews; and who is near a level."""

from __future__ import annotations

from tessera.base.pages import MAX_PAGE
from tessera.base.refusal import Refusal
from tessera.doors.console.areas.members.heads import called, card_of
from tessera.doors.console.areas.rules.bench import RULES
from tessera.doors.console.areas.tiers.drafting import LADDERS
from tessera.doors.console.areas.tiers.sentences import plainly
from tessera.doors.language.words import N_
from tessera.doors.sheets import sheet
from tessera.doors.web.page import File, Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

CSV = "text/csv; charset=utf-8"
_PAGES = 100
_DRAFT = f"{RULES}/drafts/{{draft_id}}/tiers"
_HEADS = ("member_id", "level", "target", "amount", "lacking", "by")


async def show(visit: Visit) -> Shown:
    """The ladders as the program has them now."""
    found = await visit.ask("tier.ladders")
    if isinstance(found, Refusal):
        return found
    program = visit.house.shop().program
    said = {code: plainly(code, program, visit.local) for code in program.tiers}
    return View("tiers/tiers.html", {
        "ladders": found.items, "currency": program.currency, "whys": WHYS, "said": said,
        "names": {(each.ladder, level.level): level.name
                  for each in found.items for level in each.levels},
    })  # fmt: skip


async def near(visit: Visit) -> Shown:
    """Who is near a level of a ladder; with `csv`, all of them as a file."""
    code, way = visit.words["ladder"], visit.query.get("way", "up")
    query = {
        "way": way, "share": visit.query.get("share") if way == "up" else None,
        "days": visit.query.get("days") if way == "down" else None,
    }  # fmt: skip
    if "csv" in visit.query:
        return await _file(visit, code, query)
    found = await visit.ask(
        "tier.near", path={"ladder": code}, query=query | {"cursor": visit.query.get("cursor")}
    )
    if isinstance(found, Refusal):
        return found
    program = visit.house.shop().program
    return View("tiers/near.html", {
        "ladder": program.tiers[code], "code": code, "way": way, "found": found.items,
        "names": [called(visit, each.member) for each in found.items],
        "cards": [card_of(each.member) for each in found.items],
        "share": visit.query.get("share") or "80", "days": visit.query.get("days") or "60",
        "currency": program.currency, "csv": visit.here(csv="near", cursor=""),
        "next": visit.here(cursor=found.next) if found.next else "",
        "first": visit.here(cursor="") if visit.query.get("cursor") else "",
    })  # fmt: skip


async def _file(visit: Visit, code: str, query: dict[str, str | None]) -> Shown:
    """Page by page, up to a hundred pages."""
    rows, word = list[tuple[object, ...]](), None
    for _ in range(_PAGES):
        asked = query | {"limit": str(MAX_PAGE), "cursor": word}
        some = await visit.ask("tier.near", path={"ladder": code}, query=asked)
        if isinstance(some, Refusal):
            return some
        rows += [tuple(getattr(each, name) for name in _HEADS) for each in some.items]
        word = some.next
        if word is None:
            break
    return File(sheet(_HEADS, rows).encode(), CSV, f"near-{code}-{query['way']}.csv")


WHYS = {
    "earned": N_("reached by a purchase"), "returned": N_("taken back by a return"),
    "reviewed": N_("sunk at a review"), "matched": N_("set by hand"),
    "joined": N_("two members became one"), "parted": N_("one member became two"),
    "carried": N_("moved in from another program"),
    "moved": N_("the ladder was made or changed"),
}  # fmt: skip
PAGES = (
    Page(
        name="tiers.tiers", path="/console/tiers", show=show, title=N_("Tiers"),
        purpose=N_("Who stands on which level, and how many went up or down."),
        needs=("tier.ladders",), menu=Menu("program", 40, N_("Tiers"), "tiers"),
        acts={"begin": LADDERS.begin},
    ),
    Page(
        name="tiers.near", path="/console/tiers/{ladder}/near", show=near,
        title=N_("Near a level"), needs=("tier.near",),
        purpose=N_("Who nearly comes up, and who would sink at a review that comes soon."),
    ),
    Page(
        name="tiers.drafted", path=_DRAFT, show=LADDERS.show_all, title=N_("Tiers of the draft"),
        purpose=N_("Levels that members reach by what they buy; they hold once published."),
        needs=("draft.read",),
    ),
    Page(
        name="tiers.form", path=f"{_DRAFT}/{{code}}", show=LADDERS.show, title=N_("Ladder"),
        purpose=N_("What counts, over which time, and the levels; at the side stands what that "
                   "means."),
        needs=("draft.read",),
        acts={"save": LADDERS.save, "preview": LADDERS.show, "remove": LADDERS.remove},
    ),
)  # fmt: skip
