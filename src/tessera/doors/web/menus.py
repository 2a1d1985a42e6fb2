"""The menu of a shell for whoever is there: what he may not open is not in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tessera.doors.language.words import N_
from tessera.doors.web.page import Group, Menu, Page
from tessera.doors.web.visit import Visit

GROUPS: dict[Group, str] = {
    "work": N_("Work"), "program": N_("Program"), "control": N_("Control"), "tabs": "",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Item:
    """An entry. `current` of the page that is shown, and of those below it."""

    label: str
    href: str
    icon: str
    current: bool


@dataclass(frozen=True, slots=True)
class Block:
    """Entries under a heading."""

    label: str
    items: tuple[Item, ...]


def menu_of(pages: Sequence[Page], visit: Visit) -> tuple[Block, ...]:
    """The blocks that have an entry for this visit."""
    if visit.who is None:
        return ()
    told, blocks = visit.local.gettext, []
    for group, label in GROUPS.items():
        found = [
            (page.menu, page) for page in pages
            if page.menu is not None and page.menu.group == group and page.lets(visit.may)
        ]  # fmt: skip
        found.sort(key=_order)
        items = tuple(
            Item(told(menu.label), page.path, menu.icon, page.area == visit.page.area)
            for menu, page in found
        )
        if items:
            blocks.append(Block(told(label) if label else "", items))
    return tuple(blocks)


def _order(found: tuple[Menu, Page]) -> int:
    return found[0].order
