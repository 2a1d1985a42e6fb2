"""Partners and friends in a real browser: a statement is taken along, a friend is brought."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from support import browser as browsing
from support.home import PROGRAM
from support.things import Things, new_member, signed_in

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def owner(site):
    site.publish(PROGRAM)
    return browsing.staff(site)


def test_what_a_partner_owes_is_read_noted_and_taken_along(site, owner, looking):
    Things(site, {}).sale("own", card=new_member(site)["card"])
    page = looking.page("/console/partners", owner)
    page.get_by_role("link", name="Corner shops").click()
    page.get_by_label("Amount").fill("much")
    page.get_by_label("Reason").fill("=leaflets")
    looking.forgiven.append("422")
    page.get_by_role("button", name="Note it").click()
    assert page.get_by_label("Reason").input_value() == "=leaflets", "it stays"
    page.get_by_label("Amount").fill("12,50")
    page.get_by_label("We", exact=True).check()
    page.get_by_role("button", name="Note it").click()
    page.get_by_text("It is in the statement of the open period.").wait_for()
    assert page.get_by_text("The partner gets").first.is_visible()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Statement as CSV").click()
    rows = list(csv.reader(io.StringIO(Path(coming.value.path()).read_text())))
    said = {row[2]: row[3] for row in rows[1:]}
    assert said["adjusted_minor"] == "-1250" and said[""] == "23"
    with page.expect_download() as coming:
        page.get_by_role("link", name="Postings as CSV").click()
    rows = list(csv.reader(io.StringIO(Path(coming.value.path()).read_text())))
    assert len(rows) == 2 and rows[1][2] == "S1"


def test_a_member_gets_a_code_and_whoever_opens_its_link_brings_it_along(site, owner, looking):
    mine = signed_in(site, new_member(site)["member_id"])
    page = looking.page("/m/friends", mine)
    page.get_by_role("button", name="Get my code").click()
    page.get_by_label("Code to copy").wait_for()
    code = site.call("GET", "/v1/me/referral", token=mine).json()["code"]
    assert page.get_by_label("Code to copy").inner_text() == code
    friend = looking.page(f"/m/join?friend={code}")
    assert friend.get_by_label("Code of the friend").input_value() == code


def test_every_term_of_a_referral_is_told_before_one_takes_part(site, looking):
    terms = {"referrer_points": 500, "referee_points": 200, "purchases": 2, "least_minor": 1250,
             "return_days": 14, "most": 3, "per": "year"}  # fmt: skip
    site.publish(PROGRAM | {"referral": terms})
    page = looking.page("/m/friends", signed_in(site, new_member(site)["member_id"]))
    said = page.inner_text("main")
    for each in ("500 points", "200 points", "buys 2 times", "from €12.50.", "14 days after that",
                 "3 friends a year"):  # fmt: skip
        assert each in said, each
