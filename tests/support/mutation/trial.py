"""One changed file and the tests that reach it, in a process of its own."""

from __future__ import annotations

import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, NamedTuple

from support.mutation.changes import Change

Verdict = Literal["caught", "survived", "endless", "unreached"]
VANISHED = 4  # pytest's exit code where a test is not there any more
CRASHED = "pytest itself"


class Trial(NamedTuple):
    """What became of a change, and which test said so."""

    change: Change
    verdict: Verdict
    by: str
    seconds: float


class Changed(SourceFileLoader):
    """Loads the changed text in place of the file's."""

    def __init__(self, name: str, path: str, text: bytes) -> None:
        super().__init__(name, path)
        self.text = text

    def get_code(self, fullname: str) -> Any:
        return compile(self.text, self.path, "exec", dont_inherit=True)


class Finder(importlib.abc.MetaPathFinder):
    """Finds one module changed; all others are found as ever."""

    def __init__(self, name: str, path: Path, text: bytes) -> None:
        self.name, self.path, self.text = name, path, text

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> Any:
        if fullname != self.name:
            return None
        loader = Changed(fullname, str(self.path), self.text)
        package = [str(self.path.parent)] if self.path.stem == "__init__" else None
        spec = ModuleSpec(fullname, loader, origin=str(self.path), is_package=package is not None)
        spec.submodule_search_locations = package
        spec.has_location = True
        return spec


def module_name(path: str) -> str:
    """src/tessera/rules/core/days.py is tessera.rules.core.days."""
    parts = Path(path).with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def run_tests(root: Path, tests: Sequence[str], plugins: Sequence[Any] = ()) -> int:
    """pytest in this process: the first failure ends it; nothing is written to the project.

    why  no shrinking, for a counterexample is enough; no clock in the verdict; the same examples
         for every change, so that a change is not caught by luck
    """
    import pytest
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutation", database=None, deadline=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate],
    )  # fmt: skip
    settings.load_profile("mutation")
    os.chdir(root)
    words = ["-x", "-q", "--no-header", "--no-summary", "-p", "no:cacheprovider",
             "--hypothesis-seed=1", "--assert=plain", "--tb=no", *tests]  # fmt: skip
    return int(pytest.main(words, plugins=list(plugins)))


class Last:
    """Remembers which test failed."""

    failed = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed:
            self.failed = report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.failed = report.nodeid


def watched(change: Change, reached: bool, limit_s: float, work: Callable[[], str]) -> Trial:
    """Do the work in a copy of this process: it says which test failed, "" if none did."""
    began = time.monotonic()
    if not reached:
        return Trial(change, "unreached", "", 0.0)
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _in_the_copy(work, writing)
    os.close(writing)
    ended = _wait(child, began + limit_s)
    with os.fdopen(reading) as pipe:
        by = pipe.read()
    seconds = time.monotonic() - began
    if ended is None:
        return Trial(change, "endless", "", seconds)
    verdict: Verdict = "caught" if by or os.waitstatus_to_exitcode(ended) else "survived"
    return Trial(change, verdict, by, seconds)


def _wait(child: int, until: float) -> int | None:
    """How the child ended; None if it had to be ended."""
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return status
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def _in_the_copy(work: Callable[[], str], writing: int) -> None:
    by = CRASHED
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        by = work()
    finally:
        os.write(writing, by.encode())
        os._exit(0)


def run_changed(root: Path, change: Change, rounds: Sequence[list[str]]) -> str:
    """Import everything anew with the changed file; the first test that fails, "" if none does.

    errors  RuntimeError if pytest could not run at all
    """
    path = root / change.path
    text = change.of(path.read_bytes())
    sys.meta_path.insert(0, Finder(module_name(change.path), path, text))
    for tests in rounds:
        last = Last()
        code = run_tests(root, tests, [last])
        if code == VANISHED and not last.failed:  # named after what has changed: all of its file
            code = run_tests(root, sorted({test.split("::")[0] for test in tests}), [last])
        if code:
            return last.failed or f"{CRASHED} {code}"
    return ""


def preload() -> None:
    """What is not ours is imported once, in the parent."""
    for name in ("hypothesis", "msgspec", "psycopg", "yaml", "litestar", "typer", "rich",
                 "alembic", "sqlalchemy", "dateutil.rrule", "pyarrow", "_pytest.assertion.rewrite",
                 "hypothesis.stateful", "structlog", "httpx"):  # fmt: skip
        if importlib.util.find_spec(name) is not None:
            importlib.import_module(name)
