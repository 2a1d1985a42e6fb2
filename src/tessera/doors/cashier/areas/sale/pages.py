"""The counter's page, and what its script asks: operations of the API as the key's holder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors.cashier.areas.sale.said import CHANNELS, SAID
from tessera.doors.language.refusals import refused
from tessera.doors.language.words import N_
from tessera.doors.problems import status_of
from tessera.doors.web.page import File, Page, Shown, View
from tessera.doors.web.visit import Visit
from tessera.members import core as members
from tessera.members.showing.core import is_code
from tessera.warehouse.core import Identifier

_HERE = Path(__file__).parent
_TILL = "/till"
_JSON = "application/json"
# What a counter needs, and no more: a till's key may little else anyway.
ALLOWED = frozenset({
    "identify", "quote", "quote.cancel", "receipt.confirm", "receipt.return", "receipt.read",
    "member.register", "duplicate.near", "allowance.issue", "allowance.key",
})  # fmt: skip
_UNSAID = re.compile(r"[\s().\-]")
_POSTED = re.compile(r"(?<=/v1/receipts/)[0-9a-f-]{36}")
_UNKNOWN = ("card_unknown", "member_unknown")


async def show(visit: Visit) -> Shown:
    """The page. Browsers keep it for when the line is cut: nothing of a member is in it."""
    if not visit.house.has_program:
        return Refusal(
            "program_missing", "", "this shop has no program yet",
            "the office publishes one in the console",
        )  # fmt: skip
    assert visit.who is not None, "the page is not open"
    shop, told = visit.house.shop(), visit.local.gettext
    codes = visit.who.principal.stores or tuple(sorted(shop.stores))
    terms = await visit.ask("join.terms", query={"language": visit.local.language})
    return View(
        "sale/sale.html",
        {
            "words": {name: told(sentence) for name, sentence in SAID.items()},
            "channels": {name: told(sentence) for name, sentence in CHANNELS.items()},
            "offline": shop.program.offline is not None,
            "stores": [(code, shop.stores[code].name) for code in codes if code in shop.stores],
            "minimum_age": None if isinstance(terms, Refusal) else terms.minimum_age,
            "consents": [] if isinstance(terms, Refusal) else terms.consents,
            "country": "" if isinstance(terms, Refusal) else terms.country,
        },
    )


async def nowhere(visit: Visit) -> Shown:
    """What scripts call is no page."""
    return Refusal("page_unknown", "", "There is no page at this address.", "Begin at the start.")


async def worker(visit: Visit) -> Shown:
    """The service worker: it may serve the whole shell, the start included."""
    headers = {"service-worker-allowed": _TILL, "cache-control": "no-cache"}
    return File((_HERE / "worker.js").read_bytes(), "text/javascript", headers=headers)


async def bridge(visit: Visit) -> Shown:
    """One operation, as the key's holder. Errors: those of the operation; operation_unknown."""
    said, operation = visit.form.json, visit.words["operation"]
    if operation not in ALLOWED or not isinstance(said, dict):
        return Refusal("operation_unknown", "", "the counter does not ask this", "reload the page")
    path = said.get("path") or {}
    if not isinstance(path, dict) or not all(isinstance(word, str) for word in path.values()):
        return Refusal("path_invalid", "path", "words of an address are texts", "reload the page")
    answer = await visit.ask(operation, path=path, body=_meant(operation, said.get("body")))
    known = _POSTED.search(answer.cure) if isinstance(answer, Refusal) else None
    return _told(visit, answer) if known is None else _posted(visit, answer, known[0])


def _meant(operation: str, body: Any) -> Any:
    """The counter says all that is left with no lines; of other callers the API refuses that."""
    if operation == "receipt.return" and isinstance(body, dict) and body.get("lines") == []:
        return {name: value for name, value in body.items() if name != "lines"}
    return body


def _posted(visit: Visit, refusal: Refusal, receipt_id: str) -> File:
    """The receipt is there already: which one, so that the script can see whether it is this."""
    told = refused(refusal, visit.local.language)
    said = {"code": told.code, "field": told.field, "why": told.why, "cure": told.cure}
    body = msgspec.json.encode(said | {"receipt_id": receipt_id})
    return File(body, _JSON, status=status_of(refusal.code))


async def who_is(visit: Visit) -> Shown:
    """Whose a scanned or typed text is.

    body    {"text": "+39 333 123"}: a card's number, a code of a phone, a phone, an address
    answer  {"identifier": {kind, value}, "member": what `identify` answers, or null, "why": ""}
    errors  those of `identify`; a card or phone that nobody has yet is an answer: it may be new
    """
    said = visit.form.json
    text = said.get("text") if isinstance(said, dict) else None
    if not isinstance(text, str) or not text.strip() or len(text) > 128:
        return Refusal(
            "identifier_invalid", "text", "a card, a phone or an address is needed", "scan again"
        )
    found: Any = None
    for named in _readings(text.strip(), _country(visit)):
        if isinstance(named, Refusal):
            found = found or named
            continue
        answer = await visit.ask("identify", body={"identifier": named})
        if not isinstance(answer, Refusal):
            if answer.card:  # a phone's code: from now on its handle
                named = Identifier("card", answer.card)
            return _told(visit, {"identifier": named, "member": answer, "why": ""})
        if answer.code not in _UNKNOWN:
            return answer
        found = found if isinstance(found, dict) else {
            "identifier": named, "member": None, "why": answer.why,
        }  # fmt: skip
    return found if isinstance(found, Refusal) else _told(visit, found)


def _readings(text: str, country: str) -> list[Identifier | Refusal]:
    """What a text may be, likeliest first: the first that somebody has is meant."""
    plain = _UNSAID.sub("", text)
    if is_code(plain):
        return [Identifier("card", plain)]
    if "@" in text:
        return [members.normal("email", text)]
    if plain.startswith("+") or (plain.startswith("00") and not country):
        return [members.normal("phone", text, country)]
    card = members.normal("card", plain)
    if country and plain.isdecimal() and 6 <= len(plain) <= 12:
        phone = members.normal("phone", text, country)
        return [card, phone] if isinstance(phone, Identifier) else [card]
    return [card]


def _country(visit: Visit) -> str:
    return visit.house.shop().program.terms.enrolment.country if visit.house.has_program else ""


def _told(visit: Visit, answer: Any) -> Shown:
    if isinstance(answer, Refusal):
        return answer
    return File(msgspec.json.encode(answer), _JSON)


_CALLS = ("receipt.confirm",)
PAGES = (
    Page(
        name="sale.counter", path=_TILL, show=show, needs=_CALLS, title=N_("Till"),
    ),
    Page(
        name="sale.bridge", path=f"{_TILL}/call/{{operation}}", show=nowhere, needs=_CALLS,
        acts={"call": bridge}, title=N_("Till"),
    ),
    Page(
        name="sale.who", path=f"{_TILL}/who", show=nowhere, needs=_CALLS, acts={"call": who_is},
        title=N_("Till"),
    ),
    Page(
        name="sale.worker", path=f"{_TILL}/worker.js", show=worker, open=True, title=N_("Till"),
    ),
)  # fmt: skip
