"""A real browser on the real site: signed in by cookie, and whatever it complains of is kept."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from support import database
from support.api import Api, apart
from tessera.access.signing.flows.entering import open_session

# The first is the browser without its windows, which takes half the time.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, _NAMES)), "")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage",
]  # fmt: skip
COOKIES = {"console": "tessera_console", "m": "tessera_m", "till": "tessera_till"}
WIDE, PHONE, SMALL = 1440, 390, 320


def axe_source() -> str:
    """The source of axe-core."""
    return from_npm("axe-core", "axe-core/axe.min.js").read_text()


def from_npm(package: str, file: str) -> Path:
    """A file of a package of npm, fetched into a folder that later runs find again."""
    folder = Path(tempfile.gettempdir()) / f"tessera-{package}"
    found = folder / "node_modules" / file
    if not found.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip(f"no npm on this machine: {package} cannot be fetched")
        folder.mkdir(exist_ok=True)
        order = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", package]
        done = subprocess.run(order, capture_output=True, text=True, check=False, timeout=240)
        if done.returncode:
            pytest.skip(f"npm cannot fetch {package}: {done.stderr[-200:]}")
    return found


class Browsing:
    """Pages of a served site. `wrong` is what the browser complained of: nothing, in the end.

    forgiven  parts of complaints that a test brings about itself: a refusal's status is told in
              the browser's console
    """

    def __init__(self, browser: Any, api: Api) -> None:
        self.browser, self.api = browser, api
        self.wrong: list[str] = []
        self.contexts: list[Any] = []
        self.forgiven: list[str] = []

    def page(
        self, path: str = "", token: str = "", *, scheme: str = "light", width: int = WIDE,
        height: int = 900, language: str = "en", **more: Any,
    ) -> Any:  # fmt: skip
        """A page in a browser of its own. `token`: who is signed in, in the shell of the path."""
        context = self.browser.new_context(
            base_url=self.api.url, color_scheme=scheme, locale=language,
            viewport={"width": width, "height": height}, **more,
        )  # fmt: skip
        self.contexts.append(context)
        if token:
            self.sign_in(context, path.strip("/").split("/")[0].split("?")[0], token)
        page = context.new_page()
        page.set_default_timeout(15_000)
        self.watch(page)
        if path:
            page.goto(path)
        return page

    def sign_in(self, context: Any, shell: str, token: str) -> None:
        """This browser carries a token in that shell: console, m or till."""
        host = urlsplit(self.api.url).hostname
        cookie = {"name": COOKIES[shell], "value": token, "domain": host, "path": f"/{shell}"}
        context.add_cookies([cookie | {"httpOnly": True, "sameSite": "Strict"}])

    def watch(self, page: Any) -> None:
        """Keep what this page complains of, and what it asks of others."""
        page.on("console", lambda said: self._told(said.text))
        page.on("pageerror", lambda error: self._told(str(error)))
        page.on("request", lambda asked: self._asked(asked.url))

    def _told(self, text: str) -> None:
        if not any(each in text for each in self.forgiven):
            self.wrong.append(text)

    def _asked(self, url: str) -> None:
        if not url.startswith((self.api.url, "data:", "blob:")):
            self.wrong.append(f"asked of somebody else: {url}")

    def close(self) -> None:
        """Every browser is closed; nothing may have been complained of."""
        for context in self.contexts:
            context.close()
        assert self.wrong == [], self.wrong


def violations(page: Any, axe: str) -> list[tuple[str, Any]]:
    """What axe-core finds on the page as it stands. Run outside of the page's policy."""
    page.evaluate(axe)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found]


def overflow(page: Any) -> int:
    """How many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def staff_session(api: Api, staff_id: str) -> str:
    """The token of a session of somebody of staff who has just proved who he is."""
    return _session(api, "staff", staff_id)


def _session(api: Api, kind: Any, person_id: str) -> str:
    async def enter() -> str:
        async with await database.connect(api.dsn) as conn:
            now = datetime.now(UTC)
            _, token = await open_session(conn, kind, UUID(person_id), "password", "test", now)
            await conn.commit()
            return token

    return apart(enter())


def staff(api: Api, role: str = "owner", **more: Any) -> str:
    """The session's token of a new person of staff in this role."""
    from support.entering import Person  # its own module needs pyotp: here only by staff

    if role == "contractor":
        more.setdefault("expires_at", (datetime.now(UTC) + timedelta(days=30)).isoformat())
    return staff_session(api, Person(api, role, **more).id)


def squeezed_size(body: bytes) -> int:
    """Bytes after gzip, as a budget counts them."""
    return len(gzip.compress(body, 6))
