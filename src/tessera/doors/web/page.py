"""A page as a value: from these, routes, menus, guards and the sweep of the tests are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tessera.base.refusal import Refusal

if TYPE_CHECKING:
    from tessera.doors.web.visit import Visit


@dataclass(frozen=True, slots=True)
class View:
    """A page to be rendered. `template` is "area/file.html"; `values` are what it names.

    same  all that the values say, in bytes: asked for again with the same, language, day and role
          too, the page is not made anew. b"": it always is, as one with a form must be
    """

    template: str
    values: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    same: bytes = b""


@dataclass(frozen=True, slots=True)
class See:
    """Go on elsewhere (303). `note` is a sentence of the catalogue, shown once there."""

    path: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """Bytes: a download, a picture, JSON for a script. `name` makes the browser save it."""

    body: bytes
    media_type: str
    name: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Shown = View | See | Refusal | File
Handler = Callable[["Visit"], Awaitable[Shown]]
Group = Literal["work", "program", "control", "tabs"]


@dataclass(frozen=True, slots=True)
class Menu:
    """A page's entry in the menu; `label` is a sentence of the catalogue, small `order` first."""

    group: Group
    order: int
    label: str
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """An address of a shell.

    name     unique in its shell; what is before the dot is the area
    path     with words in braces: "/console/members/{member_id}"
    show     GET; acts: POST, by what the field `do` says
    title    and purpose (what this page is for): sentences of the catalogue
    needs    operations of the policy: who may none of these is neither shown the way here nor
             let in; also: and each of these
    open     it may be seen without being signed in
    uploads  bytes that a form with files may have here, besides its 1 MB of fields
    """

    name: str
    path: str
    show: Handler
    title: str
    purpose: str = ""
    needs: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    acts: Mapping[str, Handler] = field(default_factory=dict)
    menu: Menu | None = None
    open: bool = False
    uploads: int = 0

    def lets(self, may: Callable[[str], bool]) -> bool:
        """Whether somebody who may do what `may` says is let in."""
        return (not self.needs or any(map(may, self.needs))) and all(map(may, self.also))

    @property
    def area(self) -> str:
        """The folder that this page comes from."""
        return self.name.partition(".")[0]
