"""One file of text as plain data, every value with the line it stands on.

A strict part of YAML: mappings, lists and scalars. Whole numbers, true, false and null are what
they look like, everything else is text (`facts_text.Plain`), 12.50 and dates too. Names of fields
are always text. There are no anchors, tags, tabs or second documents, and nothing is there twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml
from msgspec import Struct

from tessera.program.core.facts_text import Plain

MAX_BYTES = 1024 * 1024  # of a file
MAX_VALUES = 100_000  # in a file
MAX_DEPTH = 48
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the parser in C where it is built
_MEANT = {"true": True, "false": False}
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")  # what begins a new line in YAML


class Mistake(Struct, frozen=True, order=True):
    """What is wrong in a program's text: where, why, and what to do.

    file, line  from 1; field: the path inside the program, "" for a file as a whole
    """

    file: str
    line: int
    field: str
    why: str
    cure: str


@dataclass
class Marked:
    """A file that was read: its data, {path: line} of every value, and what is wrong with it.

    broken  it could not be read to its end
    """

    file: str
    data: Any = None
    broken: bool = False
    lines: dict[str, int] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def mistake(self, line: int, path: str, why: str, cure: str) -> None:
        """Note one."""
        self.mistakes.append(Mistake(self.file, line, path, why, cure))


class _Stop(Exception):  # not an error of ours: reading ends here
    """Nothing after this place can be read."""


def marked(file: str, raw: bytes) -> Marked:
    """Read one file; never raises, whatever the bytes are."""
    found = Marked(file)
    text = _decoded(found, raw)
    if text is None:
        found.broken = True
        return found
    builder = _Builder(found)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.YAMLError as wrong:
        _misread(found, wrong, text)
        found.broken = True
    except _Stop:
        found.broken = True
    if not found.mistakes and not found.lines:
        found.mistake(1, "", "the file is empty", "write something into it, or take it away")
    found.data = builder.data
    return found


def path_of(path: str, key: str | int) -> str:
    """The path of what lies inside: `rules[2]`, `rules[2].when`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def scalar_of(text: str) -> Any:
    """What an unquoted word means."""
    for tag, pattern in Plain.yaml_implicit_resolvers.get(text[:1], ()):
        if pattern.match(text):
            kind = tag.rpartition(":")[2]
            return int(text) if kind == "int" else _MEANT.get(text)
    return text


def _decoded(found: Marked, raw: bytes) -> str | None:
    """The text, without the mark that some editors put before it; None if it cannot be read."""
    if len(raw) > MAX_BYTES:
        found.mistake(1, "", f"the file has over {MAX_BYTES:,} bytes", "split it into several")
        return None
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as wrong:
        line = raw[: wrong.start].count(b"\n") + 1
        why = f"byte {wrong.start} ({raw[wrong.start]:#04x}) is not UTF-8"
        found.mistake(line, "", why, "save the file as UTF-8")
        return None
    if "\t" in text:
        for number, line_text in enumerate(text.split("\n"), 1):
            if "\t" in line_text:
                found.mistake(number, "", "there is a tab", "use spaces")
        return None
    return text


def _misread(found: Marked, wrong: yaml.YAMLError, text: str) -> None:
    mark = getattr(wrong, "problem_mark", None) or getattr(wrong, "context_mark", None)
    last = len(_BREAK.findall(text)) + 1
    line = min(mark.line + 1, last) if mark is not None else _odd_line(text, wrong)
    problem = getattr(wrong, "problem", None) or getattr(wrong, "reason", None) or "unreadable"
    cure = "check the indentation, the brackets and the quotes of this line and the one before"
    found.mistake(line, "", f"this cannot be read: {problem}", cure)


def _odd_line(text: str, wrong: yaml.YAMLError) -> int:
    """The line of a character that text does not have, such as a zero byte."""
    position = getattr(wrong, "position", 0) or 0
    return len(_BREAK.findall(text.encode()[:position].decode(errors="replace"))) + 1


