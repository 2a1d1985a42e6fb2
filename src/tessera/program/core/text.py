"""A program as a directory of text: read whole, every mistake with its file and line.

```
program.yaml      name, currency, settings, numbers, groups, attributes, events, control, caps
rules/*.yaml      a rule, or a list of rules; they are asked in the order of files, then of lines
tests/*.txt       receipts that the whole program must print: see `rehearsal`
```
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tessera.program.core.marked import MAX_BYTES, Marked, Mistake, marked
from tessera.program.core.reader import MAX_RULES, Reader
from tessera.rules.core.words import Program

HEAD, RULES, TESTS = "program.yaml", "rules/", "tests/"
MAX_FILES = 2 * MAX_RULES
MAX_WHOLE = 4 * MAX_BYTES  # bytes of all files together
_RULE = re.compile(r"rules\[(\d+)\]\.?")


@dataclass(frozen=True)
class Place:
    """Where a rule stands: in a file of its own, or at a place in a list (from 0)."""

    file: Marked
    index: int | None

    @property
    def path(self) -> str:
        """Its path inside the file."""
        return "" if self.index is None else f"[{self.index}]"

    @property
    def data(self) -> Any:
        """What it says."""
        return self.file.data if self.index is None else self.file.data[self.index]


@dataclass
class Read:
    """A directory that was read.

    body     the program as data; None where it cannot be put together
    program  None where there is any mistake
    tests    {file: its text}
    rules    where each rule of the body stands
    """

    body: dict[str, Any] | None = None
    program: Program | None = None
    mistakes: list[Mistake] = field(default_factory=list)
    tests: dict[str, str] = field(default_factory=dict)
    head: Marked = field(default_factory=lambda: Marked(HEAD))
    rules: list[Place] = field(default_factory=list)

    def rule_at(self, rule: str) -> tuple[str, int]:
        """(file, line) of a rule by its id; of the head for ""."""
        for place in self.rules:
            if isinstance(place.data, dict) and place.data.get("id") == rule:
                return place.file.file, place.file.lines.get(place.path, 1)
        return HEAD, 1

    def mistake_at(self, path: str, why: str, cure: str) -> Mistake:
        """A fault of the program as data, at its place in the text."""
        found = _RULE.match(path)
        if path == "rules" and self.rules:
            place, inside = self.rules[-1], self.rules[-1].path
        elif found and int(found[1]) < len(self.rules):
            place = self.rules[int(found[1])]
            rest = path[found.end() :]
            inside = f"{place.path}.{rest}" if place.path and rest else place.path or rest
        else:
            place, inside = Place(self.head, None), path
        return Mistake(place.file.file, _nearest(place.file, inside), inside, why, cure)


def read_text(files: Mapping[str, bytes], reader: Reader) -> Read:
    """Read a program from its files, {path inside its directory: bytes}. It never raises."""
    found = Read()
    partly = _take_files(found, files)
    if isinstance(found.head.data, dict) and not found.head.broken:
        found.body = {**found.head.data, "rules": [place.data for place in found.rules]}
        program, faults = reader.examine(found.body, 0, partly=partly)
        found.mistakes += [found.mistake_at(each.path, each.why, each.cure) for each in faults]
        found.program = None if found.mistakes else program
    found.mistakes = sorted(set(found.mistakes))
    return found


def _take_files(found: Read, files: Mapping[str, bytes]) -> bool:
    """Parse them; True if some rules could not be read at all."""
    too_much = len(files) > MAX_FILES or sum(map(len, files.values())) > MAX_WHOLE
    if too_much or HEAD not in files:
        why = f"there is no {HEAD}"
        cure = "it holds at least `name:` and `currency:`; is this the program's directory?"
        if too_much:
            why = f"a program has at most {MAX_FILES:,} files and {MAX_WHOLE:,} bytes"
            cure = "take away what does not belong to it"
        found.mistakes.append(Mistake(HEAD, 1, "", why, cure))
        return True
    found.head = marked(HEAD, files[HEAD])
    _take_head(found)
    partly = False
    for name in sorted(files):
        if name.startswith(RULES) and name.endswith(".yaml"):
            partly |= _take_rules(found, marked(name, files[name]))
        elif name.startswith(TESTS) and name.endswith(".txt"):
            _take_test(found, name, files[name])
        elif name != HEAD:
            why, cure = "this file is not read", f"name it {RULES}*.yaml or {TESTS}*.txt"
            found.mistakes.append(Mistake(name, 1, "", why, cure))
    return partly


def _take_head(found: Read) -> None:
    head = found.head
    found.mistakes += head.mistakes
    if head.broken or not head.lines:
        return
    if not isinstance(head.data, dict):
        found.mistakes.append(Mistake(HEAD, 1, "", "the program is a mapping", "write name: value"))
    elif "rules" in head.data:
        line = head.lines.get("rules", 1)
        cure = f"put each into a file {RULES}NAME.yaml"
        found.mistakes.append(Mistake(HEAD, line, "rules", "rules have files of their own", cure))


def _take_rules(found: Read, file: Marked) -> bool:
    """True if the file cannot be read."""
    found.mistakes += file.mistakes
    if file.broken or not file.lines:
        return True
    if isinstance(file.data, list):
        found.rules += [Place(file, i) for i in range(len(file.data))]
    elif isinstance(file.data, dict):
        found.rules.append(Place(file, None))
    else:
        why, cure = "this is no rule", "write id, mechanic and its fields"
        found.mistakes.append(Mistake(file.file, 1, "", why, cure))
        return True
    return False


def _take_test(found: Read, name: str, raw: bytes) -> None:
    try:
        found.tests[name] = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as wrong:
        line = raw[: wrong.start].count(b"\n") + 1
        why = f"byte {wrong.start} is not UTF-8"
        found.mistakes.append(Mistake(name, line, "", why, "save the file as UTF-8"))


def _nearest(file: Marked, path: str) -> int:
    """The line of a value, or of what it would stand in if it is not there."""
    while path and path not in file.lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return file.lines.get(path, 1)


def in_lines(mistakes: list[Mistake]) -> Iterator[str]:
    """Mistakes as people read them: place and reason, below it the cure."""
    for each in mistakes:
        field = f"{each.field}: " if each.field else ""
        yield f"{each.file}:{each.line}  {field}{each.why}"
        yield f"    {each.cure}"
