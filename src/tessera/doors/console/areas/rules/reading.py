"""What a form of a rule sent, as the rule's data again. Pure; see `boxes`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from tessera.doors.console.areas.rules.boxes import GROUPS
from tessera.program.core.kinds import FieldTold, Kinds
from tessera.program.core.marked import scalar_of

Sent = Mapping[str, Sequence[str]]
NOTHING = object()  # not said: the usual holds
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})", re.ASCII)
MAX_DEPTH = 24  # beyond what is shown


def rule_of(sent: Sent, kinds: Kinds) -> dict[str, Any]:
    """The rule that a form says. What cannot be read stays as it was typed, and is told later."""
    code = _one(sent, "mechanic")
    told = kinds.mechanic(code)
    own = told.fields if told else ()
    mine = {each.name for each in own}
    data: dict[str, Any] = {"mechanic": code}
    data |= _other(sent, "")
    data |= _fields(sent, (*own, *(each for each in kinds.common if each.name not in mine)), "")
    when = condition_of(sent, kinds, "when")
    if when is not NOTHING:
        data["when"] = when
    return data


def _one(sent: Sent, name: str) -> str:
    """Without what a browser adds: a line of a form has no breaks."""
    values = sent.get(name, ())
    return values[0].replace("\r\n", "\n") if values else ""


def _other(sent: Sent, name: str) -> dict[str, Any]:
    said = raw_of(_one(sent, f"{name}:other"))
    return said if isinstance(said, dict) else {}


def raw_of(text: str) -> Any:
    """What stands in a box as JSON; text that is none stays text."""
    if not text.strip():
        return NOTHING
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return text


def said_of(sent: Sent, fields: Sequence[FieldTold]) -> dict[str, Any]:
    """What a form says of these fields; one of which nothing is said is left out."""
    return _fields(sent, fields, "")


def _fields(sent: Sent, fields: Sequence[FieldTold], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    names = {each.name for each in fields}
    for told in fields:
        key, value = _field(sent, told, f"{name}{told.name}", names)
        if value is not NOTHING:
            found[key] = value
    return found


def _field(sent: Sent, told: FieldTold, name: str, names: Collection[str]) -> tuple[str, Any]:
    """(how it is spelled, its value)."""
    if f"{name}:raw" in sent or told.control == "raw":
        return told.name, raw_of(_one(sent, f"{name}:raw"))
    if told.control == "money":
        short = told.name.removesuffix("_minor")
        return _money(sent, told, name, "" if short in names else short)
    read = _READ.get(told.control)
    return told.name, read(sent, told, name) if read else NOTHING


def _money(sent: Sent, told: FieldTold, name: str, short: str) -> tuple[str, Any]:
    """Major units. short: how it may be spelled too; "" where another field is called so."""
    text = _one(sent, name).strip()
    if short and not text:
        text = _one(sent, name.removesuffix("_minor")).strip()
    if not text:
        return told.name, NOTHING
    if text.startswith("$"):
        return (told.name if _one(sent, name) or not short else short), text
    typed = text.replace(",", ".") if re.fullmatch(r"-?\d+,\d{1,2}", text) else text
    whole = re.fullmatch(r"(-?\d{1,12})(?:\.0{1,2})?", typed, re.ASCII)
    if whole and short:
        return short, int(whole[1])
    # With a point it is in major units under the long name too.
    return short or told.name, f"{whole[1]}.00" if whole else typed


def _whole(sent: Sent, told: FieldTold, name: str) -> Any:
    text = _one(sent, name).strip()
    return number(text) if text else NOTHING


def number(text: str) -> Any:
    """A whole number, or the text that is none."""
    return int(text) if _WHOLE.fullmatch(text) else text


def _text(sent: Sent, told: FieldTold, name: str) -> Any:
    text = _one(sent, name)
    return text or NOTHING


def _choice(sent: Sent, told: FieldTold, name: str) -> Any:
    text = _one(sent, name)
    # What is the usual anyway need not be said, unless it was.
    return NOTHING if not text or (text == told.usual and not _said(sent, name)) else text


def _said(sent: Sent, name: str) -> bool:
    return f"{name}:said" in sent


def _yes_no(sent: Sent, told: FieldTold, name: str) -> Any:
    if f"{name}:there" not in sent:
        return NOTHING
    yes = name in sent
    return NOTHING if yes == told.usual and not _said(sent, name) else yes


def _texts(sent: Sent, told: FieldTold, name: str) -> Any:
    parts = [part.strip() for part in _one(sent, name).split(",")]
    found = [part for part in parts if part]
    return found if found else NOTHING


def _wholes(sent: Sent, told: FieldTold, name: str) -> Any:
    found = _texts(sent, told, name)
    return found if found is NOTHING else [number(each) for each in found]


def _value(sent: Sent, told: FieldTold, name: str) -> Any:
    text = _one(sent, name).strip()
    return scalar_of(text) if text else NOTHING


def _values(sent: Sent, told: FieldTold, name: str) -> Any:
    found = _texts(sent, told, name)
    return found if found is NOTHING else [scalar_of(each) for each in found]


def _choices(sent: Sent, told: FieldTold, name: str) -> Any:
    """In the order in which they stood, if they are the same."""
    ticked = list(sent.get(name, ()))
    was = [each for each in _one(sent, f"{name}:was").split(",") if each]
    if not ticked:
        return NOTHING
    if set(ticked) == set(was):
        return was
    return [each for each in told.choices if each in ticked]


def _settings(sent: Sent, told: FieldTold, name: str) -> Any:
    found = _fields(sent, told.fields, f"{name}.")
    if found or f"{name}:on" in sent or told.required:
        return found
    return found if told.usual is not None and _said(sent, name) else NOTHING


def _several(sent: Sent, told: FieldTold, name: str) -> Any:
    start = f"{name}."
    places = {
        int(each[len(start) :].partition(":")[0])
        for each in sent
        if each.startswith(start) and re.fullmatch(r"\d{1,5}:item", each[len(start) :])
    }
    found = [_fields(sent, told.fields, f"{start}{place}.") for place in sorted(places)]
    return found if found or _said(sent, name) else NOTHING


_READ = {
    "whole": _whole, "text": _text, "choice": _choice, "yes_no": _yes_no, "date": _text,
    "texts": _texts, "wholes": _wholes, "choices": _choices, "settings": _settings,
    "several": _several, "value": _value, "values": _values,
}  # fmt: skip


def condition_of(sent: Sent, kinds: Kinds, name: str, depth: int = 1) -> Any:
    """A condition and all in it; NOTHING where none stands."""
    kind = _one(sent, f"{name}:kind")
    if kind in GROUPS:
        return _group(sent, kinds, kind, name, depth)
    if not kind:
        return raw_of(_one(sent, f"{name}:raw"))
    told = kinds.condition(kind)
    if told is not None and _one(sent, f"{name}:was") not in ("", kind):
        return {kind: told.example}  # of another kind than it was: nothing of that fits
    fields = told.fields if told else ()
    inside = {**_other(sent, f"{name}"), **_fields(sent, fields, f"{name}.")}
    short = told.short.removesuffix("_minor") if told else ""
    if list(inside) == [short] and not isinstance(inside[short], dict):
        return {kind: inside[short]}  # the short form, as people write it
    return {kind: inside}


def _group(sent: Sent, kinds: Kinds, kind: str, name: str, depth: int) -> Any:
    start = f"{name}."
    found = {
        int(match[1]) for each in sent
        if each.startswith(start) and (match := re.match(r"(\d{1,5}):", each[len(start) :]))
    }  # fmt: skip
    parts = [
        condition_of(sent, kinds, f"{start}{place}", depth + 1)
        for place in (sorted(found) if depth < MAX_DEPTH else ())
    ]
    parts = [each for each in parts if each is not NOTHING]
    if name == "when" and not parts:
        return NOTHING
    if f"{name}:bare" in sent and len(parts) == 1 and kind != "none":
        return parts[0]
    if kind == "none":
        return {"not": parts[0] if len(parts) == 1 else {"any": parts}}
    return {kind: parts}
