"""A program's directory on the disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tessera.program.core.marked import MAX_BYTES
from tessera.program.core.text import HEAD, MAX_FILES, RULES, TESTS

_KINDS = {"": (".yaml", ".yml"), RULES: (".yaml", ".yml"), TESTS: (".txt",)}


def read_directory(place: Path) -> dict[str, bytes]:
    """{path inside it: bytes} of the files a program consists of, and of those that look so.

    shape   a file is read up to a little over the largest that is allowed; `read_text` refuses it
    errors  OSError: there is no such directory, or a file in it cannot be read
    """
    if not place.is_dir():
        raise NotADirectoryError(20, "there is no such directory", str(place))
    found: dict[str, bytes] = {}
    for folder, endings in _KINDS.items():
        for path in sorted((place / folder).glob("*")) if (place / folder).is_dir() else ():
            if path.suffix in endings and path.is_file() and not path.name.startswith("."):
                with path.open("rb") as file:
                    found[_printable(folder + path.name)] = file.read(MAX_BYTES + 1)
            if len(found) > MAX_FILES:
                return found
    return found


def write_directory(place: Path, files: Mapping[str, str], *, replace: bool = False) -> int:
    """Write a program's files; how many. With `replace` the rules that were there go away.

    errors  FileExistsError: a program is there already and is not to be replaced; other OSErrors
    """
    if (place / HEAD).exists() and not replace:
        raise FileExistsError(17, "there is a program already", str(place))
    (place / RULES).mkdir(parents=True, exist_ok=True)
    for path in (place / RULES).glob("*.yaml"):
        path.unlink()
    for name, text in files.items():
        (place / name).write_text(text, encoding="utf-8")
    return len(files)


def _printable(name: str) -> str:
    """A file's name that can be printed, whatever bytes the disk holds."""
    return name.encode("utf-8", "backslashreplace").decode()
