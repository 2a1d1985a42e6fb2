"""The console over HTTP: who gets in, what is said, and in which wrapping."""

import gzip
import re
from pathlib import Path

import httpx
import pytest

from doors.console_sample import (
    ADMIN_KEY,
    BROKEN_KEY,
    CARD,
    EMAIL,
    EMPTY_CARD,
    EVIL,
    PHONE,
    PROGRAM,
    TILL_KEY,
    SampleReaders,
    served,
    story,
    told,
)
from tessera.checkout.core.words import TakeBack
from tessera.doors.console import figures, pages
from tessera.doors.console.session import COOKIE, cookie, from_our_page, session_of
from tessera.doors.console.telling import LINES_SHOWN, seen
from tessera.rules.core.telling import EffectTold
from tessera.warehouse.core import Line

HTML_BUDGET, CSS_BUDGET = 40 * 1024, 15 * 1024
HERE = Path(pages.__file__).parent


@pytest.fixture(scope="module")
def readers():
    return SampleReaders()


@pytest.fixture(scope="module")
def address(readers):
    with served(readers) as address:
        yield address


@pytest.fixture
def stranger(address):
    with httpx.Client(base_url=address, headers={"Origin": address}) as client:
        yield client


@pytest.fixture
def staff(stranger):
    assert stranger.post("/console/sign-in", data={"key": ADMIN_KEY}).status_code == 303
    return stranger


def test_a_stranger_is_asked_to_sign_in_and_then_led_on(stranger):
    asked = stranger.get(f"/console/cards/{CARD}?cursor=abc")
    assert (asked.status_code, asked.content) == (303, b"")
    assert (
        asked.headers["location"] == f"/console/sign-in?next=/console/cards/{CARD}%3Fcursor%3Dabc"
    )
    form = stranger.get(asked.headers["location"])
    assert f'name="next" value="/console/cards/{CARD}?cursor=abc"' in form.text
    onward = {"key": ADMIN_KEY, "next": f"/console/cards/{CARD}"}
    entered = stranger.post("/console/sign-in", data=onward)
    assert (entered.status_code, entered.headers["location"]) == (303, f"/console/cards/{CARD}")
    said = entered.headers["set-cookie"]
    assert "HttpOnly" in said and "SameSite=Strict" in said and "Secure" not in said
    assert ADMIN_KEY not in said
    assert stranger.get(f"/console/cards/{CARD}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "//evil.org",
        "https://evil.org",
        "/console//evil.org",
        "/console\\@evil",
        "/v1/x",
        "/consolex",
    ],
)
def test_signing_in_leads_nowhere_else(stranger, path):
    entered = stranger.post("/console/sign-in", data={"key": ADMIN_KEY, "next": path})
    assert entered.headers["location"] == "/console"


@pytest.mark.parametrize("key", ["", "wrong", "wrong\N{SNOWMAN}", TILL_KEY])
def test_another_key_does_not_open(stranger, key):
    answer = stranger.post("/console/sign-in", data={"key": key})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers
    assert stranger.get("/console").status_code == 303


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.org"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_a_forged_form_is_refused(staff, headers):
    for path in ("/console/sign-in", "/console/sign-out"):
        assert staff.post(path, data={"key": ADMIN_KEY}, headers=headers).status_code == 403
    assert staff.get("/console").status_code == 200


def test_signing_out_ends_the_session_on_the_server_too(staff):
    session = staff.cookies[COOKIE]
    assert "Max-Age=0" in staff.post("/console/sign-out").headers["set-cookie"]
    again = staff.get("/console", headers={"Cookie": f"{COOKIE}={session}"})
    assert again.status_code == 303


def test_signing_in_anew_ends_the_session_before(staff):
    before = staff.cookies[COOKIE]
    assert staff.post("/console/sign-in", data={"key": ADMIN_KEY}).status_code == 303
    assert staff.cookies[COOKIE] != before and staff.get("/console").status_code == 200
    staff.cookies.clear()
    assert staff.get("/console", headers={"Cookie": f"{COOKIE}={before}"}).status_code == 303


def test_a_revoked_key_ends_its_sessions(staff, readers):
    held = readers.keys.pop(ADMIN_KEY)
    try:
        assert staff.get(f"/console/cards/{CARD}").status_code == 303
    finally:
        readers.keys[ADMIN_KEY] = held


@pytest.mark.parametrize("query", [CARD, "2900 0000 0001 7", PHONE, "+39 333 123-4567", EMAIL])
def test_any_name_of_a_member_leads_to_the_card(staff, query):
    found = staff.get("/console/cards", params={"q": query})
    assert (found.status_code, found.headers["location"]) == (303, f"/console/cards/{CARD}")


