"""The pages of the staff: sign in, find a card, read its history with the why of each receipt."""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode
from uuid import UUID

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp

from tessera.access.core import Principal, allowed
from tessera.base.refusal import Refusal
from tessera.checkout.core import Balance, EventPage, Page, Told
from tessera.doors.console.session import cookie, from_our_page, session_of
from tessera.doors.console.shell import Shell, squeezed, with_headers
from tessera.doors.console.telling import LINES_ALONE, event_seen, seen
from tessera.warehouse.core import Identifier

PER_PAGE = 20
EVENTS = 10  # the newest ones, on the first page of a card
MAX_FORM_BYTES = 8192
_OURS = re.compile(r"/console(/[\w.~%-]+)*(\?[\w.~%&=+-]*)?\Z", re.ASCII)
_LOG = logging.getLogger("tessera.console")
Asked = Request[Any, Any, Any]
Given = Response[bytes]


class CardView(msgspec.Struct, frozen=True, kw_only=True):
    """A card and whose it is, as far as staff may see it.

    name        masked, "" if unknown
    number      as printed, "" for a member without a card
    status      "active", "blocked" or "replaced"
    registered  False while nobody has said whose card it is
    currencies  where the account stands in the program's other currencies
    """

    member_id: UUID
    account_id: UUID
    name: str
    number: str
    status: str
    registered: bool
    balance: Balance
    currencies: dict[str, Balance] = {}


class ConsoleReaders(Protocol):
    """All that the pages need to know from the rest of the house."""

    async def principal(self, token: str) -> Principal | None:
        """Who holds this API key; None if nobody does, or no longer."""
        ...

    async def open_session(self, principal: Principal) -> str:
        """Signed in, in every process: the value of the session's cookie."""
        ...

    async def session(self, cookie: str) -> Principal | None:
        """Who is signed in with this cookie; None if nobody is, or no longer, or the key ended."""
        ...

    async def close_session(self, cookie: str) -> None:
        """Signed out; an unknown session is closed already."""
        ...

    async def card(self, identifier: Identifier) -> CardView | None:
        """The card that this names; for a phone or e-mail the member's current card."""
        ...

    async def history(self, account_id: UUID, cursor: str | None, limit: int) -> Page | Refusal:
        """Receipts of the account, newest first."""
        ...

    async def explained(self, receipt_id: UUID) -> Told | Refusal:
        """A receipt with what every rule that gave nothing was missing."""
        ...

    async def events(self, account_id: UUID, limit: int) -> EventPage | Refusal:
        """What happened to the account besides receipts, the newest of it."""
        ...


def console_app(readers: ConsoleReaders) -> ASGIApp:
    """The console as an ASGI app that answers paths from /console on, and nothing else."""
    console = _Console(readers)
    handlers: list[HTTPRouteHandler] = [
        get("/console")(console.home),
        get("/console/sign-in")(console.sign_in_form),
        post("/console/sign-in", status_code=200)(console.sign_in),
        post("/console/sign-out", status_code=200)(console.sign_out),
        get("/console/cards")(console.find),
        get("/console/cards/{number:str}")(console.card),
        get("/console/static/{name:str}")(console.static),
    ]
    return with_headers(
        Litestar(
            handlers,
            openapi_config=None,
            logging_config=None,
            request_max_body_size=MAX_FORM_BYTES,
            exception_handlers={HTTPException: console.mistaken, Exception: console.broken},
        )
    )


def guesses(query: str) -> tuple[Identifier, ...]:
    """What somebody who typed this may mean, the likeliest first; nothing if it cannot be.

    Spaces, dashes and brackets are how people write numbers down, they name nobody.
    """
    query = query.strip()
    bare = re.sub(r"[\s()./\u2010-\u2015-]", "", query)
    if "@" in query:
        tries = [("email", query)]
    elif bare.startswith("+"):
        tries = [("phone", bare)]
    elif bare.isdigit():
        tries = [("card", bare), ("phone", bare), ("external", query)]
    else:
        tries = [("card", query), ("external", query)]
    found = []
    for kind, value in tries:
        try:
            found.append(msgspec.convert({"kind": kind, "value": value}, Identifier))
        except msgspec.ValidationError:
            continue
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _View:
    """What was asked for of a history: which page; which receipt alone, after which line.

    explain  with every rule that gave nothing
    """

    cursor: str | None = None
    only: str = ""
    after: int = 0
    explain: bool = False


