"""Files that browsers may keep for ever: their names carry the hash of what is in them."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TYPES = {
    ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml", ".png": "image/png",
    ".js": "text/javascript; charset=utf-8", ".csv": "text/csv; charset=utf-8",
}  # fmt: skip
COMMON = "web"
_HERE = Path(__file__).parent / "static"
# `import {a} from "./other.js"` of the same folder, or "/web/forms.js" of the common one.
_IMPORT = re.compile(r"""((?:from|import)\s*\(?\s*)(["'])(\./|/web/)([\w-]+\.js)\2""")

_BLOCK = re.compile(r"^[ \t]*/\*.*?\*/[ \t]*$", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^[ \t]*//.*$", re.MULTILINE)
_INDENT = re.compile(r"^\s+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: its media type, its bytes, the same compressed."""

    media_type: str
    plain: bytes
    small: bytes


class Assets:
    """The files of a shell: those of its areas and the common ones.

    folders  {area: folder}
    prefix   where the shell serves them: "/console/static/"
    """

    def __init__(self, folders: Mapping[str, Path], prefix: str) -> None:
        self._prefix = prefix
        self._paths: dict[str, Path] = {}
        for area, folder in {COMMON: _HERE, **folders}.items():
            for path in sorted(folder.iterdir()):
                if path.suffix in TYPES:
                    self._paths[f"{area}/{path.name}"] = path
        self._names: dict[str, str] = {}
        self.served: dict[str, Asset] = {}
        for name in self._paths:
            self._make(name, ())

    def address(self, name: str) -> str:
        """Where "area/file.js" is. Errors: KeyError, there is none: its author's mistake."""
        return self._prefix + self._names[name]

    def add(self, name: str, plain: bytes) -> str:
        """Serve bytes that were made while running; the address. The same bytes, the same name."""
        stem, _, suffix = name.rpartition(".")
        told = f"{stem}.{hashlib.sha256(plain).hexdigest()[:12]}.{suffix}"
        if told not in self.served:
            self.served[told] = Asset(TYPES[f".{suffix}"], plain, squeezed(plain))
        return self._prefix + told

    def _make(self, name: str, within: tuple[str, ...]) -> str:
        """The address of a file, after those that it imports."""
        if name in self._names:
            return self.address(name)
        assert name not in within, f"{name} imports itself"
        path = self._paths[name]
        plain = lean(path.suffix, path.read_bytes())
        if path.suffix == ".js":
            area = name.partition("/")[0]

            def hashed(found: re.Match[str]) -> str:
                begin, quote, where, file = found.groups()
                other = f"{area if where == './' else COMMON}/{file}"
                return f"{begin}{quote}{self._make(other, (*within, name))}{quote}"

            plain = _IMPORT.sub(hashed, plain.decode()).encode()
        made = self.add(name.replace("/", "."), plain)
        self._names[name] = made.removeprefix(self._prefix)
        return made


def lean(suffix: str, plain: bytes) -> bytes:
    """A script or a style without what only its authors read: indents, lines that are comments.

    A template literal over several lines loses its indents too, and lines of it that begin with
    two slashes: write such texts elsewhere.
    """
    if suffix not in (".js", ".css"):
        return plain
    text = _BLOCK.sub("", plain.decode())
    text = _LINE.sub("", text) if suffix == ".js" else text
    return _INDENT.sub("", text).encode()


def squeezed(body: bytes, level: int = 6) -> bytes:
    """gzip, always the same bytes for the same input."""
    return gzip.compress(body, level, mtime=0)
