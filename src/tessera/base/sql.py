"""SQL lives in .sql files; this reads them."""

from __future__ import annotations

import re
from pathlib import Path


class Statements(dict[str, bytes]):
    """The named statements of one file, ready for the driver.

    errors  KeyError names the statement that is missing
    """


def statements(beside: str, name: str = "db.sql") -> Statements:
    """The named statements of the .sql file lying beside a Python file.

    shape   {name: statement}; a statement begins at a line `-- name: word`
    """
    text = Path(beside).with_name(name).read_text(encoding="utf-8")
    parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)[1:]
    return Statements(
        (key, body.strip().encode()) for key, body in zip(parts[::2], parts[1::2], strict=True)
    )
