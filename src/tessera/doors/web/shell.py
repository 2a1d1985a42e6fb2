"""A shell: pages of one audience behind one cookie, as a plain ASGI application."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

import msgspec

from tessera.base.clock import zone
from tessera.base.refusal import Refusal
from tessera.doors.gate import Gate
from tessera.doors.language.local import Local, local
from tessera.doors.language.refusals import refused
from tessera.doors.language.words import LANGUAGES, N_, SOURCE, preferred
from tessera.doors.problems import status_of
from tessera.doors.web.asking import Asking
from tessera.doors.web.assets import Assets, squeezed
from tessera.doors.web.discovery import Areas
from tessera.doors.web.forms import form_of, from_our_page
from tessera.doors.web.kept import Kept, key_of
from tessera.doors.web.menus import menu_of
from tessera.doors.web.onward import onward
from tessera.doors.web.page import File, Handler, Page, See, Shown, View
from tessera.doors.web.render import Templates
from tessera.doors.web.theme import theme
from tessera.doors.web.visit import Visit, Who

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

HTML = "text/html; charset=utf-8"
LANGUAGE, NOTE = "tessera_language", "tessera_note"
YEAR_S, NOTE_S = 365 * 24 * 3600, 60
POLICY = "; ".join(
    (
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:",
        "connect-src 'self'", "manifest-src 'self'", "worker-src 'self'", "form-action 'self'",
        "frame-ancestors 'none'", "base-uri 'none'", "require-trusted-types-for 'script'",
        "trusted-types tessera",
    )
)  # fmt: skip
# `same-origin` and not `no-referrer`: under the latter browsers send `Origin: null` with a form,
# and over plain HTTP no Sec-Fetch-Site either, so a forged form could not be told from ours.
# Towards other sites the two are equal: nothing is sent.
_STRICT: Headers = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_LOG = logging.getLogger("tessera.web")
_FOREIGN = Refusal(
    "origin_foreign", "", "This form was not sent from a page of ours.",
    "Open the page here and try again.",
)  # fmt: skip
_NO_PAGE = Refusal("page_unknown", "", "There is no page at this address.", "Begin at the start.")
_NO_ACT = Refusal(
    "act_unknown", "", "This page cannot do that.", "Go back, reload the page and try again."
)
_BROKEN = Refusal(
    "page_broken", "", "Something failed on our side, and nothing was changed.",
    "Try again in a moment; if it stays, the server's log says what happened.",
)  # fmt: skip
_REFUSED = N_("This is not possible")
_VARIES = [(b"vary", b"Accept-Encoding")]
_AS_PAGE = [(b"content-type", HTML.encode()), *_VARIES]


@dataclass(frozen=True, slots=True)
class Look:
    """What is particular to a shell.

    name       console, cabinet or cashier; prefix: where it lies; cookie: who is signed in
    same_site  of the cookie; sign_in: the page for whoever is not signed in
    threads    pages are rendered beside the event loop, worth it for large ones
    """

    name: str
    prefix: str
    cookie: str
    sign_in: str
    same_site: str = "Strict"
    threads: bool = True


class Shell:
    """The pages of one audience."""

    def __init__(self, look: Look, areas: Areas, asking: Asking) -> None:
        self.look, self.pages, self._asking = look, areas.pages, asking
        self.assets = Assets(areas.folders, f"{look.prefix}/static/")
        self._templates = Templates(areas.folders, self.assets)
        self._kept = Kept()
        self._routes = [(_pattern(page.path), page) for page in areas.pages]
        self._plain = {page.path: page for page in areas.pages if "{" not in page.path}

    @property
    def _gate(self) -> Gate:
        return self._asking.api.gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }  # fmt: skip
        path, method = scope["path"], scope["method"]
        static = f"{self.look.prefix}/static/"
        if path.startswith(static) and method in ("GET", "HEAD"):
            answer = self._static(path.removeprefix(static), headers)
        else:
            try:
                answer = await self._answer(scope, headers, receive)
            except Exception as error:
                _LOG.error("a page failed", exc_info=error)  # no path: it may name a member
                answer = await self._sent(
                    headers, *self._bare(self._spoken("", headers), _BROKEN, 500)
                )
        status, told, body = answer
        told = [*told, (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": told})
        await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})

    def _static(self, name: str, headers: Mapping[str, str]) -> tuple[int, Headers, bytes]:
        asset = self.assets.served.get(name)
        if asset is None:
            return 404, [(b"content-type", b"text/plain"), *_STRICT], b""
        zipped = "gzip" in headers.get("accept-encoding", "")
        told = [
            (b"content-type", asset.media_type.encode()), (b"vary", b"Accept-Encoding"),
            (b"cache-control", b"public, max-age=31536000, immutable"), *_STRICT,
        ]  # fmt: skip
        if zipped:
            told.append((b"content-encoding", b"gzip"))
        return 200, told, asset.small if zipped else asset.plain

    async def _answer(
        self, scope: Scope, headers: Mapping[str, str], receive: Receive
    ) -> tuple[int, Headers, bytes]:
        cookies = _cookies(headers.get("cookie", ""))
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        asked = query.get("language", "")
        if asked in LANGUAGES and scope["method"] == "GET":
            return self._speak(scope, query, asked)
        said = cookies.get(LANGUAGE, "")
        language = self._spoken(said, headers)
        page, words = self._page_at(scope["path"])
        if page is None:
            return await self._sent(headers, *self._bare(language, _NO_PAGE, 404))
        address = (scope.get("client") or ("",))[0]
        who = await self._who(cookies.get(self.look.cookie, ""), address)
        wrong = who if isinstance(who, Refusal) else None
        visit = Visit(
            self._asking, page, language, datetime.now(UTC), None if wrong else who,  # type: ignore[arg-type]
            words, query, headers=headers, path=scope["path"], address=address,
        )  # fmt: skip
        if wrong is not None:
            return await self._sent(headers, *self._bare(language, wrong, 429))
        shown = await self._shown(visit, scope["method"], receive)
        return await self._told(visit, shown, cookies)

    async def _shown(self, visit: Visit, method: str, receive: Receive) -> Shown:
        page = visit.page
        if not page.open and visit.who is None:
            return See(self._to_sign_in(visit, method))
        if not page.open and not page.lets(visit.may):
            why = visit.local.gettext("Your role has no part in this page.")
            cure = visit.local.gettext("Ask an owner for a role that may, or go back.")
            return Refusal("not_allowed", "", why, cure)
        if method in ("GET", "HEAD"):
            return await page.show(visit)
        if method != "POST" or not page.acts:
            return _NO_ACT
        if not from_our_page(visit.headers):
            return _FOREIGN
        form = await form_of(visit.headers, receive, page.uploads)
        if isinstance(form, Refusal):
            return form
        visit.form, visit.posted = form, True
        act = page.acts.get(form.do)
        return _NO_ACT if act is None else await self._acted(visit, act)

    async def _acted(self, visit: Visit, act: Handler) -> Shown:
        """What the act shows; one that was refused shows its page again, with why."""
        shown = await act(visit)
        if not isinstance(shown, Refusal) or visit.form.json is not None:
            return shown
        visit.wrong = shown
        again = await visit.page.show(visit)
        if isinstance(again, View):
            return View(again.template, again.values, status_of(shown.code))
        return again

    async def _who(self, token: str, address: str) -> Who | Refusal | None:
        """Who carries this token; None: nobody does any more; a refusal: calls too often."""
        if not token:
            return None
        passed = await self._gate.enter(f"Bearer {token}".encode("latin-1", "replace"), address)
        if isinstance(passed, Refusal):
            return passed if passed.code == "too_many_calls" else None
        return passed.refusal or Who(passed, token)

    async def _told(
        self, visit: Visit, shown: Shown, cookies: Mapping[str, str]
    ) -> tuple[int, Headers, bytes]:
        more = [self._cookie(token, age, visit) for token, age in visit.cookies]
        if isinstance(shown, See):
            if shown.note:
                more.append(self._set(NOTE, quote(shown.note), NOTE_S, self.look.prefix))
            return 303, _headers([(b"location", shown.path.encode()), *more]), b""
        if isinstance(shown, Refusal):
            if visit.form.json is not None:
                said = self.reworded(visit.local, shown)
                told = {"code": said.code, "field": said.field, "why": said.why}
                file = File(msgspec.json.encode(told | {"cure": said.cure}), "application/json",
                            status=status_of(shown.code))  # fmt: skip
                return await self._file(visit, file, more)
            status = {"page_unknown": 404, "origin_foreign": 403}.get(shown.code)
            shown = View("refused.html", {"refusal": shown}, status or status_of(shown.code))
        if isinstance(shown, File):
            return await self._file(visit, shown, more)
        note = unquote(cookies.get(NOTE, ""))
        if note:
            more.append(self._set(NOTE, "", 0, self.look.prefix))
        look = (self.theme(), self.brand(), self.mark())
        key = key_of(visit, shown, look) if shown.same and not note else None
        made = self._kept.get(key) if key is not None else None
        if made is not None:
            return shown.status, _headers([*_AS_PAGE, (b"content-encoding", b"gzip"), *more]), made
        values = self._values(visit, note) | dict(shown.values)
        make = self._templates.page
        if self.look.threads:  # the till shares the event loop with it
            text = await asyncio.to_thread(make, visit.local, shown.template, values)
        else:
            text = make(visit.local, shown.template, values)
        sent = await self._sent(visit.headers, shown.status, text.encode(), more)
        if key is not None and (b"content-encoding", b"gzip") in sent[1]:
            self._kept.keep(key, sent[2])
        return sent

    def _values(self, visit: Visit, note: str) -> dict[str, Any]:
        """What every template may name."""
        house, told = visit.house, visit.local.gettext
        return {
            "visit": visit, "who": visit.who, "may": visit.may, "page": visit.page,
            "title": told(visit.page.title), "form": visit.form, "query": visit.query,
            "purpose": told(visit.page.purpose) if visit.page.purpose else "",
            "wrong": visit.wrong and self.reworded(visit.local, visit.wrong), "here": visit.path,
            "note": told(note) if note else "", "language": visit.local.language,
            "languages": LANGUAGES, "shell": self.look, "now": visit.now,
            "menu": menu_of(self.pages, visit), "theme": self.theme(),
            "currency": house.currency if house.has_program else "",
            "brand": self.brand(), "mark": self.mark(),
            "refused": lambda each: self.reworded(visit.local, each),
        }  # fmt: skip

    def reworded(self, spoken: Local, refusal: Refusal) -> Refusal:
        """A refusal in the reader's language."""
        return refused(refusal, spoken.language)

    def theme(self) -> str:
        """Where the shop's own tokens are; "" where it has none."""
        house = self._asking.api.house
        made = theme(house.shop().program) if house.has_program else b""
        return self.assets.add("theme.css", made) if made else ""

    def brand(self) -> str:
        """The shop's name, as pages call it."""
        house = self._asking.api.house
        return (house.shop().program.brand.name if house.has_program else "") or "Tessera"

    def mark(self) -> str:
        """The letters that stand for the shop; "" for Tessera's own sign."""
        house = self._asking.api.house
        return house.shop().program.brand.mark if house.has_program else ""

    def _spoken(self, said: str, headers: Mapping[str, str]) -> Local:
        """How this reader is spoken to: as once said, as the browser asks, as the shop begins."""
        house = self._asking.api.house
        first = house.shop().program.brand.language if house.has_program else SOURCE
        spoken = said if said in LANGUAGES else preferred(headers.get("accept-language", ""), first)
        return local(spoken, self._zone())

    def _zone(self) -> tzinfo:
        """Where moments are told: the zone of the stores, if they share one."""
        house = self._asking.api.house
        stores = house.shop().stores.values() if house.has_program else ()
        zones = {store.time_zone for store in stores}
        return (zone(zones.pop()) if len(zones) == 1 else None) or UTC

    def _bare(self, spoken: Local, refusal: Refusal, status: int) -> tuple[int, bytes, Headers]:
        """A page that says no, for whoever is there."""
        values = {
            "refusal": refusal, "language": spoken.language, "languages": LANGUAGES, "wrong": None,
            "shell": self.look, "here": self.look.prefix, "who": None, "note": "", "theme": "",
            "brand": self.brand(), "mark": self.mark(), "menu": (), "purpose": "", "page": None,
            "title": spoken.gettext(_REFUSED), "refused": lambda each: self.reworded(spoken, each),
        }  # fmt: skip
        return status, self._templates.page(spoken, "refused.html", values).encode(), []

    async def _file(self, visit: Visit, file: File, more: Headers) -> tuple[int, Headers, bytes]:
        told = [(name.lower().encode(), value.encode()) for name, value in file.headers.items()]
        if file.name:
            saved = f"attachment; filename*=UTF-8''{quote(file.name)}"
            told.append((b"content-disposition", saved.encode()))
        return await self._sent(
            visit.headers, file.status, file.body, [*more, *told], file.media_type
        )

    async def _sent(
        self, headers: Mapping[str, str], status: int, body: bytes, more: Headers,
        media_type: str = HTML,
    ) -> tuple[int, Headers, bytes]:  # fmt: skip
        told = _headers([(b"content-type", media_type.encode()), *_VARIES])
        if "gzip" in headers.get("accept-encoding", "") and len(body) > 500:
            level = 6 if self.look.threads else 2
            body = await asyncio.to_thread(squeezed, body, level) if self.look.threads \
                else squeezed(body, level)  # fmt: skip
            told.append((b"content-encoding", b"gzip"))
        said = {name for name, _ in more}
        return status, [each for each in told if each[0] not in said] + more, body

    def _page_at(self, path: str) -> tuple[Page | None, dict[str, str]]:
        page = self._plain.get(path) or self._plain.get(path.rstrip("/"))
        if page is not None:
            return page, {}
        for pattern, page in self._routes:
            found = pattern.fullmatch(path)
            if found is not None and all(map(str.isprintable, found.groups())):
                return page, found.groupdict()
        return None, {}

    def _speak(
        self, scope: Scope, query: Mapping[str, str], language: str
    ) -> tuple[int, Headers, bytes]:
        rest = "&".join(f"{k}={quote(v)}" for k, v in query.items() if k != "language")
        here = onward(self.look.prefix, f"{quote(scope['path'])}{'?' if rest else ''}{rest}")
        cookie = self._set(LANGUAGE, language, YEAR_S, "/")
        return 303, _headers([(b"location", here.encode()), cookie]), b""

    def _to_sign_in(self, visit: Visit, method: str) -> str:
        then = onward(self.look.prefix, visit.here()) if method == "GET" else self.look.prefix
        return self.look.sign_in + ("" if then == self.look.prefix else f"?next={quote(then)}")

    def _cookie(self, token: str, seconds: int, visit: Visit) -> tuple[bytes, bytes]:
        return self._set(self.look.cookie, token, seconds, self.look.prefix)

    def _set(self, name: str, value: str, seconds: int, path: str) -> tuple[bytes, bytes]:
        site = self.look.same_site if name == self.look.cookie else "Lax"
        origin = self._asking.api.house.plan.entrance.site.origin
        secure = "; Secure" if origin.startswith("https:") else ""
        said = f"{name}={value}; Path={path}; HttpOnly; SameSite={site}; Max-Age={seconds}{secure}"
        return b"set-cookie", said.encode()


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    made = (
        re.escape(part) if at % 2 == 0 else f"(?P<{part}>[^/]+)" for at, part in enumerate(parts)
    )
    return re.compile("".join(made))


def _cookies(said: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(said).items()}
    except CookieError:
        return {}


def _headers(more: Headers) -> Headers:
    said = {name for name, _ in more}
    kept = [] if b"cache-control" in said else [(b"cache-control", b"no-store")]
    return [*more, *kept, *_STRICT]
