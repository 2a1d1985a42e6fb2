"""Changes inside functions, tried in copies of one process that has imported and collected all.

A fork, a function's new code, the tests that reach it: a change costs what its tests cost. What
was computed at import keeps the old code, so a change can only look less caught than it is.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import pytest

from support.mutation.changes import Change
from support.mutation.trial import Last, Trial, module_name, run_tests, watched

Order = Callable[[Change], tuple[list[str], float]]
FUNCTION = 0x01  # CO_OPTIMIZED: a function's code, not a module's or a class body's


def new_codes(old: CodeType, new: CodeType) -> list[CodeType] | None:
    """The outermost functions that differ; None if something outside of functions does."""
    if old.co_flags & FUNCTION:
        return [] if _same(old, new) else [new]
    if not _same_here(old, new):
        return None
    found: list[CodeType] = []
    for a, b in zip(_inner(old), _inner(new), strict=True):
        below = new_codes(a, b)
        if below is None:
            return None
        found += below
    return found


def _inner(code: CodeType) -> list[CodeType]:
    return [const for const in code.co_consts if isinstance(const, CodeType)]


def _same_here(a: CodeType, b: CodeType) -> bool:
    """Equal but for the code inside and for line numbers."""
    plain = [[repr(c) for c in code.co_consts if not isinstance(c, CodeType)] for code in (a, b)]
    return (a.co_code, a.co_names, len(_inner(a))) == (b.co_code, b.co_names, len(_inner(b))) and (
        plain[0] == plain[1]
    )


def _same(a: CodeType, b: CodeType) -> bool:
    return _same_here(a, b) and all(map(_same, _inner(a), _inner(b)))


def function_of(module: ModuleType, qualname: str) -> FunctionType | None:
    """The function of that name as it lives in the module, out of its wrappings."""
    found: Any = module
    for name in qualname.split("."):
        found = vars(found).get(name) if hasattr(found, "__dict__") else None
    while found is not None and not isinstance(found, FunctionType):
        if isinstance(found, property):
            found = found.fget
        elif isinstance(found, cached_property):
            found = found.func
        else:
            found = getattr(found, "__wrapped__", getattr(found, "__func__", None))
    return found


def patches(root: Path, change: Change) -> list[tuple[FunctionType, CodeType]] | None:
    """What has to be done to the running process; None where that is not enough."""
    source = (root / change.path).read_bytes()
    name = str(root / change.path)
    old = compile(source, name, "exec", dont_inherit=True)
    codes = new_codes(old, compile(change.of(source), name, "exec", dont_inherit=True))
    if codes is None:
        return None
    module = importlib.import_module(module_name(change.path))
    found = [(function_of(module, code.co_qualname), code) for code in codes]
    if any(fn is None or fn.__code__.co_freevars != code.co_freevars for fn, code in found):
        return None
    return [(fn, code) for fn, code in found if fn is not None]


class Loop:
    """Takes the place of pytest's loop over the collected tests.

    order  (change) -> the tests to ask, in their order
    """

    def __init__(
        self, root: Path, drawn: Sequence[Change], order: Order, done: Callable[[Trial], None]
    ) -> None:  # fmt: skip
        self.root, self.drawn, self.order, self.done = root, drawn, order, done
        self.cold: list[Change] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        for change in self.drawn:
            todo = patches(self.root, change)
            tests, limit_s = self.order(change)
            if todo is None:
                self.cold.append(change)
                continue
            some = [items[test] for test in tests if test in items]
            self.done(watched(change, bool(some), limit_s, partial(_run, todo, some)))
        return True


def _run(todo: Sequence[tuple[FunctionType, CodeType]], items: Sequence[pytest.Item]) -> str:
    """In the copy: change, run, and say which test fails first."""
    for function, code in todo:
        function.__code__ = code
        for value in list(vars(importlib.import_module(function.__module__)).values()):
            if hasattr(value, "cache_clear"):
                value.cache_clear()
    last = Last()
    items[0].config.pluginmanager.register(last)
    for item in items:
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        if last.failed:
            break
    return last.failed


def try_warm(
    root: Path, tests: Sequence[str], drawn: Sequence[Change],
    order: Order, done: Callable[[Trial], None],
) -> list[Change]:  # fmt: skip
    """Try what can be tried so; the changes that cannot are left over."""
    loop = Loop(root, drawn, order, done)
    code = run_tests(root, ["-s", *tests], [loop])
    assert not code, f"the tests cannot be collected ({code})"
    return loop.cold