@pytest.mark.parametrize("query", ["nobody", EVIL, "\N{SNOWMAN}", "a@b", "x" * 500])
def test_what_is_not_found_is_said_and_never_run(staff, query):
    answer = staff.get("/console/cards", params={"q": query})
    assert answer.status_code == 200
    assert "No card, phone or e-mail" in answer.text
    assert "<script" not in answer.text
    assert staff.get("/console/cards/2900000000099").status_code == 404


def test_a_member_without_a_card_is_shown_in_place(staff):
    answer = staff.get("/console/cards", params={"q": "nocard@shop.org"})
    assert answer.status_code == 200 and "No card" in answer.text
    older = re.search(r'rel="next" href="([^"]+)"', answer.text)
    assert older and "000004710" not in staff.get(older[1].replace("&amp;", "&")).text


def test_the_history_says_why(staff):
    text = staff.get(f"/console/cards/{CARD}").text
    for sentence in (
        "This receipt took 2.50\xa0EUR off, let 450 points pay 4.50\xa0EUR and gave 9 points."
        " 1 rule was within reach.",
        "Wanted 9.00\xa0EUR, given 4.50\xa0EUR: points pay at most 50 % of what they may pay",
        "1 unit of LATTE free", "two_for_a_euro", "10 more are needed: every 10th is free",
        "Goods of 4.05\xa0EUR came back; the return took back 4 points and gave back 202 points",
        "This receipt gave nothing. 3 rules were within reach.", "1.250\xa0kg", "12,845",
        "Show all 300 lines", "survey: +50 points", "Anonymous</dt><dd>yes", "but within reach",
    ):  # fmt: skip
        assert sentence in text
    assert "<script" not in text and "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_why_not_is_said_of_every_rule_on_request(staff, readers):
    gum = readers.receipts[3]
    page = staff.get(f"/console/cards/{CARD}").text
    asked = re.search(rf'href="([^"]*only={gum.id}[^"]*explain=all[^"]*)"', page)
    assert asked
    text = staff.get(asked[1].replace("&amp;", "&")).text
    assert "This receipt gave nothing: none of 4 rules held." in text
    assert all(f"<code>{rule.id}</code>" in text for rule in PROGRAM.rules)
    assert "within reach" not in text and "Why not:" not in text


def test_gifts_and_hidden_rules_are_shown_to_staff():
    lines = (Line("LATTE", 3, 250),)
    gift = EffectTold("gift", "mug", "sum_threshold", 7, 2, 2, (), {}, "gifts", "2", item="MUG")
    hidden = EffectTold("points", "secret", "surprise", 7, 5, 5, (), {}, "+5", "5", hidden=True)
    had = told(0, lines, story(lines), effects=(gift, hidden), silent=(), points_earned=5)
    shown = seen(had)
    assert [(why.given, why.hidden) for why in shown.whys] == [("2 \xd7 MUG", False), ("+5", True)]
    assert shown.summary == "This receipt gave 5 points and 2 gifts."
    gone = told(0, lines, story(lines), kind="return", take_back=(TakeBack("gift", "MUG", 2),))
    assert seen(gone).summary.endswith("No longer earned: 2 \xd7 MUG.")


def test_pages_follow_the_cursor_to_the_end_without_loss(staff, readers):
    seen_numbers, path = [], f"/console/cards/{CARD}"
    while path:
        text = staff.get(path).text
        seen_numbers += re.findall(r'<li id="r-([^"]+)"', text)
        older = re.search(r'rel="next" href="([^"]+)"', text)
        path = older[1].replace("&amp;", "&") if older else ""
    assert seen_numbers == [str(receipt.id) for receipt in readers.receipts]


def test_a_strange_cursor_is_refused_with_a_way_out(staff):
    answer = staff.get(f"/console/cards/{CARD}?cursor=%00x")
    assert answer.status_code == 400
    assert "Start with the newest receipt" in answer.text


def test_a_long_receipt_is_shown_whole_on_request(staff, readers):
    text = staff.get(f"/console/cards/{CARD}").text
    assert "Article number 39" in text and "Article number 40" not in text
    only = f"/console/cards/{CARD}?only={readers.receipts[4].id}"
    whole = staff.get(only).text
    assert "Article number 299" in whole and whole.count("<details open>") == 1
    assert "Show all" not in whole and "Next lines" not in whole
    rest = staff.get(f"{only}&after=290").text
    assert "Article number 289" not in rest and "Article number 290" in rest
    assert "Lines 291 to 300 of 300." in rest and "First lines" in rest
    assert "No lines from here on." in staff.get(f"{only}&after=9999").text
    assert staff.get(f"{only}&after=-1").text == whole


