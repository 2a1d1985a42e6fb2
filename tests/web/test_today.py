"""The first page, the report of points and the settings, as staff see and use them."""

from __future__ import annotations

import csv
import io
import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from support import database
from support.api import apart
from support.browser import PHONE, SMALL, overflow, staff, violations
from tessera.checkout.days import db as days_db
from tessera.doors.charts import Drawer

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("TESSERA_SHOTS", "")


@pytest.fixture(scope="module")
def shop(site):
    """Sixty days of receipts: more of them, and more with a card, in the last thirty."""
    now, lines = datetime.now(UTC), []
    for back in range(60, 0, -1):
        for n in range(3 + (back < 31) + back % 3):
            at = (now - timedelta(days=back, minutes=n)).isoformat()
            card = site.cards[1 + (back * 5 + n) % 20] if n % 2 or (n and back < 31) else None
            lines.append({"sale": site.basket(happened_at=at, card=card)})
    body = b"".join(msgspec.json.encode(each) + b"\n" for each in lines)
    said = site.call("POST", "/v1/receipts/bulk", body, token=site.till)
    assert said.status_code == 200
    assert {msgspec.json.decode(line)["status"] for line in said.content.splitlines()} == {201}
    count_now(site)
    return site


def count_now(site):
    """The house counts by itself within a minute; a test does not wait."""

    async def count():
        async with await database.connect(site.dsn) as conn:
            today = datetime.now(UTC).date()
            await days_db.count(
                conn, [today - timedelta(days=n) for n in range(-1, 62)], datetime.now(UTC)
            )
            await conn.commit()

    apart(count())


def drawn(page):
    """The page once its pictures are there: on a busy machine the worker takes its time."""
    for _ in range(30):
        if page.locator(".chart-wide").count():
            return page
        page.wait_for_timeout(2_000)
        page.reload()
    raise AssertionError("the worker draws nothing")


def sound(page, axe, name):
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
    assert violations(page, axe) == [], name
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = false })")
    for width in (1440, PHONE, SMALL):
        page.set_viewport_size({"width": width, "height": 900})
        assert overflow(page) <= 0, (name, width)
        if SHOTS:
            page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "language"), [("light", "en"), ("dark", "ru"), ("light", "zh")])
def test_today_says_how_thirty_days_went(looking, shop, axe, scheme, language):
    page = drawn(looking.page("/console", staff(shop), scheme=scheme, language=language))
    assert page.locator("figure.chart").count() == 2
    assert page.locator(".chart-wide").first.is_visible(), "the worker has drawn"
    finding = page.locator(".plot").first.get_attribute("aria-label")
    assert finding and finding in page.locator("figcaption").first.inner_text()
    sound(page, axe, f"today-{scheme}-{language}")


def test_a_picture_fits_its_place_and_wears_the_page_s_colours(looking, shop):
    page = drawn(looking.page("/console", staff(shop), width=SMALL))
    assert page.locator(".chart-narrow").first.is_visible()
    assert not page.locator(".chart-wide").first.is_visible()
    line = page.locator(".chart-narrow path").last
    stroke = line.evaluate("e => getComputedStyle(e).stroke")
    assert stroke == "rgb(15, 95, 83)", "the brand's green"
    page.emulate_media(color_scheme="dark")
    assert line.evaluate("e => getComputedStyle(e).stroke") == "rgb(94, 201, 180)"
    page.emulate_media(forced_colors="active")
    assert line.evaluate("e => getComputedStyle(e).stroke") not in (stroke, "none")


def test_the_table_and_the_file_say_the_same(looking, shop):
    page = looking.page("/console", staff(shop))
    figure = page.locator("#chart-receipts")
    figure.get_by_text("Show as table").click()
    cells = figure.locator("tbody tr").last.locator("td").all_inner_texts()
    with page.expect_download() as loading:
        figure.get_by_role("link", name="Download CSV").click()
    read = list(csv.reader(io.StringIO(Path(loading.value.path()).read_text("utf-8-sig"))))
    assert read[0] == ["Day", "All receipts", "With a card"] and len(read) == 31
    assert read[-1][1:] == cells


