"""The pass and its code; the manifest and the worker that make the cabinet an app."""

from __future__ import annotations

from pathlib import Path

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors.cabinet.again import proved_first
from tessera.doors.cabinet.drawing import bars, moving
from tessera.doors.language.words import N_
from tessera.doors.web.page import File, Menu, Page, See, Shown, View
from tessera.doors.web.pictures import svg
from tessera.doors.web.visit import Visit

_WORKER = (Path(__file__).parent / "worker.js").read_bytes()
NUMBERED = N_("This is your card now.")
AGAIN = N_("Sign in again, then ask for the number once more.")


async def show(visit: Visit) -> Shown:
    """The pass, in one call."""
    told = await visit.ask("me.home")
    if isinstance(told, Refusal):
        return told
    same = msgspec.json.encode(told) if told.card else b""  # without a card there is a form
    values = {"home": told, "bars": bars(told.card) if told.card else None}
    return View("home/home.html", values, same=same)


async def take_number(visit: Visit) -> Shown:
    """A number for who has no card."""
    told = await visit.ask("me.number")
    return proved_first(told, "/m", AGAIN) or visit.done(told, "/m", NUMBERED)


async def code(visit: Visit) -> Shown:
    """The code of this minute as a picture; the page asks for the next one by itself."""
    told = await visit.ask("me.code")
    if isinstance(told, Refusal):
        return told
    label = visit.local.gettext("Your code for the till")
    return File(svg(moving(told.code), label), "image/svg+xml", headers={"x-code": told.code})


async def manifest(visit: Visit) -> Shown:
    """What a phone needs to keep the cabinet among its apps."""
    program = visit.house.shop().program
    name = program.brand.name or program.name
    told = {
        "id": "/m", "name": name, "short_name": name[:12].rstrip(), "start_url": "/m",
        "scope": "/m", "display": "standalone", "background_color": "#f6f7f9",
        "theme_color": "#0f5f53", "lang": visit.local.language,
        "icons": [
            {"src": "/m/icon-192.png", "sizes": "192x192", "type": "image/png"},
            {"src": "/m/icon-512.png", "sizes": "512x512", "type": "image/png"},
            {"src": "/m/icon-512.png", "sizes": "512x512", "type": "image/png",
             "purpose": "maskable"},
        ],
    }  # fmt: skip
    kept = {"cache-control": "public, max-age=3600"}
    return File(msgspec.json.encode(told), "application/manifest+json", headers=kept)


async def worker(visit: Visit) -> Shown:
    """The service worker: it keeps the card and what the card needs, nothing else."""
    headers = {"service-worker-allowed": "/m", "cache-control": "no-cache"}
    return File(_WORKER, "text/javascript; charset=utf-8", headers=headers)


async def icon(visit: Visit) -> Shown:
    """The app's icon, in the two sizes that phones ask for."""
    size = visit.words["size"]
    path = Path(__file__).parent / f"icon-{size}.png"
    if size not in ("192", "512"):
        return See("/m")
    kept = {"cache-control": "public, max-age=86400"}
    return File(path.read_bytes(), "image/png", headers=kept)


PAGES = (
    Page(
        name="home.home", path="/m", show=show, title=N_("Your pass"), needs=("me.home",),
        purpose=N_("Your points, and the code to show at the till."),
        acts={"number": take_number}, menu=Menu("tabs", 10, N_("Home"), "home"),
    ),
    Page(name="home.code", path="/m/code.svg", show=code, title=N_("Code"), needs=("me.code",)),
    Page(name="home.manifest", path="/m/app.webmanifest", show=manifest, title="App", open=True),
    Page(name="home.worker", path="/m/worker.js", show=worker, title="App", open=True),
    Page(name="home.icon", path="/m/icon-{size}.png", show=icon, title="App", open=True),
)  # fmt: skip
