"""A draft: text that is to become a version. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from tessera.base.refusal import Refusal
from tessera.program.core.text import HEAD, MAX_FILES, MAX_WHOLE

MOST = 1000  # open at a time
Files = Mapping[str, str]
_PATH = re.compile(r"program\.yaml|rules/[\w-][\w.-]{0,78}\.yaml|tests/[\w-][\w.-]{0,78}\.txt")


class Draft(Struct, frozen=True):
    """A program that is being written.

    base       the version it began with, or was rebased on
    revision   from 1; files: {path: text}
    made_by    and changed_by: the names of who works here, as they were then
    published  the version that came of it; then it never changes
    """

    id: UUID
    name: str
    base: int
    revision: int
    files: dict[str, str]
    made_at: datetime
    made_by: str
    changed_at: datetime
    changed_by: str
    published: int | None = None


def unknown() -> Refusal:
    """There is no such draft."""
    return Refusal(
        "draft_unknown", "draft_id", "there is no such draft", "look it up in the list of drafts"
    )


def changeable(draft: Draft | None, revision: int | None) -> Refusal | None:
    """Why a draft cannot be changed by whoever saw this revision; None if it can.

    revision  None: whatever it is
    errors    draft_unknown, draft_published, draft_changed
    """
    if draft is None:
        return unknown()
    if draft.published is not None:
        return Refusal(
            "draft_published", "draft_id", f"this draft became version {draft.published}",
            "begin a new draft",
        )  # fmt: skip
    if revision is not None and revision != draft.revision:
        return Refusal(
            "draft_changed", "revision", f"{draft.changed_by} has changed this draft meanwhile",
            "read it again and repeat the change",
        )  # fmt: skip
    return None


def with_changes(files: Files, changes: Mapping[str, str | None]) -> dict[str, str] | Refusal:
    """Files with some written anew or, where the text is None, taken away. Errors: draft_invalid"""
    found = {**files, **{path: text for path, text in changes.items() if text is not None}}
    for path, text in changes.items():
        if text is None:
            found.pop(path, None)
    return fault_of(found) or found


def fault_of(files: Files) -> Refusal | None:
    """Why this is no directory that can be kept. What its text says is judged by nobody here."""
    for path, text in files.items():
        if not _PATH.fullmatch(path):
            return Refusal(
                "draft_invalid", "files", f"{path[:80]!r} is no file of a program",
                "name it program.yaml, rules/NAME.yaml or tests/NAME.txt",
            )  # fmt: skip
        if "\0" in text:
            return Refusal(
                "draft_invalid", f"files.{path}", "there is a zero byte in it", "take it away"
            )
    if HEAD not in files:
        return Refusal("draft_invalid", "files", f"there is no {HEAD}", "a program begins with it")
    if len(files) > MAX_FILES or sum(len(text.encode()) for text in files.values()) > MAX_WHOLE:
        return Refusal(
            "draft_invalid", "files",
            f"a program has at most {MAX_FILES:,} files and {MAX_WHOLE:,} bytes",
            "take away what does not belong to it",
        )  # fmt: skip
    return None


def raw(files: Files) -> dict[str, bytes]:
    """Files as the reader of text takes them."""
    return {path: text.encode() for path, text in files.items()}