class _Builder:
    """Data from the parser's events, without recursion: no text is too deep for it."""

    def __init__(self, found: Marked) -> None:
        self.found = found
        self.data: Any = None
        self._open: list[tuple[Any, str]] = []  # (container, its path)
        self._keys: list[str | None] = []  # of each open container: the name that waits
        self._values, self._documents = 0, 0

    def take(self, event: Any) -> None:
        """One event. Errors: _Stop where nothing after it can be read."""
        line = event.start_mark.line + 1
        match event:
            case yaml.DocumentStartEvent():
                self._document(event, line)
            case yaml.AliasEvent():
                self._wrong(line, "*" + event.anchor, "write the values out")
                self._put(None, line)
            case yaml.ScalarEvent():
                self._marks(event, line)
                self._scalar(event, line)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._marks(event, line)
                self._begin({} if isinstance(event, yaml.MappingStartEvent) else [], line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
                self._keys.pop()
            case _:
                return

    def _document(self, event: Any, line: int) -> None:
        self._documents += 1
        if self._documents > 1:
            self.found.mistake(line, "", "a second document begins", "use one file for each")
            raise _Stop
        if event.version is not None or event.tags:
            self.found.mistake(line, "", "there is a % directive", "take it away")

    def _marks(self, event: Any, line: int) -> None:
        if event.anchor is not None:
            self._wrong(line, f"&{event.anchor}", "take it away")
        if event.tag is not None:
            sign = event.tag.replace("tag:yaml.org,2002:", "!!")
            self._wrong(line, sign, "take it away: a value is what it looks like")

    def _wrong(self, line: int, sign: str, cure: str) -> None:
        self.found.mistake(line, self._path(), f"{sign[:40]} has no meaning here", cure)

    def _path(self) -> str:
        if not self._open:
            return ""
        inside, path = self._open[-1]
        key = len(inside) if isinstance(inside, list) else self._keys[-1]
        return path if key is None else path_of(path, key)

    def _scalar(self, event: Any, line: int) -> None:
        waits = self._open and isinstance(self._open[-1][0], dict) and self._keys[-1] is None
        if waits:
            self._name(event.value, line)
        else:
            plain = event.style is None or event.style == ""
            self._put(scalar_of(event.value) if plain else event.value, line)

    def _name(self, name: str, line: int) -> None:
        inside, path = self._open[-1]
        if name in inside:
            first = self.found.lines.get(path_of(path, name), line)
            why = f"{name[:64]} is here twice, first in line {first}"
            self.found.mistake(line, path_of(path, name), why, "take one of them away")
        self._keys[-1] = name

    def _begin(self, inside: Any, line: int) -> None:
        if len(self._open) >= MAX_DEPTH:
            why = f"this is nested more than {MAX_DEPTH} deep"
            self.found.mistake(line, "", why, "say it with fewer levels")
            raise _Stop
        if self._open and isinstance(self._open[-1][0], dict) and self._keys[-1] is None:
            self.found.mistake(line, self._path(), "a name is one word", "write name: value")
            raise _Stop
        path = self._path()
        self._put(inside, line)
        self._open.append((inside, path))
        self._keys.append(None)

    def _put(self, value: Any, line: int) -> None:
        self._values += 1
        if self._values > MAX_VALUES:
            why = f"the file has more than {MAX_VALUES:,} values"
            self.found.mistake(line, "", why, "a program is smaller than that")
            raise _Stop
        path = self._path()
        if not self._open:
            self.data = value
        elif isinstance(self._open[-1][0], list):
            self._open[-1][0].append(value)
        else:
            key, self._keys[-1] = self._keys[-1], None
            if key is None:  # an alias where a name should be; it has been noted
                raise _Stop
            self._open[-1][0].setdefault(key, value)
        self.found.lines.setdefault(path, line)
