"""Areas: a folder with its pages, templates, files and words is all that one more page needs."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from tessera.doors.web.page import Page


@dataclass(frozen=True, slots=True)
class Areas:
    """What a shell is made of: the folder of each area, and all pages by their names."""

    folders: Mapping[str, Path]
    pages: tuple[Page, ...]


def areas_of(package: ModuleType) -> Areas:
    """Every area below a package: its `pages` module offers `PAGES`.

    errors  AssertionError: two pages share a name or an address, or a page is not of its area
    """
    folders: dict[str, Path] = {}
    pages: list[Page] = []
    for found in pkgutil.iter_modules(package.__path__):
        if not found.ispkg or not (Path(package.__path__[0]) / found.name / "pages.py").is_file():
            continue
        module = importlib.import_module(f"{package.__name__}.{found.name}.pages")
        assert module.__file__ is not None
        folders[found.name] = Path(module.__file__).parent
        for page in module.PAGES:
            assert page.area == found.name, f"{page.name} lies in the area {found.name}"
            pages.append(page)
    for word in ("name", "path"):
        said = [getattr(page, word) for page in pages]
        twice = {each for each in said if said.count(each) > 1}
        assert not twice, f"two pages with the same {word}: {twice}"
    return Areas(folders, tuple(sorted(pages, key=lambda page: page.name)))