def test_what_waits_leads_to_where_one_acts(looking, shop):
    opened = shop.call("POST", "/v1/incidents", {"kind": "till_offline", "detail": "off"})
    page = looking.page("/console", staff(shop))
    page.get_by_role("link", name=re.compile(r"Look ?: \d+ incidents? (is|are) not over")).click()
    page.wait_for_url("**/console/incidents")
    shop.call("POST", f"/v1/incidents/{opened.json()['incident_id']}/close", {"text": "on"})
    page.goto("/console")
    for link in page.locator(".pulse a").all():
        assert page.request.get(link.get_attribute("href")).ok


def test_without_a_worker_the_table_is_open(looking, shop, monkeypatch):
    async def none(self, order, kind):
        return None

    monkeypatch.setattr(Drawer, "_picture", none)
    page = looking.page("/console", staff(shop))
    assert page.locator("#chart-receipts details[open] tbody tr").count() == 30
    assert page.locator(".plot").count() == 0


def test_finance_reads_the_points(looking, shop, axe):
    page = looking.page("/console/points", staff(shop, "finance"))
    told = shop.call("GET", "/v1/points/outstanding").json()["currencies"][0]
    assert f"{told['balance']:,}" in page.locator(".tiles").inner_text()
    with page.expect_download() as loading:
        page.locator("#chart-expiry").get_by_role("link", name="Download CSV").click()
    read = list(csv.reader(io.StringIO(Path(loading.value.path()).read_text("utf-8-sig"))))
    assert sum(int(row[1]) for row in read[1:]) == told["balance"] + told["debt"]
    page.get_by_label("Period", exact=True).select_option("all")
    page.wait_for_url("**period=all**")
    moves = page.get_by_role("region", name="From the beginning of the period to its end")
    assert f"{told['change']['earned']:,}" in moves.inner_text()
    sound(page, axe, "points")


def test_the_shop_s_colours_are_worn_or_refused_with_the_figure(looking, shop, axe):
    looking.forgiven.append("422")
    page = looking.page("/console/settings", staff(shop))
    page.get_by_label("The shop's name").fill("Bottega Verde")
    page.get_by_label("A colour of our own").check()
    page.locator("#colour").fill("#ffcc00")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    assert "1.35 to 1" in page.locator("main").inner_text()
    assert page.locator("#colour").input_value() == "#ffcc00", "what was typed stays"
    page.locator("#colour").fill("#1d4ed8")
    sound(page, axe, "settings")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="Save").click()
    page.get_by_text("every page wears it").wait_for()
    brand = "getComputedStyle(document.documentElement).getPropertyValue('--brand').trim()"
    assert page.evaluate(brand) == "#1d4ed8"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(brand) not in ("#1d4ed8", "#5ec9b4")
    assert page.locator(".brand").first.inner_text().strip() == "Bottega Verde"
    other = looking.page("/m/sign-in")
    assert other.evaluate(brand) == "#1d4ed8", "members see it too"
    page.goto("/console/settings/languages")
    sound(page, axe, "languages")


@pytest.mark.parametrize(("language", "said"), [("it", "1.35 a 1"), ("zh", "1.35:1")])
def test_a_refused_colour_is_told_in_the_reader_s_language(looking, shop, language, said):
    looking.forgiven.append("422")
    page = looking.page("/console/settings", staff(shop), language=language)
    page.locator("input[name=own_colours]").check()
    page.locator("#colour").fill("#ffcc00")
    page.locator("button.main").click()
    page.get_by_role("alert").wait_for()
    assert said in page.get_by_role("alert").inner_text()


def test_two_who_change_it_at_once_do_not_overwrite_each_other(looking, shop):
    looking.forgiven.append("4")
    one, other = (looking.page("/console/settings", staff(shop)) for _ in range(2))
    one.get_by_label("The shop's name").fill("First")
    one.get_by_role("button", name="Save").click()
    one.get_by_text("every page wears it").wait_for()
    other.get_by_label("The shop's name").fill("Second")
    other.get_by_role("button", name="Save").click()
    other.get_by_text("Somebody has changed the program").first.wait_for()
    assert shop.call("GET", "/v1/program").json()["program"]["brand"]["name"] == "First"
