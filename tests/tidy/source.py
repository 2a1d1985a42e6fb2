"""The text of Tessera as the tidy tests see it.

A check is a function from a file's text to complaints; a test runs it over the tree and, beside
that, over a bad snippet, because a check that cannot fail is worth nothing.
"""

import ast
import subprocess
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[2]
HOUSE = "src/tessera/"

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Source:
    """One file: where it stands in the repository, and what it says."""

    path: str  # from the root of the repository, with slashes
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.path)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def room(self) -> str:
        """The first word below src/tessera: a room, or a file's name without .py."""
        rest = self.path.removeprefix(HOUSE)
        return "" if rest == self.path else rest.split("/")[0].removesuffix(".py")

    @property
    def floors(self) -> set[str]:
        """The words of the path below the room: core.py and core/lots.py both have `core`."""
        return set(PurePosixPath(self.path.removeprefix(HOUSE)).with_suffix("").parts[1:])

    @property
    def pure(self) -> bool:
        """A core or a mechanic: it decides, and touches nothing."""
        return self.room != "" and bool(self.floors & {"core", "mechanics"})

    def at(self, node: ast.AST) -> str:
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


Check = Callable[[Source], Iterable[str]]


def tracked() -> list[Path]:
    """Every file that is ours: in git or about to be. Without git (an unpacked archive), none."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    names = listing.stdout.decode().split("\0") if listing.returncode == 0 else []
    return [path for name in sorted(filter(None, names)) if (path := ROOT / name).is_file()]


def sources(*folders: str, kind: str = ".py") -> Iterator[Source]:
    """The files of one kind below these folders; a folder that is not there yet has none."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(f"*{kind}")):
            name = path.relative_to(ROOT).as_posix()
            yield Source(name, path.read_text(encoding="utf-8"))


def complaints(check: Check, files: Iterable[Source]) -> list[str]:
    """What the check has to say about these files; a test asserts that it is nothing."""
    return [complaint for file in files for complaint in check(file)]


def bites(check: Check, path: str, text: str) -> bool:
    """Whether the check complains about this text at this place."""
    return bool(list(check(Source(path, text))))


def called(node: ast.AST) -> str:
    """The last word of what is called: `now` for `datetime.now()`, "" when nothing is called."""
    match node:
        case ast.Call(func=ast.Name(id=name)) | ast.Call(func=ast.Attribute(attr=name)):
            return name
    return ""


def docstrings(tree: ast.Module) -> set[ast.AST]:
    """The nodes of all docstrings: text for people, which no check of strings means."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | Definition) and ast.get_docstring(node) is not None:
            first = node.body[0]
            assert isinstance(first, ast.Expr)
            found.add(first.value)
    return found


def strings(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    """Every string, docstrings aside; f-strings and sums of strings joined, their values as {}."""
    skip = docstrings(tree)
    for node in ast.walk(tree):
        if node in skip or not isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
            continue
        text = _said(node)
        if text.strip("{}"):
            yield node, text


def _said(node: ast.expr) -> str:
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_said(part) or "{}" for part in parts)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            sides = (_said(left), _said(right))
            return "".join(side or "{}" for side in sides) if any(sides) else ""
        case ast.BinOp(left=left, op=ast.Mod()):
            return _said(left)
    return ""
