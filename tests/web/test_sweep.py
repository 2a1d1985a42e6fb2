"""Every page there is: found by its links, open to whom the policy says, sound in every look."""

from __future__ import annotations

import itertools
import re
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.browser import (
    PHONE,
    SMALL,
    WIDE,
    Browsing,
    overflow,
    squeezed_size,
    staff,
    violations,
)
from support.shown import Shown, visit, walked
from tessera.access.core.policy import GRANTS, STAFF
from tessera.doors.cabinet import areas as cabinet
from tessera.doors.cashier import areas as cashier
from tessera.doors.console import areas as console
from tessera.doors.language.words import LANGUAGES, catalogue
from tessera.doors.web.discovery import areas_of
from tessera.doors.web.extract import said

SHELLS = {"console": areas_of(console), "m": areas_of(cabinet), "till": areas_of(cashier)}
PAGES = [(shell, page) for shell, areas in SHELLS.items() for page in areas.pages]
IDS = [f"{shell}:{page.name}" for shell, page in PAGES]
# Where no link leads: what a script asks, what a mail or a provider links to.
UNLINKED = {
    "entrance.sign_in": "where one is sent who is not signed in",
    "entrance.sign_out": "a button",
    "entrance.invitation": "a link that is handed over",
    "entrance.back": "where a provider sends people",
    "entrance.renew": "where a refusal leads",
    "entrance.join": "where one begins who is not signed in",
    "setup.setup": "where an empty installation begins",
    "gallery.all": "for those who build pages",
    "home.code": "a script asks",
    "home.worker": "the browser asks",
    "home.icon": "the browser asks",
    "home.manifest": "the browser asks",
    "sale.worker": "the browser asks",
    "sale.bridge": "a script asks",
    "sale.who": "a script asks",
}
BUDGETS = {  # bytes after gzip: scripts, style, the page
    "console": (40_000, 15_000, 40_000),
    "m": (15_000, 8_000, 8_000),
    "till": (15_000, 8_000, 8_000),
}
_SCHEMES, _WIDTHS = ("light", "dark"), (WIDE, PHONE, SMALL)
LOOKS = list(itertools.product(_SCHEMES, _WIDTHS, LANGUAGES))


@pytest.fixture(scope="module")
def shown(site):
    return Shown(site)


@pytest.fixture(scope="module")
def addresses(shown):
    return {shell: walked(shown, shell, areas.pages) for shell, areas in SHELLS.items()}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_page_is_found_by_following_links(addresses, shell):
    found = addresses[shell]
    lost = {page.name for page in SHELLS[shell].pages if page.name not in found}
    assert lost - set(UNLINKED) == set()


@pytest.mark.parametrize("role", STAFF)
def test_a_role_sees_and_opens_what_it_may(shown, addresses, role):
    """The menu has what the role may open, what it may not open is refused, both by the policy."""
    token, may = staff(shown.api, role), GRANTS[role]
    menu = visit(shown.api, "/console", "console", token).text
    # The first page promises figures to those who may see them.
    assert ("how the last thirty days" in menu.lower()) == ("points.outstanding" in may)
    for page in SHELLS["console"].pages:
        address = addresses["console"].get(page.name)
        if address is None or page.open:
            continue
        opened = page.lets(may.__contains__)
        got = visit(shown.api, address, "console", token)
        while got.status_code == 429:  # so many calls a second
            time.sleep(0.3)
            got = visit(shown.api, address, "console", token)
        assert (got.status_code == 403) == (not opened), (page.name, got.status_code)
        assert got.status_code < 500, page.name
        if page.menu is not None and not opened:
            assert f'href="{page.path}"' not in menu, page.name


def test_nobody_gets_in_without_a_session(shown, addresses):
    for shell, areas in SHELLS.items():
        for page in areas.pages:
            got = visit(shown.api, addresses[shell].get(page.name, page.path), shell)
            if not page.open:
                assert got.status_code == 303, page.name
            assert got.status_code < 500, page.name


def looks_of(index: int) -> list[tuple[str, int, str]]:
    """One look of a page; all pages together meet every scheme, width and language at once."""
    return [LOOKS[(index * 7) % len(LOOKS)]]


def some_now() -> list[Any]:
    """Every third page in `make test`, all of them in `make faults`."""
    long = pytest.mark.faults_long
    return [
        pytest.param(at, id=id_, marks=long if at % 3 else ()) for at, id_ in enumerate(IDS)
    ]  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize("at", some_now())
def test_a_page_is_sound_in_any_look(browser, axe, shown, addresses, at):
    shell, page = PAGES[at]
    address = addresses[shell].get(page.name)
    if address is None:
        address = page.path if "{" not in page.path and page.open else ""
    got = visit(shown.api, address, shell, shown.token(shell)) if address else None
    if got is None or "text/html" not in got.headers.get("content-type", ""):
        pytest.skip(f"nothing to look at: {UNLINKED.get(page.name, 'a file')}")
    for scheme, width, language in looks_of(at):
        look = Browsing(browser, shown.api)
        token = "" if page.open and "sign-in" in page.path else shown.token(shell)
        bodies: dict[str, bytes] = {}
        opened = look.page("", scheme=scheme, width=width, language=language)
        opened.on("response", lambda got, kept=bodies: kept.update({got.url: _body(got)}))
        if token:
            look.sign_in(opened.context, shell, token)
        opened.goto(address)
        opened.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        where = (page.name, scheme, width, language)
        assert opened.evaluate("document.documentElement.lang") == language, where
        assert violations(opened, axe) == [], where
        assert overflow(opened) <= 0, where
        assert mixed(opened.inner_text("body"), page.area, shell, language) == [], where
        assert over_budget(bodies, shell) == [], where
        look.close()


def _body(got) -> bytes:
    try:
        return got.body()
    except Exception:  # a redirect has none
        return b""


def over_budget(bodies: dict[str, bytes], shell: str) -> list[str]:
    """What of a page is larger than it may be."""
    sizes = {"js": 0, "css": 0, "html": 0}
    for url, body in bodies.items():
        kind = urlsplit(url).path.rpartition(".")[2]
        sizes[kind if kind in ("js", "css") else "html"] += squeezed_size(body) if body else 0
    most = dict(zip(sizes, BUDGETS[shell], strict=True))
    return [
        f"{kind}: {size:,} of {most[kind]:,}" for kind, size in sizes.items() if size > most[kind]
    ]


_WORDS = re.compile(r"[A-Za-z]{3,}( [A-Za-z]{2,}){2,}")


def mixed(text: str, area: str, shell: str, language: str) -> list[str]:
    """English sentences of ours on a page in another language."""
    if language == "en":
        return []
    words = catalogue(language)
    shown = " ".join(text.split())
    folders = [SHELLS[shell].folders[area]]
    ours = [s for folder in folders for s in said(folder) if isinstance(s, str)]
    return [s for s in ours if _WORDS.search(s) and "%(" not in s
            and words.gettext(s) != s and s in shown]  # fmt: skip
