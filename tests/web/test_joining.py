"""Joining campaigns in the console: what each brought and cost, and the way there on paper."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest

from support import browser as browsing
from support.browser import WIDE, Browsing, overflow, violations
from support.home import Web, at_home, somebody
from support.sent import send
from support.shown import visit
from tessera.doors.ground import Settings
from tessera.doors.raising import entrance_of
from tessera.doors.web.pictures import qr

LIST, WAY = "/console/joining", "/console/joining/way"


@pytest.fixture(scope="module")
def web(server, template, tmp_path_factory):
    with at_home(server, template, tmp_path_factory.mktemp("outbox")) as web:
        yield web


@pytest.fixture(scope="module")
def site(web):
    return web.api


@pytest.fixture(scope="module")
def manager(web) -> str:
    return browsing.staff(web.api, "manager")


def seen(web: Web, path: str, token: str) -> Any:
    return visit(web.api, path, "console", token)


def row_of(page: str, name: str) -> list[str]:
    """The cells of the line that begins with this."""
    lines = re.findall(r"<tr>(.*?)</tr>", page, re.S)
    (line,) = [each for each in lines if re.search(f">{name} ?<", each)]
    return [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<td.*?</td>", line, re.S)]


def test_what_a_campaign_brought_and_what_a_joiner_cost(web, manager):
    for source in ("leaflet", "leaflet", None):
        web.afresh().joined(**somebody() | ({"source": source} if source else {}))
    page = seen(web, LIST, manager).text
    assert row_of(page, "Spring")[:3] == ["2", "€11.00", "€5.50"], "0.50 each, 10.00 once"
    assert row_of(page, "Without a campaign")[0] == "1"


def test_the_link_leads_to_where_one_joins_by_that_campaign(web, manager):
    page = seen(web, f"{WAY}?source=leaflet", manager).text
    (address,) = re.findall(r'<pre class="code" id="address".*?>(.*?)</pre>', page)
    assert address.endswith("/m/join?source=leaflet") and qr(address).path in page
    assert "This address works on this computer only." in page, "nobody prints it by mistake"
    path = address[address.index("/m/") :]
    assert 'name="source" value="leaflet"' in visit(web.api, path, "m", "").text
    drawn = seen(web, f"{WAY}?source=leaflet&file=svg", manager)
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.headers["content-disposition"].endswith("join-leaflet.svg")
    assert qr(address).path in drawn.text and drawn.text.startswith("<svg xmlns=")


def test_who_begins_anew_keeps_the_campaign_and_whose_is_over_joins_without_one(web, manager):
    form = {"do": "apply", "born_on": "1990-05-01"}
    for source, again in (("leaflet", "/m/join?source=leaflet"), ("radio", "/m/join")):
        name = uuid4().hex
        said = {**form, "source": source, "key": name, "to": f"{name}@example.org"}
        sent = {key: [word] for key, word in said.items()}
        page = send(web.api, "/m/join", "m", "", sent)
        assert page.status_code == 200 and f'href="{again}"' in page.text, page.text


def test_a_campaign_that_the_program_no_longer_has_tells_no_sums(web, manager):
    member = web.afresh().joined(**somebody() | {"source": "leaflet"})["member_id"]
    web.api.eye.execute(
        "UPDATE members.joining SET source = 'autumn' WHERE member_id = %s", (member,)
    )
    cells = row_of(seen(web, LIST, manager).text, "autumn")
    dash = "\N{EN DASH}"
    assert cells == ["1", dash, dash, dash], "what it cost once is known no more"


def test_without_an_address_of_its_own_links_lead_to_the_port_that_is_served(tmp_path):
    assert entrance_of(Settings(tmp_path, port=9137)).site.origin == "http://localhost:9137"
    own = Settings(tmp_path, port=9137, public_url="https://shop.example")
    assert entrance_of(own).site.origin == "https://shop.example"


def test_a_poster_outlives_its_campaign(web, manager):
    page = visit(web.api, "/m/join?source=radio", "m", "")
    assert page.status_code == 200 and 'name="source" value=""' in page.text
    refused = seen(web, f"{WAY}?source=radio", manager)
    assert "The program knows no such campaign." in refused.text


def test_who_may_not_see_it_is_not_let_in(web):
    till = browsing.staff(web.api, "operator")
    assert "/console/joining" not in seen(web, "/console/members", till).text
    assert seen(web, LIST, till).status_code == 403


@pytest.mark.browser
def test_the_picture_is_seen_and_taken_along(looking: Browsing, manager: str, axe: str):
    page = looking.page(LIST, manager, width=WIDE)
    assert not overflow(page) and not violations(page, axe)
    page.get_by_role("link", name="Link and QR code").first.click()
    page.get_by_role("img", name="QR code that opens the page where people join").wait_for()
    assert not overflow(page) and not violations(page, axe)
    with page.expect_download() as taken:
        page.get_by_role("link", name="Take the picture along").click()
    assert taken.value.suggested_filename.endswith(".svg")