def test_an_empty_history_teaches(staff):
    text = staff.get(f"/console/cards/{EMPTY_CARD}").text
    assert "No receipts yet." in text and "Blocked" in text and "not registered yet" in text


def test_every_answer_is_dressed(staff, caplog):
    asked = [
        ("GET", "/console", 200), ("GET", f"/console/cards/{CARD}", 200),
        ("GET", "/console/nothing", 404), ("GET", "/console/static/none.css", 404),
        ("PUT", "/console", 405), ("GET", "/console/sign-in", 303),
    ]  # fmt: skip
    answers = [(staff.request(method, path), status) for method, path, status in asked]
    answers.append((staff.post("/console/sign-in", data={"key": "x" * 20_000}), 413))
    answers.append((staff.post("/console/sign-in", data={"key": BROKEN_KEY}), 500))
    for answer, status in answers:
        assert answer.status_code == status
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "no-store"
        assert "secret detail" not in answer.text
    assert "secret detail" in caplog.text, "what broke is in the log"


def test_static_files_never_change_and_all_is_within_budget(staff):
    page = staff.get(f"/console/cards/{CARD}")
    assert len(gzip.compress(page.content, 6)) <= HTML_BUDGET
    assert page.headers["content-encoding"] == "gzip"
    addresses = set(re.findall(r'(?:href|src)="([^"]*/static/[^"]*)"', page.text))
    assert len(addresses) == 2
    for address in addresses:
        asset = staff.get(address)
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert re.search(r"\.[0-9a-f]{12}\.(css|svg)$", address)
        assert len(gzip.compress(asset.content, 6)) <= CSS_BUDGET


def test_no_template_lets_anything_through_unescaped():
    for path in (HERE / "templates").iterdir():
        assert not re.search(
            r"safe\b|autoescape|style=|\son(?!ly)\w+=|https?://|<script", path.read_text()
        )
    css = (HERE / "static" / "console.css").read_text()
    assert "url(" not in css and "@import" not in css


def test_the_cookie_is_secure_under_https_and_read_back_among_others():
    assert cookie("abc", https=True).endswith("; Secure")
    assert session_of(f"a=b; {COOKIE}=abc; c=d") == "abc"
    assert session_of("") == session_of("a=b") == session_of(";;=\x00") == ""


def test_an_origin_is_ours_only_by_its_whole_host():
    host = "shop.org:8000"
    assert from_our_page({"host": host, "origin": "http://shop.org:8000"})
    for origin in ("", "null", "http://shop.org", "http://evil.shop.org:8000", "http://[", "//"):
        assert not from_our_page({"host": host, "origin": origin})
    assert not from_our_page({"host": "", "origin": "null"})


def test_figures():
    assert figures.money(-123456, "EUR") == "\u22121,234.56\xa0EUR"
    assert [figures.money(n) for n in (0, 5, -5)] == ["0.00", "0.05", "\u22120.05"]
    assert [figures.signed(n) for n in (23, 0, -3000)] == ["+23", "0", "\u22123,000"]
    assert figures.quantity(330, "ml") == "0.330\xa0l"
    assert figures.runs([3, 1, 2, 7]) == "1\u20133, 7"
    assert figures.runs(range(1, 40, 2)) == "1, 3, 5, 7, 9, 11 and 14 more"
    named = figures.named({"base_minor": 1155, "max_percent": 50, "n": 3}, "EUR")
    assert named == (("base", "11.55\xa0EUR"), ("max", "50\xa0%"), ("n", "3"))


def test_the_lines_add_up_to_the_receipt():
    lines = (Line("LATTE", 3, 250), Line("CAKE", 1, 405))
    shown = seen(told(0, lines, story(lines, 900)))
    assert sum(line.to_pay_minor for line in shown.lines) == shown.told.to_pay_minor == 455
    assert sum(line.points for line in shown.lines) == shown.earned == 9
    assert (shown.off_minor, shown.by_points_minor, shown.spent) == (250, 450, -450)
    assert shown.trimmed and shown.size == len(shown.lines) == 2
    long = tuple(Line("A", 1, 1) for _ in range(LINES_SHOWN + 1))
    assert seen(told(0, long, story(long))).last == LINES_SHOWN
    assert [line.number for line in seen(told(0, long, story(long)), 39, 9).lines] == [40, 41]
