"""Imports in a real browser: sent, looked at, run, a row mended, and its receipt arrives."""

from __future__ import annotations

import re

import pytest

from support import api as shops
from support import browser as browsing
from support.sending import HEAD, PLAIN

pytestmark = pytest.mark.browser
MAPPING = PLAIN.replace("plain-test", "old-tills")


@pytest.fixture(scope="module")
def site(server, template, tmp_path_factory):
    """A served shop that starts a worker when there is something to do."""
    place = tmp_path_factory.mktemp("imports")
    with shops.fresh(server, template, worker=True, data_dir=place) as api:
        yield api


@pytest.fixture(scope="module")
def owner(site):
    return browsing.staff(site)


def balance(api, card):
    return api.call("POST", "/v1/identify", {"card": card}).json()["balance"]["balance"]


def file_of(api, first: str = "1") -> bytes:
    """Two receipts of one member; the second of them has no quantity that can be read."""
    card = api.cards[0]
    return (
        f"{HEAD}\n{first}001,2026-11-01T10:00:00,S1,{card},TEA,2,100.00\n"
        f"{first}002,2026-11-02T10:00:00,S1,{card},CAKE,many,50.00\n"
    ).encode()


@pytest.mark.slow
def test_a_file_comes_in_and_a_row_of_it_is_mended(site, owner, looking, tmp_path):
    file = tmp_path / "november.csv"
    file.write_bytes(file_of(site))
    before = balance(site, site.cards[0])
    page = looking.page("/console/imports", owner)
    page.get_by_role("link", name="Import a file").first.click()
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_text("What the columns mean").click()
    page.get_by_label("Mapping").fill(MAPPING)
    page.get_by_role("button", name="Send and look at it").click()
    page.wait_for_url(re.compile(r"/console/imports/[0-9a-f-]{36}$"))
    page.get_by_role("button", name="Import 1").wait_for(timeout=120_000)
    assert page.get_by_text("2 x TEA").is_visible(), "as it is understood"
    assert page.get_by_text("No quantity that can be read").first.is_visible()
    assert balance(site, site.cards[0]) == before, "so far it was only looked at"
    page.get_by_role("button", name="Import 1").click()
    page.get_by_role("link", name="Mend them").wait_for(timeout=120_000)
    assert balance(site, site.cards[0]) == before + 400
    page.get_by_role("link", name="Mend them").click()
    page.get_by_role("link", name="Mend 1002").click()
    assert page.get_by_label("quantity").input_value() == "many"
    page.get_by_label("quantity").fill("1")
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("All of it was taken.").wait_for(timeout=120_000)
    assert balance(site, site.cards[0]) == before + 400 + 100
    page.goto("/console/quarantine")
    assert page.get_by_text("Nothing lies in quarantine.").is_visible()
    page.goto("/console/tasks")
    assert page.get_by_text("goes well").first.is_visible()
    said = site.call("GET", "/v1/audit?operation=task.done").json()["items"]
    assert len(said) == 2 and all(each["by"]["kind"] == "staff" for each in said)
