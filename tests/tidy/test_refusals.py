"""Every code of a refusal has words in every language: what it means and what helps."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tessera.base.refusal import Refusal
from tessera.doors.language.refusals import refused
from tessera.doors.language.words import LANGUAGES, catalogue

SOURCE = Path(__file__).parents[2] / "src" / "tessera"
OTHERS = [language for language in LANGUAGES if language != "en"]
# Put together: `card_{status}`, `{kind}_not_offered`; what a silent payment rule says.
MADE = {
    "card_blocked", "card_replaced", "transfer_not_offered", "gift_not_offered",
    "donation_not_offered", "exchange_not_offered", "nothing_to_pay", "points_below_step",
    "not_registered", "not_asked",
}  # fmt: skip


def refusals(tree: ast.Module) -> Iterator[tuple[str, ast.expr | None]]:
    """(code, what it says why) of each that is written down in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal" and node.args:
            why = node.args[2] if len(node.args) > 2 else next(
                (each.value for each in node.keywords if each.arg == "why"), None
            )  # fmt: skip
            codes = [node.args[0]]
            if isinstance(codes[0], ast.IfExp):
                codes = [codes[0].body, codes[0].orelse]
            for code in codes:
                if isinstance(code, ast.Constant):
                    yield str(code.value), why


def codes() -> dict[str, str]:
    """{code: a file that says it}; what a page says in the reader's language itself is apart."""
    found = dict.fromkeys(MADE, "made")
    for path in sorted(SOURCE.rglob("*.py")):
        own = "areas" in path.parts
        for code, why in refusals(ast.parse(path.read_text(encoding="utf-8"))):
            if not (own and isinstance(why, ast.Call | ast.Name)):
                found.setdefault(code, path.relative_to(SOURCE).as_posix())
    return found


def has_words(code: str, language: str) -> bool:
    words = catalogue(language)
    return all(words.said(f"refused: {part}", code) is not None for part in ("why", "cure"))


@pytest.mark.parametrize("language", OTHERS)
def test_every_code_has_words(language):
    missing = [f"{code} ({place})" for code, place in codes().items()
               if not has_words(code, language)]  # fmt: skip
    assert not missing, (
        f"write why and cure in src/tessera/base/words/{language}.po:\n" + "\n".join(missing)
    )


@pytest.mark.parametrize("language", OTHERS)
def test_a_refusal_is_told_in_the_readers_language(language):
    said = refused(Refusal("points_short", "spend", "5 asked, 3 there", "ask for 3"), language)
    assert said.code == "points_short" and said.field == "spend"
    assert "asked" not in f"{said.why} {said.cure}" and said.why and said.cure


def test_english_is_the_refusal_itself_as_sentences():
    said = refused(Refusal("points_short", "", "5 asked, 3 there", "ask for 3."), "en")
    assert (said.why, said.cure) == ("5 asked, 3 there.", "Ask for 3.")


def test_a_code_without_words_keeps_its_own():
    said = refused(Refusal("nobody_knows_it", "", "è già così", ""), "it")
    assert (said.why, said.cure) == ("È già così.", "")
