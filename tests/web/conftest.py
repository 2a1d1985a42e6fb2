"""The pages, on a real site in a real browser."""

from __future__ import annotations

import pytest

from support import api as shops
from support import browser as browsing
from support.drafted import Drafted


@pytest.fixture(scope="module")
def browser():
    """A Chromium; without one its tests skip and say so.

    One for each file: while it runs, no other test of this process can begin a loop of its own.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not browsing.CHROMIUM:
        pytest.skip("no Chromium on this machine: make browser")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=browsing.CHROMIUM, args=browsing.FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core."""
    return browsing.axe_source()


@pytest.fixture(scope="module")
def site(server, template):
    """A served shop for a whole file of tests."""
    with shops.fresh(server, template) as api:
        yield api


@pytest.fixture
def looking(browser, site):
    """Pages of that shop; afterwards nothing may have been complained of."""
    found = browsing.Browsing(browser, site)
    yield found
    found.close()


@pytest.fixture(scope="module")
def manager(request, site):
    """The token of a manager where the file's PROGRAM decides."""
    site.publish(request.module.PROGRAM)
    return browsing.staff(site, "manager")


@pytest.fixture
def draft(request, site, manager):
    """A draft of that manager, with the forms of the file's FORM."""
    return Drafted(site, manager, *request.module.FORM)
