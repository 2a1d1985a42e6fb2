"""Passwords as Argon2id; a few at a time, in threads, so that sign-ins never hold up a till."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tessera.access.signing.core.passwords import normal

T = TypeVar("T")
# OWASP's second recommendation: 19 MiB, two passes, one lane; some 20 ms of one core.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Of a password that nobody has: to look at it costs as much as at somebody's.
_NOBODYS = (
    "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw"
    "$c29tZSBieXRlcyB0aGF0IG5vIHBhc3N3b3JkIG1ha2U"
)
AT_ONCE, WAITING_MOST = 2, 100
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")


class Crowded(Exception):
    """More passwords wait to be looked at than will be; nothing was looked at."""


class _Queue:
    waiting = 0


async def hashed(password: str) -> str:
    """What is kept of a password. Errors: Crowded."""
    return await _aside(lambda: _HASHER.hash(normal(password)))


async def fits(kept: str | None, password: str) -> bool:
    """Whether this is the password; None takes as long and never fits. Errors: Crowded."""
    said = await _aside(lambda: _fits(kept or _NOBODYS, password))
    return said and kept is not None


def outdated(kept: str) -> bool:
    """Whether today's cost is another."""
    return _HASHER.check_needs_rehash(kept)


def _fits(kept: str, password: str) -> bool:
    try:
        return _HASHER.verify(kept, normal(password))
    except (VerificationError, InvalidHashError):
        return False


async def _aside(work: Callable[[], T]) -> T:
    if _Queue.waiting >= WAITING_MOST:
        raise Crowded
    _Queue.waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, work)
    finally:
        _Queue.waiting -= 1
