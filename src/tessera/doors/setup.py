"""The one-time code by which an installation's first owner comes in.

Whoever finds the port of a fresh installation first must not own it: the code is printed where the
service is started, and lies in the data directory for those who start it elsewhere.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

import psycopg

from tessera.access.signing import db
from tessera.access.signing.core.factors import normal_code

NAME = "setup-code"
_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"  # 32, none that looks like another
_LENGTH, _GROUP = 12, 4  # 60 random bits


class Setup:
    """The code on disk. `over`: this process knows that somebody is in, which never changes."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.over = path, False

    def code(self) -> str:
        """The code; "" where there is none."""
        try:
            return "" if self.path is None else self.path.read_text(encoding="ascii").strip()
        except (FileNotFoundError, UnicodeDecodeError):
            return ""

    def fits(self, said: str) -> bool:
        """Whether this is the code, however it was typed."""
        code = normal_code(self.code())
        typed = normal_code(said[:100]).encode()
        return bool(code) and hmac.compare_digest(code.encode(), typed)


def prepare(dsn: str, path: Path) -> str:
    """The code of an installation in which nobody of staff is yet, made if there is none; else "".

    dsn  of the database; what was made before stays, so that every process has the same
    """
    with psycopg.connect(dsn) as conn:
        if conn.execute(db.SQL["somebody_in"]).fetchone() == (True,):
            path.unlink(missing_ok=True)
            return ""
    setup = Setup(path)
    found = setup.code()
    if found:
        return found
    path.parent.mkdir(parents=True, exist_ok=True)
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    code = "-".join(letters[at : at + _GROUP] for at in range(0, _LENGTH, _GROUP))
    fresh = path.with_suffix(f".{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(code + "\n", encoding="ascii")
    fresh.replace(path)
    return code


def greeting(code: str, base_url: str) -> str:
    """What is said where the service is started; "" where somebody is in already."""
    if not code:
        return ""
    return f"nobody works here yet: open {base_url}/console/setup and begin with the code  {code}"
