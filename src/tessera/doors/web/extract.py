"""Which sentences an area says, and which of them its catalogues lack.

    python -m tessera.doors.web.extract             tell what is missing, everywhere
    python -m tessera.doors.web.extract --write     add it to the catalogues, untranslated
    python -m tessera.doors.web.extract members     only of folders of this name

Sentences come from `_()`, `gettext()`, `ngettext()` and `N_()` in the area's Python and templates.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po

from tessera.doors.language.words import LANGUAGES, PLURALS, SOURCE

_DOORS = Path(__file__).parents[1]
_KEYWORDS = {"_": None, "N_": None, "gettext": None, "ngettext": (1, 2)}
_OPTIONS = {
    "trim_blocks": "true", "lstrip_blocks": "true", "newstyle_gettext": "true", "silent": "false",
}  # fmt: skip
_NAMES = re.compile(r"%\((\w+)\)")
Sentence = str | tuple[str, str]


def folders() -> list[Path]:
    """Every folder of the doors that says sentences: it has pages, or words of its own."""
    found = {path.parent for path in _DOORS.rglob("words") if path.is_dir()}
    return sorted(found | {path.parent for path in _DOORS.rglob("areas/*/pages.py")})


@cache
def said(folder: Path) -> dict[Sentence, str]:
    """The sentences of a folder, each with where it is said first."""
    others = [other for other in folders() if other != folder and other.is_relative_to(folder)]
    found: dict[Sentence, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".py", ".html") or any(map(path.is_relative_to, others)):
            continue
        for sentence, line in _of(path):
            found.setdefault(sentence, f"{path.relative_to(folder)}:{line}")
    return found


def _of(path: Path) -> Iterator[tuple[Sentence, int]]:
    method, options = ("python", {}) if path.suffix == ".py" else ("jinja2", _OPTIONS)
    for line, message, _, _ in extract_from_file(method, path, _KEYWORDS, options=options):
        if isinstance(message, str):
            yield message, line
        else:
            yield (message[0], message[1]), line


def written(folder: Path, language: str) -> Catalog:
    """The catalogue of a folder; an empty one where there is none."""
    path = folder / "words" / f"{language}.po"
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as text:
        return read_po(text, locale=language)


def faults(folder: Path, language: str) -> list[str]:
    """What is wrong with a folder's catalogue: missing, fuzzy, half a plural, other names."""
    catalogue, found = written(folder, language), []
    forms = 1 + max(int(digit) for digit in re.findall(r"[:?] ?(\d)", PLURALS[language]) or "0")
    forms = {"it": 2, "zh": 1}.get(language, forms)
    for sentence, where in said(folder).items():
        message = catalogue.get(sentence if isinstance(sentence, str) else sentence[0])
        if message is None or not message.string or message.fuzzy:
            found.append(f"{where}: not translated: {sentence!r}")
            continue
        told = [message.string] if isinstance(message.string, str) else list(message.string)
        plural = not isinstance(sentence, str)
        if plural and (len(told) != forms or not all(told)):
            found.append(f"{where}: {forms} forms, not {len(told)}: {sentence!r}")
        wants = set(_NAMES.findall(sentence if isinstance(sentence, str) else sentence[1]))
        for each in told:
            names = set(_NAMES.findall(each))
            # A form for one or for few may leave the number out; no form may name another.
            if names - wants or (not plural and names != wants):
                found.append(f"{where}: names {names}, not {wants}: {sentence!r}")
    return found


def add(folder: Path, language: str) -> int:
    """Write what is missing into the catalogue, untranslated, and take out what nobody says."""
    catalogue, sentences = written(folder, language), said(folder)
    before = len(catalogue)
    known = {s if isinstance(s, str) else s[0] for s in sentences}
    for message in list(catalogue):
        key = message.id if isinstance(message.id, str) else message.id[0]
        if key and key not in known:
            catalogue.delete(key)
    for sentence, where in sentences.items():
        key = sentence if isinstance(sentence, str) else sentence[0]
        if catalogue.get(key) is None:
            catalogue.add(sentence, locations=[(where.rpartition(":")[0], 0)])
    path = folder / "words" / f"{language}.po"
    path.parent.mkdir(exist_ok=True)
    text = BytesIO()
    write_po(text, catalogue, width=0, include_lineno=False)
    lines = text.getvalue().decode().lstrip().splitlines(keepends=True)
    told = "".join(line for line in lines if not line.startswith(_EMPTY))
    path.write_text(told, encoding="utf-8")
    return len(catalogue) - before


# Fields of the head that the library fills with placeholders, and the day of writing.
_EMPTY = tuple(
    f'"{field}' for field in ("Project-Id", "Report-", "POT-", "PO-", "Last-", "Language-Team",
                              "Generated-By")
)  # fmt: skip


def main(words: list[str]) -> int:
    """Tell, or write."""
    wrong = 0
    named = [word for word in words if not word.startswith("--")]
    for folder in folders():
        if named and not any(word in folder.parts for word in named):
            continue
        for language in LANGUAGES:
            if language == SOURCE:
                continue
            if "--write" in words:
                add(folder, language)
            for fault in faults(folder, language):
                wrong += 1
                sys.stdout.write(f"{folder.relative_to(_DOORS)} {language}: {fault}\n")
    sys.stdout.write(f"{wrong} sentences want work\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
