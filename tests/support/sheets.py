"""What a browser sends of a rule's form that nobody has touched."""

from __future__ import annotations

from collections.abc import Iterator

from tessera.doors.console.areas.rules.boxes import Box, Branch, Sheet


def sent(sheet: Sheet) -> dict[str, list[str]]:
    """{name of a control: its values}, without boxes that are not ticked."""
    found: dict[str, list[str]] = {}
    for name, value in _sheet(sheet):
        found.setdefault(name, []).append(value)
    return found


def _sheet(sheet: Sheet) -> Iterator[tuple[str, str]]:
    yield "mechanic", sheet.mechanic
    yield ":other", sheet.other
    for box in (*sheet.own, *sheet.common):
        yield from _box(box)
    yield from _branch(sheet.tree)


def _branch(branch: Branch) -> Iterator[tuple[str, str]]:
    yield f"{branch.name}:kind", branch.kind
    if branch.bare:
        yield f"{branch.name}:bare", "1"
    if not branch.kind:
        yield f"{branch.name}:raw", branch.raw
    if branch.other:
        yield f"{branch.name}:other", branch.other
    for box in branch.boxes:
        yield from _box(box)
    for part in branch.parts:
        yield from _branch(part)


def _box(box: Box) -> Iterator[tuple[str, str]]:
    if box.said:
        yield f"{box.name}:said", "1"
    if box.raw or box.told.control == "raw":
        yield f"{box.name}:raw", box.value
    elif box.told.control in ("yes_no", "choices"):
        yield from _ticks(box)
    elif box.told.control in ("settings", "several"):
        yield from _inside(box)
    else:
        yield box.name, box.value


def _ticks(box: Box) -> Iterator[tuple[str, str]]:
    if box.told.control == "yes_no":
        yield f"{box.name}:there", "1"
        yield from ((box.name, each) for each in box.picked)
    elif box.said:
        yield f"{box.name}:was", ",".join(box.picked)
        yield from ((box.name, each) for each in box.picked)


def _inside(box: Box) -> Iterator[tuple[str, str]]:
    if box.told.control == "settings":
        if box.said and box.told.usual is None and not box.told.required:
            yield f"{box.name}:on", "1"
        for each in box.inside:
            yield from _box(each)
    for at, item in enumerate(box.items):
        yield f"{box.name}.{at}:item", "1"
        for each in item:
            yield from _box(each)
