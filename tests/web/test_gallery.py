"""The gallery: every component in every look, in every language, in forced colours and on paper."""

from __future__ import annotations

import itertools

import pytest

from support.browser import PHONE, SMALL, WIDE, overflow, violations
from tessera.doors.language.words import LANGUAGES

pytestmark = pytest.mark.browser
GALLERY = "/console/_gallery"
LOOKS = list(itertools.product(("light", "dark"), (WIDE, PHONE, SMALL)))


def opened(page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")


@pytest.mark.parametrize(
    "language",
    [
        "ru",
        *(pytest.param(each, marks=pytest.mark.faults_long) for each in LANGUAGES if each != "ru"),
    ],
)
def test_every_component_in_every_look(looking, axe, language):
    page = looking.page(GALLERY, language=language, reduced_motion="reduce")
    for scheme, width in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        opened(page)
        assert violations(page, axe) == [], (scheme, width)
        assert overflow(page) <= 0, (scheme, width)
    assert page.locator("[style]").count() == 0


def test_a_refused_form_says_why_beside_its_field(looking):
    looking.forgiven.append("422")
    page = looking.page(GALLERY)
    page.get_by_label("Name", exact=True).fill("")
    page.get_by_role("button", name="Save").last.click()
    page.get_by_role("alert").first.wait_for()
    field = page.get_by_label("Name", exact=True)
    assert field.get_attribute("aria-invalid") == "true"
    told = page.locator(f"#{field.get_attribute('aria-describedby').split()[-1]}").inner_text()
    assert told.startswith("A name is needed.")
    field.fill("Anna")
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("Saved.").first.wait_for()


def test_a_dialog_opens_asks_and_closes_by_keyboard(looking):
    page = looking.page(GALLERY)
    page.get_by_role("button", name="Open the dialog").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    page.locator("details.menu > summary").first.focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Compare").first.wait_for()
    page.keyboard.press("Escape")
    assert page.locator("details.menu[open]").count() == 0


def test_forced_colours_keep_states_apart(looking):
    page = looking.page(GALLERY, forced_colors="active")
    for what in (".badge", ".said", ".notice"):
        width = f"getComputedStyle(document.querySelector('{what}')).borderTopWidth"
        assert page.evaluate(width) == "1px", what
    chosen = page.locator(".segmented label:has(:checked)").first
    other = page.locator(".segmented label:not(:has(:checked))").first
    colour = "each => getComputedStyle(each).backgroundColor"
    assert chosen.evaluate(colour) != other.evaluate(colour)


def test_paper_shows_the_page_and_no_buttons(looking):
    page = looking.page(GALLERY)
    page.emulate_media(media="print")
    assert not page.get_by_role("button", name="Save").first.is_visible()
    assert not page.locator(".side").is_visible()
    assert page.get_by_role("heading", name="Gallery").is_visible()


def test_nothing_moves_where_that_is_asked_for(looking):
    page = looking.page(GALLERY, reduced_motion="reduce")
    moving = "[...document.querySelectorAll('*')].filter(each =>" \
        " getComputedStyle(each).transitionDuration !== '0s').length"  # fmt: skip
    assert page.evaluate(moving) == 0
