"""A member with a phone: joins, sees points and why, gives, chooses, withdraws, takes, leaves."""

from __future__ import annotations

import json
import struct
import zlib
from typing import Any

import pytest

from support import home
from support.browser import PHONE, SMALL, Browsing, overflow, squeezed_size, violations
from support.home import PROGRAM, Web, at_home, balance, fresh_card
from support.things import signed_in
from tessera.members.showing.core import is_code

pytestmark = pytest.mark.browser
SECRET = "hush-hush"
MORE: dict[str, Any] = PROGRAM | {
    "name": "Corner Coffee", "spends_by": [], "households": {},
    "transfers": {"transfer": {"most": 50, "code_above": 20}},
    "rules": [
        *PROGRAM["rules"],
        {"id": "pay", "mechanic": "pay_with_points", "points": 1, "worth_minor": 1},
        {"id": "fifth", "name": "Coffee on us", "mechanic": "every_nth_purchase", "n": 5,
         "prize": {"gift": "COFFEE"}},
        {"id": SECRET, "name": SECRET, "mechanic": "every_nth_purchase", "n": 9, "hidden": True,
         "prize": {"gift": SECRET}},
    ],
}  # fmt: skip
PATHS = [
    "/m", "/m/card", "/m/offers", "/m/choices", "/m/history", "/m/history/points", "/m/give",
    "/m/family", "/m/me", "/m/profile", "/m/inbox", "/m/devices", "/m/privacy", "/m/privacy/erase",
]  # fmt: skip


@pytest.fixture(scope="module")
def web(server, template, tmp_path_factory):
    with at_home(server, template, tmp_path_factory.mktemp("outbox")) as web:
        web.api.publish(MORE)
        batch = {"prefix": "24", "count": 100, "label": "phone"}
        assert web.api.call("POST", "/v1/card-batches", batch).is_success
        yield web


@pytest.fixture(scope="module")
def site(web):
    return web.api


@pytest.fixture
def me(web: Web) -> dict[str, Any]:
    """Somebody who joined with a card, 100 points of the welcome, and bought once."""
    joined = web.afresh().joined(card=fresh_card(web.api))
    web.quiet()
    card = web.get("/v1/me/home", joined["token"])["card"]
    assert web.api.post("/v1/receipts", web.api.basket(card=card)).is_success
    return joined | {"card": card}


def newest_code(web: Web) -> str:
    """Out of the last message that went out."""
    place = web.outbox / "outbox"
    home.wait(lambda: any(place.glob("*.txt")))
    newest = max(place.glob("*.txt"), key=lambda path: path.stat().st_mtime_ns)
    return home.SIX.findall(newest.read_text())[0]


def typed(page: Any, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).fill(value)


