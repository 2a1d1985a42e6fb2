"""The console in a real browser: every look, by keyboard, without a complaint."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from doors.console_sample import ADMIN_KEY, CARD, EMPTY_CARD, SampleReaders, served

pytestmark = pytest.mark.browser
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
]  # fmt: skip
SHOWN = ["/console", f"/console/cards/{CARD}", f"/console/cards/{EMPTY_CARD}", "/console/cards?q=x"]
LOOKS = [("light", 1440), ("dark", 1440), ("light", 390), ("dark", 320)]


@pytest.fixture(scope="module")
def address():
    with served(SampleReaders()) as address:
        yield address


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not CHROMIUM:
        pytest.skip("no Chromium on this machine: make browser")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core, from npm into a folder that later runs find again."""
    folder = Path(tempfile.gettempdir()) / "tessera-axe"
    found = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not found.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("no npm on this machine: axe-core cannot be fetched")
        folder.mkdir(exist_ok=True)
        order = [npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "axe-core"]
        done = subprocess.run(order, capture_output=True, text=True, check=False, timeout=120)
        if done.returncode:
            pytest.skip(f"npm cannot fetch axe-core: {done.stderr[-200:]}")
    return found.read_text()


@pytest.fixture
def opened(browser, address):
    """Open a signed-in page in some look; afterwards nothing may have been complained about."""
    contexts, wrong = [], []

    def look(scheme="light", width=1440, **more):
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, base_url=address, **more
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: wrong.append(m.text))  # nobody writes there but the browser
        page.on("pageerror", lambda error: wrong.append(str(error)))
        # a picture that is still loading when one clicks on is aborted, which is no failure
        page.on("requestfailed", lambda r: wrong.extend([r.url] * ("ABORTED" not in r.failure)))
        page.on("request", lambda r: wrong.extend([r.url] * (not r.url.startswith(address))))
        page.goto("/console/sign-in")
        page.set_default_timeout(10_000)
        page.get_by_label("API key").fill(ADMIN_KEY)
        page.keyboard.press("Enter")
        page.wait_for_url("**/console")
        return page

    yield look
    for context in contexts:
        context.close()
    assert wrong == []


def violations(page, axe):
    page.evaluate(axe)
    found = page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
    return [(each["id"], [node["target"] for node in each["nodes"]][:3]) for each in found]


def open_all(page):
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")


@pytest.mark.parametrize(("scheme", "width"), LOOKS)
def test_every_page_is_accessible_and_fits(opened, axe, scheme, width):
    page = opened(scheme, width)
    for path in SHOWN:
        page.goto(path)
        open_all(page)
        assert violations(page, axe) == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in")
    assert violations(page, axe) == []


def test_the_path_from_search_to_reason_needs_no_mouse(opened):
    page = opened()
    page.wait_for_function("document.activeElement.id === 'q'")
    page.keyboard.type("+39 333 123 4567")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/cards/{CARD}")
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            break
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid", "the focus is seen"
    reason = page.get_by_text("Goods of 4.05")
    assert not reason.is_visible()
    page.keyboard.press("Enter")
    assert reason.is_visible()


def test_older_receipts_and_back(opened):
    page = opened()
    page.goto(f"/console/cards/{CARD}")
    page.get_by_role("link", name="Older receipts").click()
    page.wait_for_url("**cursor=**")
    assert page.get_by_text("004691").is_visible()
    page.get_by_role("link", name="Newest receipts").click()
    page.wait_for_url(f"**/cards/{CARD}")
    page.locator("summary").nth(4).click()
    page.get_by_role("link", name="Show all 300 lines").click()
    page.wait_for_url("**only=**")
    assert page.get_by_text("Article number 299").is_visible()


def test_paper_shows_what_is_closed_on_the_screen(opened):
    page = opened()
    page.goto(f"/console/cards/{CARD}")
    page.emulate_media(media="print")
    assert page.get_by_text("Goods of 4.05").is_visible()
    assert not page.get_by_role("button", name="Sign out").is_visible()


def test_forced_colours_keep_the_badges_apart(opened):
    page = opened(forced_colors="active")
    page.goto(f"/console/cards/{CARD}")
    width = page.evaluate("getComputedStyle(document.querySelector('h1 .badge')).borderTopWidth")
    assert width == "1px"


def test_without_script_and_with_a_cookie_no_script_can_read(opened):
    page = opened(java_script_enabled=False)
    page.goto(f"/console/cards/{CARD}")
    page.locator("summary").first.click()
    assert page.get_by_text("Goods of 4.05").is_visible()
    kept = page.context.cookies()
    assert [(c["httpOnly"], c["sameSite"], c["path"]) for c in kept] == [
        (True, "Strict", "/console")
    ]
