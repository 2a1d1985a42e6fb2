"""Cards and stores in a real browser: issued, downloaded; added, changed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from support import browser as browsing
from tessera.members.core import card_number

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def owner(site):
    return browsing.staff(site)


def test_a_batch_is_issued_and_its_numbers_go_to_the_printer(site, owner, looking):
    page = looking.page("/console/cards", owner)
    page.get_by_role("link", name="Issue numbers").first.click()
    page.get_by_label("Name of the batch").fill("=Spring print")
    page.get_by_label("First digits").fill("2912")
    page.get_by_label("How many").fill("many")
    looking.forgiven.append("422")
    page.get_by_role("button", name="Issue numbers").click()
    assert page.get_by_label("Name of the batch").input_value() == "=Spring print", "it stays"
    page.get_by_label("How many").fill("2500")
    page.get_by_role("button", name="Issue numbers").click()
    page.get_by_text("a till knows them at once").wait_for()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download as CSV").click()
    assert coming.value.suggested_filename == "cards-Spring-print.csv"
    text = Path(coming.value.path()).read_text()
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["number"] and len(rows) == 2501
    assert rows[1] == [card_number("2912", 0)] and rows[-1] == [card_number("2912", 2499)]
    page.goto("/console/cards")
    assert page.get_by_role("link", name="=Spring print").is_visible()


def test_a_large_batch_comes_in_several_files(site):
    body = {"prefix": "2913", "count": 150_001, "label": "x"}
    batch = site.call("POST", "/v1/card-batches", body).json()["batch_id"]
    path = f"/v1/card-batches/{batch}/sheet"
    first, second = site.call("GET", path).text, site.call("GET", f"{path}?after=100000").text
    assert len(first.splitlines()) == 100_001 and len(second.splitlines()) == 50_002
    assert second.splitlines()[1] == card_number("2913", 100_000)
    assert site.call("GET", f"{path}?after=-1").json()["code"] == "query_invalid"
    assert site.call("GET", f"{path}?after=99999999").text == "number\r\n"


def test_a_store_is_added_and_changed(site, owner, looking):
    page = looking.page("/console/stores", owner)
    page.get_by_role("link", name="Add a store").click()
    page.get_by_label("Number").fill("Z 9/ü")
    page.get_by_label("Name").fill("Via Milano")
    page.get_by_label("Time zone").fill("Europe/Atlantis")
    looking.forgiven.append("422")
    page.get_by_role("button", name="Save").click()
    assert page.get_by_label("Name").input_value() == "Via Milano", "what was typed stays"
    page.get_by_label("Time zone").fill("Europe/Rome")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Via Milano").click()
    page.get_by_label("Name").fill("Via Torino")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("The store is changed.").wait_for()
    stores = {each["id"]: each for each in site.call("GET", "/v1/stores").json()["items"]}
    there = stores["Z 9/ü"]
    assert (there["name"], there["time_zone"]) == ("Via Torino", "Europe/Rome")


def test_who_may_not_sees_no_way_there(site, looking):
    page = looking.page("/console", browsing.staff(site, "operator"))
    for name in ("Imports", "Jobs", "Stores", "Cards"):
        assert page.get_by_role("link", name=name, exact=True).count() == 0
    looking.forgiven.append("403")
    for path in ("imports", "tasks", "stores", "cards", "quarantine"):
        assert page.goto(f"/console/{path}").status == 403
