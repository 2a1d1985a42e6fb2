"""A served application in tenths of a second: a process that has it in memory forks it.

What is forked is a process of its own like any other: its sockets, its connections, its SIGKILL.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from support.served import Served

TESTS = Path(__file__).parents[1]


class Child:
    """A process that was forked elsewhere; as much of `Popen` as `Served` asks for."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        """None while it lives. Its status is not known here."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def wait(self, timeout: float) -> None:
        """Until it has ended. Errors: TimeoutExpired."""
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired("tessera serve", timeout)
            time.sleep(0.001)

    def send_signal(self, number: int) -> None:
        """Unless it has ended already."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Forker:
    """The process that forks.

    key_file  of the installation that the test's own process is of: there is one in a process
    """

    def __init__(self, key_file: Path) -> None:
        self.key_file = key_file
        env = {**os.environ, "TESSERA_KEY_FILE": str(key_file)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "support.forking"], cwd=TESTS, text=True, env=env,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def start(self, env: dict[str, str], log: Path) -> Child:
        """`tessera serve` in this environment."""
        asks, says = self._process.stdin, self._process.stdout
        assert asks is not None and says is not None
        asks.write(json.dumps({"env": env, "log": str(log)}) + "\n")
        asks.flush()
        return Child(int(says.readline()))

    def close(self) -> None:
        """It ends, and what it has forked last with it."""
        self._process.communicate(timeout=10)


class Forked(Served):
    """A served application whose starts are forks. Long tasks are nobody's here."""

    def __init__(self, forker: Forker, data_dir: Path, dsn: str) -> None:
        super().__init__(data_dir, dsn)
        self._forker = forker
        self._env |= {
            "TESSERA_WORKER": "elsewhere", "TESSERA_KEY_FILE": str(forker.key_file),
            "TESSERA_STRANGERS": "10000",
        }  # fmt: skip

    def _begin(self) -> Any:
        return self._forker.start(self._env, self.log)


@contextmanager
def forking(key_file: Path) -> Iterator[Forker]:
    """A process that forks, for a test."""
    forker = Forker(key_file)
    try:
        yield forker
    finally:
        forker.close()


def _serve(env: dict[str, str], log: str) -> None:
    """In the forked process: as the command serves, in an environment of its own."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, path, how in (
        (0, os.devnull, os.O_RDONLY),
        (1, log, os.O_WRONLY | os.O_APPEND | os.O_CREAT),
        (2, log, os.O_WRONLY | os.O_APPEND | os.O_CREAT),
    ):
        os.dup2(os.open(path, how), number)
    os.environ.clear()
    os.environ.update(env)
    from tessera.app import settings  # all of it is in memory already
    from tessera.doors import logs
    from tessera.doors.cli import serving
    from tessera.doors.ground import ground

    logs.configure("json")
    own = settings()
    serving.listen(ground(own), serving.listening(own.host, own.port))


def warm() -> None:
    """All that a start imports is here, and the reference, which is the same each time, written."""
    from tessera.app import settings
    from tessera.doors import site
    from tessera.doors.cli import serving
    from tessera.doors.ground import Ground
    from tessera.doors.openapi import document
    from tessera.doors.till import OPERATIONS

    serving.config(Ground(settings(), "", None), "127.0.0.1", 0)
    written = document(OPERATIONS)
    vars(site)["document"] = lambda _: written


def main() -> None:
    """Import the application once, then fork it whenever a line asks for it."""
    warm()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # what has ended leaves nothing behind
    gc.freeze()
    pid = 0
    for line in sys.stdin:
        told = json.loads(line)
        pid = os.fork()
        if not pid:
            _serve(told["env"], told["log"])
            os._exit(0)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()
    with suppress(ChildProcessError):  # whoever asked has ended, perhaps without a word
        if pid and os.waitpid(pid, os.WNOHANG) == (0, 0):
            os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    main()
