"""A rule put into a program's text, taken out of it, or added: the other files stay as they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tessera.program.core.text import HEAD, Place, Read
from tessera.program.core.writing import head_text, next_file, rule_text
from tessera.rules.core.words import Mechanic

Files = Mapping[str, str]
Mechanics = Mapping[str, type[Mechanic]]


def with_rule(files: Files, place: Place, data: Any, mechanics: Mechanics) -> dict[str, str]:
    """A rule's new data at its place. Nothing is written where it says the same already."""
    if place.data == data:
        return dict(files)
    name = place.file.file
    whole = data
    if place.index is not None:
        whole = [*place.file.data]
        whole[place.index] = data
    return {**files, name: comments(files[name]) + rule_text(whole, mechanics)}


def without_rule(files: Files, place: Place, mechanics: Mechanics) -> dict[str, str]:
    """Without a rule; a file goes with its last one."""
    name = place.file.file
    rest = list(place.file.data) if place.index is not None else []
    if place.index is not None:
        del rest[place.index]
    if not rest:
        return {path: text for path, text in files.items() if path != name}
    return {**files, name: comments(files[name]) + rule_text(rest, mechanics)}


def with_new_rule(files: Files, data: Mapping[str, Any], mechanics: Mechanics) -> dict[str, str]:
    """A rule more, behind all others."""
    return {**files, next_file(files, data): rule_text(dict(data), mechanics)}


def with_head(files: Files, read: Read, changes: Mapping[str, Any]) -> dict[str, str]:
    """Settings of the program written anew; None takes one away."""
    head = {**read.head.data, **changes}
    head = {name: value for name, value in head.items() if value is not None}
    if head == read.head.data:
        return dict(files)
    return {**files, HEAD: comments(files[HEAD]) + head_text(head)}


def comments(text: str) -> str:
    """The comments before a file's first line; all others are lost when it is written anew."""
    found = re.match(r"(?:[ ]*#[^\n]*\n|[ ]*\n)*", text)
    kept = found[0] if found else ""
    return kept if "#" in kept else ""


def loses_comments(text: str) -> bool:
    """Whether writing a file anew would lose comments."""
    rest = text[len(comments(text)) :]
    return bool(re.search(r"(?:^|\s)#", rest))
