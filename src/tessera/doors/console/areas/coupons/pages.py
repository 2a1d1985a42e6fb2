"""Coupons: what each kind brought, orders of codes, one code that somebody shows."""

from __future__ import annotations

import re

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.coupons.drafting import COUPONS
from tessera.doors.console.areas.rules.bench import RULES
from tessera.doors.language.words import N_
from tessera.doors.till.codes import FoundCoupon
from tessera.doors.till.coupons import CouponBatch, CouponCodes, CouponKinds
from tessera.doors.web.page import File, Menu, Page, See, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/coupons"
_DRAFT = f"{RULES}/drafts/{{draft_id}}/coupons"
ORDERED = N_("The codes are ordered: thousands are there in a moment, millions in a few minutes.")
REVOKED = N_("The codes are called back: none of them counts any more.")


async def show(visit: Visit) -> Shown:
    """The kinds with their figures, and the orders, the newest first."""
    found = await visit.ask("coupon.kinds")
    if isinstance(found, Refusal):
        return found
    assert isinstance(found, CouponKinds)
    query = {"cursor": visit.query.get("cursor"), "limit": 20}
    orders = await visit.ask("coupon.batches", query=query)
    seen = not isinstance(orders, Refusal)
    names = {each.kind: each.name for each in found.kinds}
    return View("coupons/list.html", {
        "kinds": found.kinds, "currency": found.currency, "names": names, "sees_orders": seen,
        "orders": orders.items if seen else [],
        "next": visit.here(cursor=orders.next) if seen and orders.next else "",
        "first": PATH if query["cursor"] else "",
        "declared": visit.house.shop().program.coupons,
    })  # fmt: skip


async def show_new(visit: Visit) -> Shown:
    """Of which kind, how many, for which days."""
    found = await visit.ask("coupon.kinds")
    if isinstance(found, Refusal):
        return found
    declared = visit.house.shop().program.coupons
    offered = [
        (each.kind, each.name)
        for each in found.kinds
        if each.kind in declared and each.code is None and not each.personal
    ]
    return View("coupons/new.html", {"kinds": offered})


async def order(visit: Visit) -> Shown:
    """So many codes."""
    told, form = visit.local.gettext, visit.form
    text = form.get("count").replace(" ", "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 9):
        return Refusal("count_invalid", "count", told("This is no whole number."),
                       told("Type digits only."))  # fmt: skip
    body = {"kind": form.get("kind"), "count": int(text), "label": form.get("label"),
            "starts": form.get("starts") or None, "ends": form.get("ends") or None}  # fmt: skip
    said = await visit.ask("coupon.order", body=body)
    return said if isinstance(said, Refusal) else See(f"{PATH}/{said.batch_id}", ORDERED)


async def show_one(visit: Visit) -> Shown:
    """An order: how far it is, what was handed out."""
    batch = await visit.ask("coupon.batch", path=visit.words)
    if isinstance(batch, Refusal):
        return batch
    assert isinstance(batch, CouponBatch)
    coupon = visit.house.shop().program.coupons.get(batch.kind)
    name = coupon.name if coupon is not None else batch.kind
    return View("coupons/batch.html", {"batch": batch, "name": name})


async def export(visit: Visit) -> Shown:
    """The next codes as a file; each is handed out once."""
    body = {"again": visit.form.get("again") == "1"}
    said = await visit.ask("coupon.export", path=visit.words, body=body)
    if isinstance(said, Refusal):
        return said
    assert isinstance(said, CouponCodes)
    lines = "\r\n".join(["code", *said.codes, ""])
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", visit.form.get("name") or "codes").strip("-")[:60]
    return File(lines.encode(), "text/csv; charset=utf-8", f"coupons-{name}-{said.left}.csv")


async def revoke(visit: Visit) -> Shown:
    """None of its codes counts any more."""
    body = {"reason": visit.form.get("reason")}
    said = await visit.ask("coupon.revoke", path=visit.words, body=body)
    return visit.done(said, visit.path, REVOKED)


# One code ----------------------------------------------------------------------------------------


async def show_find(visit: Visit) -> Shown:
    """A field for the code."""
    return View("coupons/find.html", {"found": None, "code": ""})


async def find(visit: Visit) -> Shown:
    """What is known of it; the code stands in no address."""
    code = visit.form.get("code")
    return _found(visit, await visit.ask("coupon.find", body={"code": code or " "}), code)


async def void(visit: Visit) -> Shown:
    """It counts no more."""
    code = visit.form.get("code")
    body = {"code": code or " ", "reason": visit.form.get("reason")}
    return _found(visit, await visit.ask("coupon.void", body=body), code)


def _found(visit: Visit, said: FoundCoupon | Refusal, code: str) -> Shown:
    if isinstance(said, Refusal):
        return said
    return View("coupons/find.html", {"found": said, "code": code})


PAGES: tuple[Page, ...] = (
    Page(
        name="coupons.list", path=PATH, show=show, title=N_("Coupons"),
        purpose=N_("Codes that bring something at the till. A kind stands in the program; codes "
                   "are ordered here, or given by rules."),
        needs=("coupon.kinds",), menu=Menu("program", 25, N_("Coupons"), "coupon"),
        acts={"begin": COUPONS.begin},
    ),
    Page(
        name="coupons.new", path=f"{PATH}/new", show=show_new, acts={"order": order},
        title=N_("Order codes"), needs=("coupon.order",),
        purpose=N_("Codes that nobody can guess, as a file for a printer or a mailing."),
    ),
    Page(
        name="coupons.find", path=f"{PATH}/find", show=show_find,
        acts={"find": find, "void": void}, title=N_("Look up a code"),
        purpose=N_("Whether a code is good, and why not. After ten wrong ones you wait a while."),
        needs=("coupon.find",),
    ),
    Page(
        name="coupons.batch", path=f"{PATH}/{{batch_id}}", show=show_one,
        acts={"export": export, "revoke": revoke}, title=N_("Order of codes"),
        purpose=N_("How many codes were made and handed out, and how long they are good."),
        needs=("coupon.batch",),
    ),
    Page(
        name="coupons.drafted", path=_DRAFT, show=COUPONS.show_all,
        title=N_("Coupons of the draft"), needs=("draft.read",),
        purpose=N_("Kinds of coupons that rules ask for and give; they hold once published."),
    ),
    Page(
        name="coupons.form", path=f"{_DRAFT}/{{code}}", show=COUPONS.show,
        title=N_("Kind of coupons"), needs=("draft.read",),
        purpose=N_("Who can use it, how often and until when; at the side stands what that means."),
        acts={"save": COUPONS.save, "preview": COUPONS.show, "remove": COUPONS.remove},
    ),
)  # fmt: skip
