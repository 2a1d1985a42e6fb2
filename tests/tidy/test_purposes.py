"""Every page that people look at says what it is for: one sentence below its title."""

from __future__ import annotations

import pytest

from tessera.doors.cabinet import areas as cabinet
from tessera.doors.cashier import areas as cashier
from tessera.doors.console import areas as console
from tessera.doors.web.discovery import areas_of
from tessera.doors.web.page import Page

SHELLS = {"console": areas_of(console), "m": areas_of(cabinet), "till": areas_of(cashier)}
PAGES = {f"{shell}:{page.name}": page for shell, areas in SHELLS.items() for page in areas.pages}
# Nobody reads these.
SILENT = {
    "console:audit.file": "a download",
    "console:cards.sheet": "a download",
    "console:imports.example": "a download",
    "m:home.code": "a picture",
    "m:home.icon": "a picture",
    "m:home.manifest": "for the browser",
    "m:home.worker": "a script",
    "till:sale.bridge": "a script asks",
    "till:sale.who": "a script asks",
    "till:sale.worker": "a script",
    "till:sale.counter": "no title either: each step of a sale has its own heading",
}
NOT_SHOWN = "{% block purpose %}{% endblock %}"
MOST = 130  # letters: it is read in passing


def lacking(page: Page) -> str:
    """What is wrong with a page's purpose; "" if nothing is."""
    if not page.purpose:
        return "says nothing"
    if not page.purpose.endswith(".") or len(page.purpose) > MOST:
        return f"is no sentence of at most {MOST} letters"
    return "repeats the title" if page.purpose.strip(".") == page.title else ""


def test_every_page_says_what_it_is_for():
    wrong = {
        name: lacking(page) for name, page in PAGES.items() if name not in SILENT and lacking(page)
    }
    assert wrong == {}


def test_what_is_silent_is_there():
    assert {name for name in SILENT if name not in PAGES or PAGES[name].purpose} == set()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_template_does_not_say_it_again(shell):
    """The shell shows it below the title; who says it elsewhere leaves it out there."""
    areas, twice = SHELLS[shell], []
    for area, folder in areas.folders.items():
        said = [page.purpose for page in areas.pages if page.area == area and page.purpose]
        for path in folder.glob("*.html"):
            text = path.read_text(encoding="utf-8")
            if NOT_SHOWN not in text:
                twice += [f"{area}/{path.name}: {each}" for each in said if f'"{each}"' in text]
    assert twice == []


def test_a_page_without_one_is_found():
    page = next(iter(PAGES.values()))
    bare = Page(name="x.x", path="/x", show=page.show, title="Stores")
    title = Page(name="x.x", path="/x", show=page.show, title="Stores", purpose="Stores.")
    assert lacking(bare)
    assert lacking(title)
