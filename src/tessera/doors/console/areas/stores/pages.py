"""Stores: the list, a new one, one to be changed."""

from __future__ import annotations

from zoneinfo import available_timezones

from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.web.page import Menu, Page, Shown, View
from tessera.doors.web.visit import Visit

PATH = "/console/stores"
ADDED, CHANGED = N_("The store is added."), N_("The store is changed.")
_NO_PLACES = ("Etc/", "SystemV/", "posix/", "right/")


async def show(visit: Visit) -> Shown:
    """All of them."""
    found = await visit.ask("store.list")
    if isinstance(found, Refusal):
        return found
    stores = sorted(found.items, key=lambda store: store.id)
    return View("stores/list.html", {"stores": stores})


def zones() -> list[str]:
    """Time zones that are named after places, by name."""
    return sorted(
        name for name in available_timezones() if "/" in name and not name.startswith(_NO_PLACES)
    )


async def show_new(visit: Visit) -> Shown:
    """Its number, name and time zone; that of the newest store is proposed."""
    found = await visit.ask("store.list")
    if isinstance(found, Refusal):
        return found
    usual = found.items[-1].time_zone if found.items else ""
    return View("stores/store.html", {"store": None, "usual": usual, "zones": zones()})


async def add(visit: Visit) -> Shown:
    """One more; a number that is taken is told."""
    told, store_id = visit.local.gettext, visit.form.get("store")
    found = await visit.ask("store.list")
    if isinstance(found, Refusal):
        return found
    if any(store.id == store_id for store in found.items):
        return Refusal("store_known", "store", told("There is a store with this number."),
                       told("Choose it in the list to change it."))  # fmt: skip
    return await _put(visit, store_id, ADDED)


async def show_one(visit: Visit) -> Shown:
    """One, to be changed."""
    found = await visit.ask("store.list")
    if isinstance(found, Refusal):
        return found
    named = visit.query.get("store", "")
    store = next((each for each in found.items if each.id == named), None)
    if store is None:
        told = visit.local.gettext
        return Refusal("store_unknown", "store", told("There is no such store."),
                       told("Look it up in the list."))  # fmt: skip
    return View("stores/store.html", {"store": store, "usual": "", "zones": zones()})


async def change(visit: Visit) -> Shown:
    """Its name or time zone; the number stays."""
    return await _put(visit, visit.query.get("store", ""), CHANGED)


async def _put(visit: Visit, store_id: str, note: str) -> Shown:
    body = {"name": visit.form.get("name"), "time_zone": visit.form.get("time_zone")}
    said = await visit.ask("store.put", path={"store_id": store_id}, body=body)
    return visit.done(said, PATH, note)


PAGES: tuple[Page, ...] = (
    Page(
        name="stores.list", path=PATH, show=show, title=N_("Stores"),
        purpose=N_("Where receipts are written. A store's time zone decides what is today on its "
                   "receipts."),
        needs=("store.put",), menu=Menu("control", 62, N_("Stores"), "store"),
    ),
    Page(
        name="stores.new", path=f"{PATH}/new", show=show_new, acts={"add": add},
        title=N_("Add a store"), needs=("store.put",),
        purpose=N_("Receipts name it, and its clock says which day it is."),
    ),
    Page(
        name="stores.one", path=f"{PATH}/one", show=show_one, acts={"change": change},
        title=N_("Change a store"), needs=("store.put",),
        purpose=N_("Receipts name it, and its clock says which day it is."),
    ),
)  # fmt: skip