def press(page: Any, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()


@pytest.mark.slow
@pytest.mark.parametrize("width", [PHONE, SMALL])
def test_from_joining_to_erasure(looking: Browsing, web: Web, width: int):
    looking.forgiven.append("responded with a status of 403")  # one wrong code
    phone = f"+39 333 {home.digits()}"
    web.afresh()
    page = looking.page("/m/join", width=width, height=844, accept_downloads=True)
    typed(page, "Given name", "Annabella")
    typed(page, "Phone or e-mail", phone)
    typed(page, "Birthday", "1990-05-01")
    page.get_by_label("by SMS").check()
    seen = set((web.outbox / "outbox").glob("*.txt"))
    press(page, "Next")
    page.get_by_text("We have sent a code").wait_for()
    home.wait(lambda: set((web.outbox / "outbox").glob("*.txt")) - seen)
    typed(page, "Code", "000000")
    press(page, "Join")
    page.get_by_role("alert").wait_for()
    typed(page, "Code", newest_code(web))
    press(page, "Join")
    page.wait_for_url("**/m")
    assert page.get_by_role("heading", level=1).inner_text() == "Hello, Annabella"
    press(page, "Get a card number, with a bar code")
    page.get_by_text("This is your card now.").wait_for()
    card = page.locator(".number b").inner_text().replace(" ", "")
    web.quiet()
    assert balance(web.api, card) == 100
    assert web.api.post("/v1/receipts", web.api.basket(card=card)).json()["points_earned"] == 23

    page.goto("/m")
    assert page.locator(".points").inner_text() == "123"
    page.get_by_role("link", name="History").last.click()
    page.get_by_text("€11.50").click()
    page.get_by_role("heading", name="Why 23 points").wait_for()
    assert "2 points for every €1.00" in page.content() or "2 for every" in page.content()

    page.goto("/m/give")
    typed(page, "To whom", f"+39 333 {home.digits()}")
    typed(page, "How many points", "15")
    press(page, "Next")
    page.get_by_text("15 points").wait_for()
    press(page, "Give the points")
    page.get_by_text("The points are on their way.").wait_for()
    assert page.locator(".points").inner_text() == "108"

    page.goto("/m/choices")
    page.get_by_label("Miles").check()
    press(page, "Choose")
    page.get_by_text("Your choice holds from now on.").wait_for()
    assert page.get_by_label("Miles").is_checked()

    page.goto("/m/privacy")
    assert page.get_by_label("by SMS").is_checked()
    page.get_by_label("by SMS").uncheck()
    press(page, "Save my answers")
    page.get_by_text("What you said holds from now on.").wait_for()
    assert not page.get_by_label("by SMS").is_checked()
    with page.expect_download() as taken:
        press(page, "As data")
    held = json.loads(taken.value.path().read_text())
    assert "Annabella" in json.dumps(held, ensure_ascii=False)
    page.goto("/m/privacy")
    with page.expect_download() as taken:
        press(page, "As a page")
    assert "Annabella" in taken.value.path().read_text()

    page.goto("/m/privacy/erase")
    page.get_by_label("I understand that it cannot be undone.").check()
    press(page, "Erase me for ever")
    page.wait_for_url("**/m/sign-in?out=1")
    page.get_by_text("You are erased").wait_for()
    page.goto("/m")
    page.wait_for_url("**/m/sign-in")
    asked = "SELECT count(*) FROM members.person WHERE given_name = 'Annabella'"
    assert web.api.eye.execute(asked).fetchone() == (0,)


def test_more_points_want_a_code(looking: Browsing, web: Web, me):
    web.api.eye.execute(
        "UPDATE access.person_session SET proved_at = proved_at - interval '1 hour'"
    )
    home.wait(lambda: not web.get("/v1/me/ways", me["token"])["fresh"])
    web.afresh()
    page = looking.page("/m/give", me["token"], width=PHONE)
    typed(page, "To whom", f"+39 333 {home.digits()}")
    typed(page, "How many points", "30")
    press(page, "Next")
    seen = set((web.outbox / "outbox").glob("*.txt"))
    press(page, "Send me the code")
    page.get_by_label("Code").wait_for()
    home.wait(lambda: set((web.outbox / "outbox").glob("*.txt")) - seen)
    code = newest_code(web)
    typed(page, "Code", "000000" if code != "000000" else "000001")
    press(page, "Give the points")
    page.get_by_text("this code does not prove it").first.wait_for()
    seen = set((web.outbox / "outbox").glob("*.txt"))
    press(page, "Send another code")
    home.wait(lambda: set((web.outbox / "outbox").glob("*.txt")) - seen)
    typed(page, "Code", newest_code(web))
    press(page, "Give the points")
    page.get_by_text("The points are on their way.").wait_for()


def test_who_has_not_just_signed_in_does_so_before_the_end(looking: Browsing, web: Web, me):
    web.api.eye.execute(
        "UPDATE access.person_session SET proved_at = proved_at - interval '1 hour'"
    )
    home.wait(lambda: not web.get("/v1/me/ways", me["token"])["fresh"])
    page = looking.page("/m/privacy", me["token"], width=PHONE)
    assert page.get_by_text("Sign in again to go on").count() == 1
    assert page.get_by_text("As data").count() == 0
    page.goto("/m/privacy/erase")
    assert page.get_by_text("Erase me for ever").count() == 0
    page.get_by_text("Sign in again to go on").click()
    page.wait_for_url("**/m/sign-in?again=1&next=/m/privacy/erase")
    page.get_by_role("button", name="Send me the code").wait_for()


def test_a_new_contact_leads_over_a_fresh_proof(looking: Browsing, web: Web):
    me = web.afresh().joined()
    web.api.eye.execute(
        "UPDATE access.person_session SET proved_at = proved_at - interval '1 hour'"
    )
    home.wait(lambda: not web.get("/v1/me/ways", me["token"])["fresh"])
    page = looking.page("/m/profile", me["token"], width=PHONE)
    typed(page, "Phone or e-mail, new or to confirm", "his@example.org")
    press(page, "Send a code")
    page.wait_for_url("**/m/sign-in?again=1&next=/m/profile")
    page.get_by_text("Sign in again, then add it once more.").wait_for()


def test_the_second_contact_is_taken_off(looking: Browsing, web: Web):
    named = [{"kind": "phone", "value": "+39 333 4400001"},
             {"kind": "email", "value": "two@example.org"}]  # fmt: skip
    body = {"identifiers": named, "given_name": "Ivo"}
    who = web.api.call("POST", "/v1/members", body).json()["member_id"]
    page = looking.page("/m/profile", signed_in(web.api, who), width=390)
    page.locator(".sum", has_text="+39").get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.get_by_text("It no longer leads to you.").wait_for()
    assert page.locator(".sum", has_text="+39").count() == 0


def test_signing_in_by_code_and_out(looking: Browsing, web: Web):
    contact = home.mail()
    web.afresh().joined(contact=contact)
    web.afresh()
    page = looking.page("/m/history", width=PHONE)
    page.wait_for_url("**/m/sign-in?next=**")
    typed(page, "Phone or e-mail", contact["value"])
    seen = set((web.outbox / "outbox").glob("*.txt"))
    press(page, "Send me a code")
    page.get_by_text("If ").wait_for()
    home.wait(lambda: set((web.outbox / "outbox").glob("*.txt")) - seen)
    typed(page, "Code", newest_code(web))
    press(page, "Sign in")
    page.wait_for_url("**/m/history")
    page.goto("/m/me")
    press(page, "Sign out")
    page.wait_for_url("**/m/sign-in?out=1")
    page.goto("/m/history")
    page.wait_for_url("**/m/sign-in?next=**")


def decoded(shot: bytes) -> dict[str, str]:
    """{what kind of code it is: what it says} of a picture."""
    zxing = pytest.importorskip("zxingcpp", reason="zxing-cpp is not installed")
    width, height, greys = greys_of(shot)
    found = zxing.read_barcodes(memoryview(greys).cast("B", shape=[height, width]))
    words = {str(each.format).rpartition(".")[2]: each.text for each in found}
    return {"".join(filter(str.isalnum, kind)): text for kind, text in words.items()}


def greys_of(shot: bytes) -> tuple[int, int, bytes]:
    """(width, height, the green of each pixel) of a screenshot: PNG of 8 bits, not interlaced."""
    width, height, depth, kind = struct.unpack(">IIBB", shot[16:26])
    assert depth == 8 and kind in (2, 6), "what Chromium writes"
    size, at, packed = {2: 3, 6: 4}[kind], 8, b""
    while at < len(shot):
        (length,) = struct.unpack(">I", shot[at : at + 4])
        if shot[at + 4 : at + 8] == b"IDAT":
            packed += shot[at + 8 : at + 8 + length]
        at += length + 12
    raw, row, found = zlib.decompress(packed), width * size, bytearray()
    above = bytearray(row)
    for y in range(height):
        begin = y * (row + 1)
        line = unfiltered(raw[begin], bytearray(raw[begin + 1 : begin + 1 + row]), above, size)
        found += line[1::size]
        above = line
    return width, height, bytes(found)


def unfiltered(kind: int, line: bytearray, above: bytearray, size: int) -> bytearray:
    """A line of a PNG as it was before its filter (RFC 2083, 6)."""
    for x in range(len(line) if kind else 0):
        left, up = line[x - size] if x >= size else 0, above[x]
        if kind == 1:
            guess = left
        elif kind == 2:
            guess = up
        elif kind == 3:
            guess = (left + up) // 2
        else:
            corner = above[x - size] if x >= size else 0
            far = [(abs(left + up - corner - each), at) for at, each in
                   enumerate((left, up, corner))]  # fmt: skip
            guess = (left, up, corner)[min(far)[1]]
        line[x] = (line[x] + guess) & 255
    return line


@pytest.mark.parametrize(("path", "scheme", "width"), [
    ("/m", "light", PHONE), ("/m/card", "dark", PHONE), ("/m/card", "light", SMALL),
])  # fmt: skip
def test_the_codes_are_read_from_the_screen(looking: Browsing, web, me, path, scheme, width):
    page = looking.page(path, me["token"], scheme=scheme, width=width, height=844,
                        device_scale_factor=2)  # fmt: skip
    page.wait_for_function("document.getElementById('code').naturalWidth > 0")
    found = decoded(page.locator(".pass, .held-up").screenshot())
    assert found["EAN13"] == me["card"]
    code = found["QRCode"]
    assert is_code(code)
    said = web.api.call("POST", "/v1/identify", {"card": code}, token=web.api.till)
    assert said.json()["name"] == "Mario" and said.json()["card"]


def test_the_card_is_there_without_a_line(looking: Browsing, web, me):
    looking.forgiven.append("ERR_INTERNET_DISCONNECTED")
    looking.forgiven.append("Failed to load resource")
    page = looking.page("/m", me["token"], width=PHONE, height=844, device_scale_factor=2)
    page.evaluate("navigator.serviceWorker.ready")
    # Asked by `evaluate`, which waits for a promise: `wait_for_function` takes one for a yes.
    home.wait(lambda: page.evaluate("caches.match('/m/card').then((kept) => Boolean(kept))"))
    page.context.set_offline(True)
    for path in ("/m/card", "/m"):
        page.goto(path)
        page.reload()
        page.locator("#cut").wait_for()
        found = decoded(page.locator(".held-up").screenshot())
        assert found == {"EAN13": me["card"], "QRCode": me["card"]}
    kept = page.evaluate(
        "Promise.all([caches.keys()]).then(async ([all]) => (await Promise.all(all.map(async (n) =>"
        " (await (await caches.open(n)).keys()).map((r) => new URL(r.url).pathname)))).flat())"
    )
    private = [path for path in kept if not path.startswith("/m/static/")]
    assert private == ["/m/card"], "no other page of a member is kept"
    page.context.set_offline(False)
    page.goto("/m/me")
    press(page, "Sign out")
    page.wait_for_url("**/m/sign-in?out=1")
    left = "caches.keys().then((all) => all.some((name) => name.startsWith('tessera-card-')))"
    home.wait(lambda: not page.evaluate(left))


def test_hidden_rules_are_in_no_byte(looking: Browsing, me):
    page = looking.page("/m", me["token"], width=PHONE)
    for path in PATHS:
        page.goto(path)
        assert SECRET not in page.content(), path


@pytest.mark.faults_long  # the sweep looks at each page once
@pytest.mark.parametrize("language", ["en", "it", "pl", "ru", "zh"])
def test_every_page_fits_a_small_phone(looking: Browsing, me, language):
    page = looking.page("/m", me["token"], width=SMALL, height=700, language=language)
    for path in PATHS:
        page.goto(path)
        assert overflow(page) <= 0, (path, language)


@pytest.mark.faults_long  # the sweep looks at each page once
def test_nobody_is_shut_out(looking: Browsing, me, axe):
    for scheme in ("light", "dark"):
        page = looking.page("/m", me["token"], scheme=scheme, width=PHONE, bypass_csp=True)
        for path in PATHS:
            page.goto(path)
            assert violations(page, axe) == [], (path, scheme)


def test_budgets(looking: Browsing, web, me):
    """Bytes after gzip: scripts of the first view and of any page, style, the page itself."""
    bodies: dict[str, bytes] = {}
    page = looking.page("", width=PHONE)
    looking.sign_in(page.context, "m", me["token"])

    def keep(got: Any) -> None:
        if got.request.resource_type in ("script", "stylesheet", "document"):
            bodies[got.url] = got.body()

    page.on("response", keep)
    for path, most in (("/m", 6_000), ("/m/card", 15_000), ("/m/devices", 15_000)):
        bodies.clear()
        page.goto(path)
        page.wait_for_load_state("networkidle")
        size = {
            kind: sum(squeezed_size(body) for url, body in bodies.items() if url.endswith(kind))
            for kind in (".js", ".css")
        }
        worker = squeezed_size(bodies.get(f"{web.api.url}/m/worker.js", b""))
        assert size[".js"] - worker <= most, (path, size)
        assert size[".css"] <= 8_192, (path, size)
        assert squeezed_size(bodies[f"{web.api.url}{path}"]) <= 8_192, path


def test_it_can_be_installed(web):
    told = web.api.client.get("/m/app.webmanifest").json()
    assert told["start_url"] == "/m" and told["display"] == "standalone"
    assert told["name"] == "Corner Coffee"
    for icon in told["icons"]:
        said = web.api.client.get(icon["src"])
        assert said.headers["content-type"] == "image/png" and said.content[:4] == b"\x89PNG"
    worker = web.api.client.get("/m/worker.js")
    assert worker.headers["service-worker-allowed"] == "/m"
