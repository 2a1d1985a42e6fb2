"""Cards: batches of numbers, a new one, one with its file for the printer."""

from __future__ import annotations

import re

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.problems import Reply
from tessera.doors.till.cards import SHEET_MOST, CardBatch
from tessera.doors.web.page import File, Menu, Page, See, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/cards"
ISSUED = N_("The numbers are issued: a till knows them at once.")


async def show(visit: Visit) -> Shown:
    """Batches, in the order in which they were issued."""
    query = {"cursor": visit.query.get("cursor"), "limit": 50}
    found = await visit.ask("card.batches", query=query)
    if isinstance(found, Refusal):
        return found
    return View("cards/list.html", {
        "batches": found.items, "next": visit.here(cursor=found.next) if found.next else "",
        "first": PATH if query["cursor"] else "",
    })  # fmt: skip


async def show_new(visit: Visit) -> Shown:
    """How many, and how they begin."""
    return View("cards/new.html")


async def issue(visit: Visit) -> Shown:
    """A fresh run of numbers."""
    told, text = visit.local.gettext, visit.form.get("count").replace(" ", "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        return Refusal("count_invalid", "count", told("This is no whole number."),
                       told("Type digits only."))  # fmt: skip
    body = {"prefix": visit.form.get("prefix"), "count": int(text),
            "label": visit.form.get("label")}  # fmt: skip
    said = await visit.ask("card.issue", body=body)
    return said if isinstance(said, Refusal) else See(f"{PATH}/{said.batch_id}", ISSUED)


async def show_one(visit: Visit) -> Shown:
    """A batch: its first numbers, and files for the printer."""
    batch = await _batch(visit)
    if isinstance(batch, Refusal):
        return batch
    numbers = await visit.ask(
        "card.numbers", path={"batch_id": batch.batch_id}, query={"limit": 10}
    )  # fmt: skip
    parts = [(start + 1, min(start + SHEET_MOST, batch.count), start)
             for start in range(0, batch.count, SHEET_MOST)]  # fmt: skip
    return View("cards/batch.html", {
        "batch": batch, "parts": parts[:100],
        "numbers": [] if isinstance(numbers, Refusal) else numbers.items,
    })  # fmt: skip


async def _batch(visit: Visit) -> CardBatch | Refusal:
    found: CardBatch | Refusal = await visit.ask(
        "card.batch", path={"batch_id": visit.words["batch_id"]}
    )  # fmt: skip
    return found


async def show_sheet(visit: Visit) -> Shown:
    """Numbers as a CSV file."""
    batch = await _batch(visit)
    if isinstance(batch, Refusal):
        return batch
    query = {"after": visit.query.get("after")}
    reply = await visit.ask("card.sheet", path={"batch_id": batch.batch_id}, query=query)
    if isinstance(reply, Refusal):
        return reply
    assert isinstance(reply, Reply)
    label = re.sub(r"[^A-Za-z0-9_-]+", "-", batch.label or batch.prefix).strip("-")[:60]
    start = visit.query.get("after", "")
    name = f"cards-{label}{'-' + start if start.isdecimal() else ''}.csv"
    return File(reply.body, "text/csv; charset=utf-8", name)


PAGES: tuple[Page, ...] = (
    Page(
        name="cards.list", path=PATH, show=show, title=N_("Cards"),
        purpose=N_("Numbers for cards are issued in batches. Print them, hand them out: a card "
                   "earns from its first use, whoever has it."),
        needs=("card.batches",), menu=Menu("work", 60, N_("Cards"), "card"),
    ),
    Page(
        name="cards.new", path=f"{PATH}/new", show=show_new, acts={"issue": issue},
        title=N_("Issue numbers"), needs=("card.issue",),
        purpose=N_("Numbers for new cards; a file for the printer comes with them."),
    ),
    Page(
        name="cards.batch", path=f"{PATH}/{{batch_id}}", show=show_one, title=N_("Batch of cards"),
        purpose=N_("Which numbers belong to this batch, and when they were issued."),
        needs=("card.batch",),
    ),
    Page(
        name="cards.sheet", path=f"{PATH}/{{batch_id}}/numbers", show=show_sheet,
        title=N_("Numbers as CSV"), needs=("card.sheet",),
    ),
)  # fmt: skip
