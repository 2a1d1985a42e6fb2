"""Step one: the shop, its first store, a key for its first till."""

from __future__ import annotations

from zoneinfo import available_timezones

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.settings.pages import with_brand
from tessera.doors.console.areas.settings.publishing import publish
from tessera.doors.console.areas.setup.steps import SHOP
from tessera.doors.language.words import N_
from tessera.doors.till.keys import IssuedKey
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit

KNOWN = N_("That was done before. A key is shown once: issue another one under keys.")


async def show(visit: Visit) -> Shown:
    """The form, filled with what there is."""
    shop = visit.house.shop()
    store = next(iter(shop.stores.values()), None)
    return View("setup/shop.html", {
        "called": visit.form.get("shop") or shop.program.brand.name, "store": store,
        "zones": zones(),
    })  # fmt: skip


def zones() -> list[str]:
    """Time zones with a place in their name, for a list to type into."""
    nowhere = ("Etc/", "SystemV/", "US/", "posix/", "right/")
    return sorted(
        each for each in available_timezones() if "/" in each and not each.startswith(nowhere)
    )


async def save(visit: Visit) -> Shown:
    """Name, store and key, one after the other; what went well stays when the next is refused."""
    typed, key = visit.form, visit.form.key
    brand = visit.house.shop().program.brand
    told = {name: getattr(brand, name) for name in brand.__struct_fields__}
    store_id, till = typed.get("store_id") or "1", typed.get("till") or "1"
    stored = await visit.ask(
        "store.put", path={"store_id": store_id}, key=f"{key}-store",
        body={"name": typed.get("store"), "time_zone": typed.get("time_zone")},
    )  # fmt: skip
    if isinstance(stored, Refusal):
        return stored
    named = await publish(
        visit, lambda body: with_brand(body, told | {"name": typed.get("shop")}), "The shop's name"
    )
    if isinstance(named, Refusal):
        return named
    return await issued(visit, store_id, till, SHOP)


async def issued(visit: Visit, store_id: str, till: str, back: str) -> Shown:
    """A key for a till, shown once, with the way to the cashier page of this very device."""
    name = visit.local.gettext("Till %(till)s") % {"till": till}
    body = {"name": name, "role": "till", "store": store_id}
    made = await visit.ask("key.issue", key=f"{visit.form.key}-key", body=body)
    if not isinstance(made, IssuedKey):
        return visit.done(made, back)
    return View("setup/key.html", {"made": made, "back": back, "known": KNOWN})


ACTS = {"save": save}