class _Console:
    """The handlers. A page is rendered in a thread: the till shares the event loop with it."""

    def __init__(self, readers: ConsoleReaders) -> None:
        self._readers, self._shell = readers, Shell()

    async def home(self, request: Asked) -> Given:
        """The search box, and what the page is for."""
        principal = await self._principal(request)
        if principal is None:
            return _to_sign_in(request)
        return await self._page(request, "home.html", {"principal": principal, "query": ""})

    async def sign_in_form(self, request: Asked) -> Given:
        """Where a key is asked for; who is signed in already goes on."""
        onward = _onward(request.query_params.get("next", ""))
        if await self._principal(request) is not None:
            return _see(onward)
        return await self._page(request, "sign_in.html", {"next": onward, "wrong": None})

    async def sign_in(self, request: Asked) -> Given:
        """Exchange an API key for a session."""
        if not from_our_page(request.headers):
            return self._refused(request, _FOREIGN, 403)
        form = await request.form()
        key, onward = str(form.get("key", "")).strip(), _onward(str(form.get("next", "")))
        principal = await self._readers.principal(key) if key else None
        wrong = _KEY_UNKNOWN if principal is None else allowed(principal, "console.card", None)
        if principal is None or wrong is not None:
            return await self._page(request, "sign_in.html", {"next": onward, "wrong": wrong}, 401)
        await self._close(request)
        opened = await self._readers.open_session(principal)
        return _see(onward, cookie(opened, https=_https(request)))

    async def sign_out(self, request: Asked) -> Given:
        """Forget the session, in every process and in the browser."""
        if not from_our_page(request.headers):
            return self._refused(request, _FOREIGN, 403)
        await self._close(request)
        return _see("/console/sign-in", cookie("", https=_https(request)))

    async def find(self, request: Asked) -> Given:
        """From a card number, phone or e-mail to the card's page."""
        principal = await self._principal(request)
        if principal is None:
            return _to_sign_in(request)
        query = request.query_params.get("q", "").strip()[:200]
        if not query:
            return _see("/console")
        for identifier in guesses(query):
            card = await self._readers.card(identifier)
            if card is None:
                continue
            if card.number:
                return _see(f"/console/cards/{quote(card.number, safe='')}")
            return await self._history(request, principal, card)
        return await self._page(request, "home.html", {"principal": principal, "query": query})

    async def card(self, request: Asked) -> Given:
        """One card: whose it is, what it holds, and its receipts."""
        principal = await self._principal(request)
        if principal is None:
            return _to_sign_in(request)
        number = str(request.path_params["number"])
        named = [identifier for identifier in guesses(number) if identifier.kind == "card"]
        card = await self._readers.card(named[0]) if named else None
        if card is None:
            values = {"principal": principal, "query": number[:200]}
            return await self._page(request, "home.html", values, 404)
        return await self._history(request, principal, card)

    async def static(self, request: Asked) -> Given:
        """A file whose name carries its content's hash: it may be kept for ever."""
        asset = self._shell.assets.get(str(request.path_params["name"]))
        if asset is None:
            return Response(b"", status_code=404, media_type="text/plain")
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return _sent(request, asset.plain, asset.media_type, small=asset.small, headers=headers)

    def mistaken(self, request: Asked, error: HTTPException) -> Given:
        """A path, method or form that does not exist here."""
        if error.status_code == 404:
            return self._refused(request, _NO_PAGE, 404)
        wrong = Refusal("request_refused", "", error.detail or "this cannot be answered", _BACK)
        return self._refused(request, wrong, error.status_code)

    def broken(self, request: Asked, error: Exception) -> Given:
        """A bug or a broken wire: said plainly, told to the log, shown to nobody."""
        _LOG.error("a page of the console failed", exc_info=error)  # no path: it names a member
        return self._refused(request, _BROKEN, 500)

    async def _history(self, request: Asked, principal: Principal, card: CardView) -> Given:
        asked = request.query_params
        after = asked.get("after", "")
        view = _View(
            asked.get("cursor"), asked.get("only", ""),
            int(after) if re.fullmatch(r"[0-9]{1,4}", after, re.ASCII) else 0,
            asked.get("explain", "") == "all",
        )  # fmt: skip
        found = await self._readers.history(card.account_id, view.cursor, PER_PAGE)
        page, wrong = (Page(()), found) if isinstance(found, Refusal) else (found, None)
        if view.explain:
            page = await self._explained(page, view.only)
        events = None
        if not (view.cursor or view.only):
            events = await self._readers.events(card.account_id, EVENTS)
        here = f"/console/cards/{quote(card.number, safe='')}" if card.number else "/console/cards"
        values = {
            "principal": principal, "query": "", "card": card, "page": page, "wrong": wrong,
            "view": view, "here": here, "same": {} if card.number else {"q": asked.get("q", "")},
            "events": events.items if isinstance(events, EventPage) else (),
        }  # fmt: skip
        return await self._page(request, "card.html", values, 400 if wrong else 200)

    async def _explained(self, page: Page, only: str) -> Page:
        """The page with one of its receipts explained whole."""
        items = []
        for told in page.items:
            whole = await self._readers.explained(told.id) if str(told.id) == only else told
            items.append(told if isinstance(whole, Refusal) else whole)
        return msgspec.structs.replace(page, items=tuple(items))

    async def _principal(self, request: Asked) -> Principal | None:
        """Who is signed in and still may: the session and its key are asked for with every page."""
        session = _session(request)
        principal = await self._readers.session(session) if session else None
        if principal is None or allowed(principal, "console.card", None) is not None:
            return None
        return principal

    async def _close(self, request: Asked) -> None:
        if session := _session(request):
            await self._readers.close_session(session)

    def _refused(self, request: Asked, wrong: Refusal, status: int) -> Given:
        plain, small = self._rendered("refused.html", {"wrong": wrong})
        return _sent(request, plain, _HTML, small=small, status=status)

    async def _page(
        self, request: Asked, template: str, values: dict[str, Any], status: int = 200
    ) -> Given:
        plain, small = await asyncio.to_thread(self._rendered, template, values)
        return _sent(request, plain, _HTML, small=small, status=status)

    def _rendered(self, template: str, values: dict[str, Any]) -> tuple[bytes, bytes]:
        if "page" in values:
            items, view = values["page"].items, values["view"]
            alone = [told for told in items if str(told.id) == view.only]
            values["alone"] = bool(alone)
            values["receipts"] = [
                seen(told, view.after, LINES_ALONE, explained=view.explain) for told in alone
            ] or [seen(told) for told in items]
            values["events"] = [event_seen(told, "") for told in values["events"]]
            values["link"] = lambda **more: _link(values["here"], values["same"], more)
        plain = self._shell.page(template, values)
        return plain, squeezed(plain)


