"""`python -m tessera.doors.cli.tasks`: a worker whose settings come by its standard input."""

from __future__ import annotations

import asyncio
import os
import sys

from tessera.base.problem import PostgresProblem
from tessera.doors import logs
from tessera.doors.cli.tasks.worker import IDLE_S, be_modest, work
from tessera.doors.ground import ground
from tessera.doors.raising import settings_from


def main() -> int:
    """0: there is nothing to do any more; 1: another one is needed."""
    logs.configure("json")
    settings = settings_from(sys.stdin.buffer.read())
    be_modest()
    try:
        base = ground(settings, migrate=False)
    except PostgresProblem as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    asyncio.run(work(base, idle_s=IDLE_S, parent=os.getppid()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
