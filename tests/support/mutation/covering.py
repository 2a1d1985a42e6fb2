"""Which test runs which line: one run of the tests under coverage, each test a context."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import coverage
import msgspec
import pytest

from support.mutation.trial import Last, run_tests


class Covering(NamedTuple):
    """lines  {file: {line: tests that run it}}; seconds: {test: how long it took}"""

    lines: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    def tests(self, path: str, first: int, last: int) -> list[str]:
        """The tests that reach these lines; for what runs once, at import, all of the file's."""
        of_file = self.lines.get(path, {})
        near = {test for line in range(first, last + 1) for test in of_file.get(line, ()) if test}
        return sorted(near or {test for tests in of_file.values() for test in tests if test})


class Contexts:
    """Tells coverage which test is running."""

    def __init__(self, recorder: coverage.Coverage) -> None:
        self.recorder = recorder
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        began = time.monotonic()
        self.recorder.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self.recorder.switch_context("")
            self.seconds[item.nodeid] = time.monotonic() - began


def cover(root: Path, folders: Sequence[str], tests: Sequence[str], into: Path) -> None:
    """Run the tests and write who runs what; errors: SystemExit where a test fails."""
    recorder = coverage.Coverage(
        data_file=None, config_file=False, source=[str(root / folder) for folder in folders]
    )
    plugin, last = Contexts(recorder), Last()
    recorder.start()
    code = run_tests(root, tests, [plugin, last])
    recorder.stop()
    if code:
        sys.exit(f"the tests fail on the code as it is ({code}): {last.failed}")
    told: dict[str, Any] = {}
    data = recorder.get_data()
    for path in data.measured_files():
        name = Path(path).relative_to(root).as_posix()
        told[name] = data.contexts_by_lineno(path)
    into.write_bytes(msgspec.json.encode(Covering(told, plugin.seconds)))


def read(path: Path) -> Covering:
    """What `cover` wrote."""
    return msgspec.json.decode(path.read_bytes(), type=Covering)
