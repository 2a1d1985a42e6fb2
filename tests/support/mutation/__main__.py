"""`python -m support.mutation [--sample N] [--seed N] [--keep FILE] [folders]`: the mutation score.

Changes are drawn from every file in proportion to what can be changed there, with a seed; each is
tried against the tests that reach its lines, and all of it is told file by file.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from bisect import bisect
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import accumulate, islice
from pathlib import Path

import msgspec

from support.mutation.changes import Change, changes, sound
from support.mutation.covering import Covering, cover, read
from support.mutation.table import table
from support.mutation.trial import Trial, preload, run_changed, watched
from support.mutation.warm import try_warm

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("src/tessera/rules", "src/tessera/ledger/core", "src/tessera/ledger/proof/core.py")
TESTS = ("tests/laws", "tests/receipts", "tests/tidy/test_mechanics.py",
         "tests/tidy/test_conditions.py",
         "tests/doors/test_docs.py::test_the_reference_is_what_the_shelves_hold",
         "tests/faults/test_simulation.py::test_every_life_keeps_the_laws",
         # another process, which would run the file as it is; tests of the demo's shop
         "--ignore=tests/receipts/test_outside.py", "--ignore=tests/laws/test_shop.py",
         "--ignore=tests/laws/test_likeness.py")  # fmt: skip
KILLERS = 5  # tests that have caught most in a file are asked first
FIRST = 12  # so many tests are asked before the files of all others are read
READ_TRIAL = msgspec.json.Decoder(Trial)


def main(words: Sequence[str]) -> int:
    """Draw, try, tell."""
    ask = argparse.ArgumentParser(prog="make mutation", description=__doc__)
    ask.add_argument("folders", nargs="*", default=list(FOLDERS))
    ask.add_argument("--sample", type=int, default=600, help="changes to try; 0: all")
    ask.add_argument("--seed", type=int, default=1)
    ask.add_argument("--keep", type=Path, default=ROOT / "mutants/trials.jsonl",
                     help="what was tried is kept here, and not tried again")  # fmt: skip
    ask.add_argument("--map", type=Path, default=ROOT / "mutants/covering.json",
                     help="which tests reach which lines; made if it is not there")  # fmt: skip
    ask.add_argument("--again", action="store_true",
                     help="what survived is tried again, with all tests")  # fmt: skip
    ask.add_argument("--most", type=float, default=20.0,
                     help="seconds of tests that a change is given")  # fmt: skip
    said = ask.parse_args(words)
    files = sorted(_files(said.folders))
    found = {path: changes(path, (ROOT / path).read_bytes()) for path in files}
    drawn = draw(found, said.sample, random.Random(said.seed))
    random.Random(said.seed).shuffle(drawn)  # whatever is tried by a moment is a sample of all
    sys.stderr.write(f"{sum(map(len, found.values()))} changes, {len(drawn)} drawn\n")
    if not said.map.exists():
        _map(said.map)
    if said.again:
        _forget(said.keep)
    most_s = float("inf") if said.again else said.most
    sys.stdout.write(table(try_all(drawn, read(said.map), said.keep, most_s)))
    return 0


def draw(found: dict[str, list[Change]], size: int, chance: random.Random) -> list[Change]:
    """So many changes, from each file its share, by largest remainder; 0: all of them.

    The sample of a file is the beginning of its shuffled changes: a larger one holds a smaller one.
    """
    total = sum(map(len, found.values()))
    share = min(size or total, total) / total if total else 0
    exact = {path: len(some) * share for path, some in found.items()}
    take = {path: int(wanted) for path, wanted in exact.items()}
    rest = sorted(exact, key=lambda path: take[path] - exact[path])
    for path in rest[: round(total * share) - sum(take.values())]:
        take[path] += 1
    drawn: list[Change] = []
    for path, some in found.items():
        source = (ROOT / path).read_bytes()
        mixed = iter(chance.sample(some, len(some)))
        drawn += islice((each for each in mixed if sound(each, source)), take[path])
    return drawn


class Course:
    """What has been tried, and the order in which tests are asked: those that catch most first."""

    def __init__(self, covering: Covering, keep: Path, size: int, most_s: float) -> None:
        self.covering, self.keep, self.size, self.most_s = covering, keep, size, most_s
        self.killers: dict[str, Counter[str]] = defaultdict(Counter)
        self.trials: list[Trial] = []

    def order(self, change: Change) -> tuple[list[str], float]:
        """(tests, how long they may take, in seconds)"""
        tests = self.covering.tests(change.path, change.line, change.last)
        seconds = self.covering.seconds
        killers = [test for test, _ in self.killers[change.path].most_common(KILLERS)]
        word = f"[{Path(change.path).stem}"  # tests of each file on a shelf are named after it
        tests.sort(key=lambda t: (t not in killers, word not in t, seconds[t]))
        took = list(accumulate(seconds[test] for test in tests))
        tests = tests[: max(bisect(took, self.most_s), 1)]
        return tests, 30 + 4 * sum(seconds[test] for test in tests)

    def recall(self, drawn: Sequence[Change]) -> list[Change]:
        """Take over what was tried before; the rest is to do."""
        known = {}
        if self.keep.exists():
            lines = self.keep.read_bytes().splitlines()
            known = {each.change: each for each in map(READ_TRIAL.decode, lines)}
        for change in drawn:
            if change in known:
                self.done(known[change], new=False)
        return [change for change in drawn if change not in known]

    def done(self, trial: Trial, *, new: bool = True) -> None:
        """One more."""
        self.trials.append(trial)
        change = trial.change
        if trial.by:
            self.killers[change.path][trial.by] += 1
        if not new:
            return
        with self.keep.open("ab") as file:
            file.write(msgspec.json.encode(trial) + b"\n")
        where = f"{change.path}:{change.line}"
        sys.stderr.write(
            f"{len(self.trials)}/{self.size} {trial.verdict:<9} {trial.seconds:5.1f} s {where}"
            f" {change.old[:60]!r} -> {change.new[:60]!r} {trial.by}\n"
        )


def try_all(
    drawn: Sequence[Change], covering: Covering, keep: Path, most_s: float
) -> list[Trial]:  # fmt: skip
    """Each change's trial, in a copy of a warm process where that does, else in a fresh one."""
    course = Course(covering, keep, len(drawn), most_s)
    todo = course.recall(drawn)
    if todo and not os.fork():
        try_warm(ROOT, TESTS, todo, course.order, course.done)
        os._exit(0)
    if todo and os.waitstatus_to_exitcode(os.wait()[1]):
        sys.exit("the warm process has ended early")
    course = Course(covering, keep, len(drawn), most_s)
    todo = course.recall(drawn)
    preload()
    for change in todo:
        tests, limit_s = course.order(change)
        rounds = [tests[:FIRST], tests[FIRST:]] if len(tests) > FIRST else [tests]
        course.done(
            watched(change, bool(tests), limit_s, partial(run_changed, ROOT, change, rounds))
        )
    return course.trials


def _forget(keep: Path) -> None:
    """Of what was tried, keep what was caught."""
    lines = keep.read_bytes().splitlines(keepends=True)
    caught = [line for line in lines if READ_TRIAL.decode(line).verdict in ("caught", "endless")]
    keep.write_bytes(b"".join(caught))


def _map(path: Path) -> None:
    """In a process of its own: what it imports must not be here when changes are tried."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not os.fork():
        cover(ROOT, ("src/tessera",), TESTS, path)
        os._exit(0)
    if os.waitstatus_to_exitcode(os.wait()[1]):
        sys.exit("no map of the tests")


def _files(folders: Iterable[str]) -> Iterator[str]:
    for folder in folders:
        place = ROOT / folder
        for path in [place] if place.is_file() else place.rglob("*.py"):
            yield path.relative_to(ROOT).as_posix()


if __name__ == "__main__":
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True,
                            check=False).stdout.decode().strip()  # fmt: skip
    sys.stderr.write(f"at {commit or 'no commit'}\n")
    sys.exit(main(sys.argv[1:]))
