"""A picture as it may stand inside a page: known parts, known attributes, no colour of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from typing import Final
from xml.etree import ElementTree

from markupsafe import Markup

# What the worker draws with -> what the page's tokens call it. Anything else becomes the text's.
COLOURS: Final = {
    "#0a0b01": "var(--brand)", "#0a0b02": "var(--second)", "#0a0b03": "var(--warn)",
    "#0a0b04": "var(--good)", "#0a0b05": "var(--line)", "#0a0b06": "var(--mute)",
    "none": "none", "transparent": "none",
}  # fmt: skip
_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = {"svg", "g", "path", "rect", "line", "circle", "text"}
_KEPT = {
    "d", "x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "width", "height", "transform",
    "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "opacity",
    "fill-opacity", "stroke-opacity", "text-anchor", "font-size", "font-weight", "viewBox",
}  # fmt: skip
_COLOURED = {"fill", "stroke"}
_LONG = re.compile(r"-?\d+\.\d\d+")
_DRAWN = {"path", "rect", "line", "circle", "text"}


def cleaned(svg: str, kind: str) -> Markup:
    """The picture, ready for a page. `kind` is its class.

    errors  ElementTree.ParseError: this is no picture
    """
    root = ElementTree.fromstring(svg)  # from our own worker
    box = root.get("viewBox", "0 0 640 200")
    head = (
        f'<svg class="{escape(kind)}" viewBox="{escape(box)}" aria-hidden="true" focusable="false">'
    )
    return Markup(head + "".join(_inside(root)) + "</svg>")  # every part is escaped


def _inside(node: ElementTree.Element) -> Iterator[str]:
    for each in node:
        name = each.tag.removeprefix(_SVG)
        if name not in _ELEMENTS or each.get("display") == "none" or _empty(each, name):
            continue
        inner = "".join(_inside(each))
        text = escape(each.text or "") if name == "text" else ""
        if name == "g" and not inner:
            continue
        told = "".join(f' {key}="{escape(value)}"' for key, value in _attributes(each))
        if name == "g" and not told:
            yield inner
        else:
            yield f"<{name}{told}>{text}{inner}</{name}>"


def _empty(node: ElementTree.Element, name: str) -> bool:
    """A background or a frame that nobody sees."""
    if name not in _DRAWN:
        return False
    if node.get("class") == "background" or (name == "rect" and node.get("fill") == "white"):
        return True
    return name == "path" and not node.get("d")


def _attributes(node: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for key, value in node.attrib.items():
        if key in _COLOURED:
            yield key, COLOURS.get(value.lower(), "currentColor")
        elif key == "transform" and value == "translate(0,0)":
            continue
        elif key in _KEPT and not (key.endswith("opacity") and value == "1"):
            yield key, _LONG.sub(lambda found: f"{float(found[0]):.1f}", value.removesuffix("px"))
