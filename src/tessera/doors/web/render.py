"""Templates in the reader's language: one environment each, sentences and figures bound to it."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, PrefixLoader, StrictUndefined
from jinja2.loaders import BaseLoader, ChoiceLoader

from tessera.doors.language.local import Local
from tessera.doors.web.assets import Assets

_HERE = Path(__file__).parent / "templates"
FIGURES = (
    "money", "amount", "count", "signed", "decimal", "percent", "quantity", "day", "last_day",
    "day_of_year", "month", "clock", "moment", "spaced", "listed",
)  # fmt: skip


class Templates:
    """The templates of a shell: `console.html` and `ui.html` are common, `members/list.html` of
    an area.

    errors  a value that a template names and does not get raises: its author's mistake
    """

    def __init__(self, folders: Mapping[str, Path], assets: Assets) -> None:
        own = {area: FileSystemLoader(folder) for area, folder in folders.items()}
        self._loader: BaseLoader = ChoiceLoader([FileSystemLoader(_HERE), PrefixLoader(own)])
        self._assets = assets
        self._made: dict[Local, Environment] = {}

    def page(self, local: Local, template: str, values: Mapping[str, Any]) -> str:
        """A whole page."""
        return self.of(local).get_template(template).render(values)

    def of(self, local: Local) -> Environment:
        """The environment of a language and a zone."""
        made = self._made.get(local)
        if made is None:
            if len(self._made) > 32:
                self._made.clear()
            made = self._made[local] = self._make(local)
        return made

    def _make(self, local: Local) -> Environment:
        made = Environment(
            loader=self._loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True, auto_reload=False, extensions=["jinja2.ext.i18n"],
        )  # fmt: skip
        made.install_gettext_callables(  # type: ignore[attr-defined]
            local.gettext, local.ngettext, newstyle=True
        )
        for name in FIGURES:
            made.filters[name] = getattr(local, name)
        made.globals |= {
            "asset": self._assets.address, "local": local, "form_key": secrets.token_urlsafe,
        }  # fmt: skip
        return made
