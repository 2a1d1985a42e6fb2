"""What a browser sends of a form as its page stands: read from the HTML, without a browser."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from support.api import Api
from support.browser import COOKIES

Sent = dict[str, list[str]]


def sent(html: str, id: str) -> Sent:
    """{name of a control: its values} of the form with this id, with nothing typed."""
    parser = _Form(id)
    parser.feed(html)
    assert parser.seen, f"there is no form {id}"
    return parser.found


def send(api: Api, address: str, shell: str, token: str, fields: Sent) -> Any:
    """Press the form's button. answer: of the page, redirections not followed."""
    here = {"Cookie": f"{COOKIES[shell]}={token}", "Origin": api.url.rstrip("/")}
    return api.client.post(address, data=fields, headers=here | {"Sec-Fetch-Site": "same-origin"})


class _Form(HTMLParser):
    """The controls of one form."""

    def __init__(self, id: str) -> None:
        super().__init__()
        self.id, self.seen, self.inside = id, False, False
        self.found: Sent = {}
        self._select = self._area = ""
        self._first = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.inside = said.get("id") == self.id
            self.seen |= self.inside
        elif self.inside and tag == "input":
            self._input(said)
        elif self.inside and tag == "select":
            self._select, self._first = said.get("name", ""), True
        elif self.inside and tag == "textarea":
            self._area = said.get("name", "")
            self.found.setdefault(self._area, []).append("")
        elif tag == "option" and self._select:
            if self._first or "selected" in said:
                self.found[self._select] = [said.get("value", "")]
            self._first = False

    def _input(self, said: dict[str, str]) -> None:
        ticked = said.get("type") not in ("checkbox", "radio") or "checked" in said
        if ticked and said.get("name"):
            self.found.setdefault(said["name"], []).append(said.get("value", ""))

    def handle_data(self, data: str) -> None:
        if self._area:
            self.found[self._area][-1] += data.removeprefix("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._area = ""
