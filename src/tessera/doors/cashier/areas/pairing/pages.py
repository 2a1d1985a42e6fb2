"""A device and its key. The key is in a cookie that no script reads; nothing else is kept here."""

from __future__ import annotations

from tessera.access.core import Principal
from tessera.base.refusal import Refusal
from tessera.doors.language.words import N_
from tessera.doors.web.page import Page, See, Shown, View
from tessera.doors.web.visit import Visit

_PAIR, _TILL = "/till/pair", "/till"
_KEPT_S = 400 * 24 * 3600  # the longest that browsers keep a cookie; each visit here renews it
_ROLES = ("till", "partner")


async def show(visit: Visit) -> Shown:
    """Type the key; or, where the device has one, see which and let go of it."""
    who = None if visit.who is None else visit.who.principal
    return View("pairing/pair.html", {"stores": [] if who is None else _stores(visit, who)})


async def pair(visit: Visit) -> Shown:
    """This device carries the key from now on. Errors: key_needed, key_wrong, key_too_strong."""
    key = "".join(visit.form.get("token").split())
    if not key or not key.isascii():
        return Refusal(
            "key_needed", "token", "a key of a till is needed",
            "the office issues one in the console, under keys",
        )  # fmt: skip
    passed = await visit.asking.api.gate.enter(b"Bearer " + key.encode(), visit.address)
    if isinstance(passed, Refusal):
        if passed.code in ("too_many_calls", "address_other"):
            return passed
        return Refusal(
            "key_wrong", "token", "this is no key, or it has ended",
            "copy it whole, or ask the office for a new one",
        )  # fmt: skip
    by = passed.principal
    if by.kind != "key" or by.role not in _ROLES:
        return Refusal(
            "key_too_strong", "token", "this key may do more than a till may, or something else",
            "ask the office for a key of the role till",
        )  # fmt: skip
    visit.sign_in(key, _KEPT_S)
    return See(_TILL)


async def unpair(visit: Visit) -> Shown:
    """This device forgets its key. The key itself stays good until the office revokes it."""
    visit.sign_out()
    return See(_PAIR, N_("This device has no key any more."))


def _stores(visit: Visit, by: Principal) -> list[str]:
    known = visit.house.shop().stores if visit.house.has_program else {}
    return [known[code].name if code in known else code for code in by.stores or ()]


PAGES = (
    Page(
        name="pairing.pair", path=_PAIR, show=show, acts={"pair": pair, "unpair": unpair},
        open=True, title=N_("Pair this device"),
        purpose=N_("A till's key says which store this device sells for. It is typed once."),
    ),
)  # fmt: skip
