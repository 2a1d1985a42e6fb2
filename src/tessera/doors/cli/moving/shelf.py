"""The mapping that Tessera's own example files are read by."""

from __future__ import annotations

from pathlib import Path

SHELF = Path(__file__).with_name("mappings")


def shipped() -> list[str]:
    """The names of the mappings that come with Tessera."""
    return sorted(path.stem for path in SHELF.glob("*.toml"))


def text_of(name: str) -> str:
    """The text of a shipped mapping."""
    return (SHELF / f"{name}.toml").read_text(encoding="utf-8")