_HTML = "text/html; charset=utf-8"
_BACK = "go back to the search"
_KEY_UNKNOWN = Refusal(
    "key_unknown", "key", "No key like this is in use.",
    "Check it for a missing character; it may also have been revoked or have expired.",
)  # fmt: skip
_FOREIGN = Refusal(
    "origin_foreign", "", "This form was not sent from a page of this console.",
    "Open the console's own sign-in page and try again there.",
)  # fmt: skip
_NO_PAGE = Refusal("page_unknown", "", "There is no page at this address.", "Search for a card.")
_BROKEN = Refusal(
    "page_broken", "", "Something failed on our side, and nothing was changed.",
    "Try again in a moment; if it stays, the server's log says what happened.",
)  # fmt: skip


def _sent(
    request: Asked, plain: bytes, media_type: str, *, small: bytes, status: int = 200,
    headers: dict[str, str] | None = None,
) -> Given:  # fmt: skip
    said = {"Vary": "Accept-Encoding", **(headers or {})}
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    if zipped:
        said["Content-Encoding"] = "gzip"
    return Response(
        small if zipped else plain, status_code=status, media_type=media_type, headers=said
    )


def _see(path: str, set_cookie: str = "") -> Given:
    headers = {"Location": path, **({"Set-Cookie": set_cookie} if set_cookie else {})}
    return Response(b"", status_code=303, media_type="text/plain", headers=headers)


def _to_sign_in(request: Asked) -> Given:
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    onward = _onward(asked)
    return _see("/console/sign-in" + ("" if onward == "/console" else f"?next={quote(onward)}"))


def _onward(path: str) -> str:
    """Where to go after signing in: only ever a page of ours."""
    return path if len(path) <= 500 and _OURS.match(path) else "/console"


def _link(here: str, same: dict[str, str], more: dict[str, str | None]) -> str:
    query = urlencode({k: v for k, v in {**same, **more}.items() if v})
    return f"{here}?{query}" if query else here


def _session(request: Asked) -> str:
    return session_of(request.headers.get("cookie", ""))


def _https(request: Asked) -> bool:
    return request.url.scheme == "https"
