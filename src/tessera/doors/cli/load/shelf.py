"""Mappings from the shelf or a file of yours. Nothing heavy is loaded for it: doors may ask too."""

from __future__ import annotations

from pathlib import Path

from tessera.base.refusal import Refusal
from tessera.doors.cli.load.mapping import Mapping, parse

SHELF = Path(__file__).with_name("mappings")


def mapping_of(name_or_file: str) -> Mapping | Refusal:
    """A shipped mapping by its name, or one of yours by its path (it ends in .toml)."""
    own = name_or_file.endswith(".toml")
    path = Path(name_or_file) if own else SHELF / f"{name_or_file}.toml"
    if not own and name_or_file not in shipped():
        return Refusal(
            "mapping_unknown", "--mapping", f"there is no mapping called {name_or_file}",
            f"shipped are {', '.join(shipped())}; or name a .toml file of yours",
        )  # fmt: skip
    try:
        return parse(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError) as wrong:
        return Refusal("mapping_unreadable", "--mapping", f"{path}: {wrong}", "name another file")


def shipped() -> list[str]:
    """The names of the mappings that come with Tessera."""
    return sorted(path.stem for path in SHELF.glob("*.toml"))


def text_of(name: str) -> str:
    """The text of a shipped mapping."""
    return (SHELF / f"{name}.toml").read_text(encoding="utf-8")
