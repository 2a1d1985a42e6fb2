"""How the documents are read and run: fenced blocks, one shell per page, a real server."""

from __future__ import annotations

import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "src/tessera"
DOCS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted(HOUSE.rglob("README.md")),
]
ADDRESS = "127.0.0.1:8321"
END = "<<end of command>>"
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: the words after its fence, and its text."""

    words: tuple[str, ...]
    text: str


def fenced(path: Path) -> list[Block]:
    text = path.read_text(encoding="utf-8")
    return [Block(tuple(words.split()), body) for words, body in FENCE.findall(text)]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def pages(*kinds: tuple[str, ...]) -> list:
    """The documents that hold a block of one of these kinds."""
    return [
        pytest.param(path, id=name_of(path))
        for path in DOCS
        if any(block.words[: len(kind)] == kind for block in fenced(path) for kind in kinds)
    ]


class Shell:
    """One shell for a page: what one command exports the next one has."""

    def __init__(self, env: dict[str, str], cwd: Path) -> None:
        self._bash = subprocess.Popen(
            ["bash"], env=env, cwd=cwd, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, command: str) -> str:
        """The output of a command. Errors: AssertionError if it fails."""
        assert self._bash.stdin and self._bash.stdout
        self._bash.stdin.write(f"{command}\nprintf '\\n%s %s\\n' '{END}' $?\n")
        self._bash.stdin.flush()
        lines: list[str] = []
        for line in self._bash.stdout:
            if line.startswith(END):
                said = "".join(lines).strip("\n")
                assert line.split()[-1] == "0", f"{command}\n{said}"
                return said
            lines.append(line)
        raise AssertionError(f"the shell ended at {command}\n{''.join(lines)}")

    def close(self) -> None:
        assert self._bash.stdin and self._bash.stdout
        self._bash.stdin.close()
        self._bash.wait(timeout=10)
        self._bash.stdout.close()


@contextmanager
def listening(env: dict[str, str]) -> Iterator[str]:
    """`tessera serve` on a free port, ready."""
    with free_port() as port:
        pass
    address = f"127.0.0.1:{port}"
    process = subprocess.Popen(
        ["tessera", "serve", "--port", str(port)], env=env, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    try:
        wait_ready(address, process)
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=30)


@contextmanager
def free_port() -> Iterator[int]:
    """A port that is free now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]


def wait_ready(address: str, process: subprocess.Popen[str]) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    for _ in range(300):
        assert process.poll() is None, "tessera serve ended"
        try:
            with opener.open(f"http://{address}/ready", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("not ready within 30 s")


def said_as(shown: str, got: str) -> bool:
    """Whether the output is what is shown; `...` stands for any text."""
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("..."))
    return re.fullmatch(pattern, got.strip(), re.DOTALL) is not None


def holds(shown: object, got: object) -> bool:
    """Whether the answer has at least what is shown."""
    if shown == "...":
        return True
    if isinstance(shown, dict):
        return isinstance(got, dict) and all(
            key in got and holds(value, got[key]) for key, value in shown.items()
        )
    if isinstance(shown, list):
        return (
            isinstance(got, list)
            and len(shown) == len(got)
            and all(holds(a, b) for a, b in zip(shown, got, strict=True))
        )
    return shown == got and type(shown) is type(got)
