"""One request to a page: who is there, what was typed, and how to ask for anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO
from urllib.parse import urlencode

import msgspec

from tessera.access.core import Principal, allowed
from tessera.base.refusal import Refusal
from tessera.doors.asked import Inside
from tessera.doors.gate import Pass
from tessera.doors.house import House
from tessera.doors.language.local import Local
from tessera.doors.language.words import N_
from tessera.doors.noting import Proposed
from tessera.doors.web.asking import Asking
from tessera.doors.web.onward import onward
from tessera.doors.web.page import File, Page, See, Shown

WAITS = N_("Nothing was done yet: a second person has to agree.")


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form: its name as the browser says it, and its bytes, from 0."""

    name: str
    size: int
    file: BinaryIO


@dataclass(frozen=True, slots=True)
class Form:
    """What a form sent. A script may send JSON instead: it is in `json`, and `do` in it counts."""

    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    files: Mapping[str, Upload] = field(default_factory=dict)
    json: Any = None

    def get(self, name: str, otherwise: str = "") -> str:
        """The first value of a field, without spaces around it."""
        found = self.fields.get(name)
        return found[0].strip() if found else otherwise

    def all(self, name: str) -> list[str]:
        """Every value of a field."""
        return list(self.fields.get(name, ()))

    def __contains__(self, name: str) -> bool:
        """Whether the field was sent: an unticked box is not."""
        return name in self.fields

    @property
    def data(self) -> dict[str, Any]:
        """What a script sent; empty where a browser did."""
        return self.json if isinstance(self.json, dict) else {}

    def word(self, name: str) -> str:
        """A field, whoever sent it."""
        said = self.data.get(name, "") if self.data else self.get(name)
        return said if isinstance(said, str) else ""

    @property
    def do(self) -> str:
        """Which act of the page is meant."""
        return self.word("do")

    @property
    def key(self) -> str:
        """By which the same form, sent twice, is done once."""
        said = self.word("key")
        return said[:100] if said.isascii() else ""


@dataclass(frozen=True, slots=True)
class Who:
    """Who is signed in here, by which token."""

    passed: Pass
    token: str

    @property
    def principal(self) -> Principal:
        """As the policy knows that one."""
        return self.passed.principal

    @property
    def name(self) -> str:
        """As the menu calls that one."""
        return self.passed.principal.name

    @property
    def role(self) -> str:
        """A built-in role or an own one."""
        return self.passed.principal.role


@dataclass(slots=True)
class Visit:
    """A request to a page. Nothing in it reaches the database but through `ask`.

    words    of the address; query: the first of each name
    wrong    why the act was refused whose page is shown again
    address  the browser's IP; public: where browsers find this installation
    """

    asking: Asking
    page: Page
    local: Local
    now: datetime
    who: Who | None = None
    words: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    form: Form = field(default_factory=Form)
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = ""
    address: str = ""
    wrong: Refusal | None = None
    cookies: list[tuple[str, int]] = field(default_factory=list)
    posted: bool = False

    @property
    def house(self) -> House:
        """The running house: for what is no secret and no database, such as the program's name."""
        return self.asking.api.house

    async def ask(
        self, operation: str, *, path: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None, body: Any = None, key: str = "",
    ) -> Any:  # fmt: skip
        """The operation's answer, as who is signed in.

        path, query  words of the operation's address; those of the query that are "" or None are
                     left out
        key          of a call that writes; the form's own unless said otherwise
        answer       the operation's struct; `Proposed`: a second person decides; a `Refusal`
        """
        passed = self.who.passed if self.who is not None else None
        said = {
            name: str(value) for name, value in (query or {}).items() if value not in ("", None)
        }
        words = {name: str(value) for name, value in (path or {}).items()}
        raw = b"" if body is None else msgspec.json.encode(body)
        inside = Inside(
            operation, words, urlencode(said), raw, key or self.form.key, self.address,
            self.local.language,
        )  # fmt: skip
        return await self.asking.ask(inside, passed)

    def may(self, operation: str) -> bool:
        """Whether whoever is here may do this anywhere at all."""
        return self.who is not None and allowed(self.who.principal, operation, None) is None

    def done(self, answer: Any, path: str, note: str = "") -> Shown:
        """What follows an act: its refusal on the same page, else the page at `path`."""
        if isinstance(answer, Refusal):
            return answer
        if isinstance(answer, Proposed):
            return See(f"/console/approvals/{answer.approval_id}", WAITS)
        return See(path, note)

    def body(self, **fields: str) -> dict[str, Any]:
        """A body from a form: {field of the body: field of the form}; empty ones are left out."""
        return {name: self.form.get(of) for name, of in fields.items() if self.form.get(of)}

    def here(self, **query: Any) -> str:
        """This page's address with other words in its query; None and "" take one away."""
        said = {name: value for name, value in {**self.query, **query}.items() if value}
        return f"{self.path}?{urlencode(said)}" if said else self.path

    def sign_in(self, token: str, seconds: int) -> None:
        """This browser carries the token from now on."""
        self.cookies.append((token, seconds))

    def sign_out(self) -> None:
        """This browser forgets its token."""
        self.cookies.append(("", 0))

    def onward(self, *but: str) -> str:
        """Where to go on, as a form or the address says it: only ever a page of this shell.

        but  beginnings of addresses where nobody is sent on to
        """
        prefix = "/" + self.page.path.split("/", 2)[1]
        said = self.form.word("next") or self.query.get("next", "")
        return prefix if said.startswith(but) else onward(prefix, said)

    def go(self, path: str, note: str = "") -> Shown:
        """Go on: a browser by itself, a script by being told where."""
        return See(path, note) if self.form.json is None else self.told({"to": path})

    def told(self, value: Any) -> File:
        """An answer to a script."""
        return File(msgspec.json.encode(value), "application/json")
