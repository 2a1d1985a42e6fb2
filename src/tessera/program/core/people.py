"""Whether what a program says of people fits together: attributes, joining, consents, choices."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from tessera.program.core.clocks import check_zone
from tessera.rules.core.filling import Filler
from tessera.rules.core.settings import Attribute, EventType
from tessera.rules.core.words import Program

_GIVEN = "source"  # the one field that the house itself fills in


def check_people(filler: Filler, program: Program, doubtful: frozenset[str]) -> None:
    """Note every fault of `attributes`, `enrolment`, `consents` and `choices`.

    doubtful  settings with mistakes of their own: what is not in them is no fault
    """
    for name, attribute in program.attributes.items():
        _check_ends(filler, attribute, f"attributes.{name}")
    check_zone(filler, program.enrolment.time_zone, "enrolment")
    if "events" not in doubtful:
        for field in ("welcome", "completed"):
            _check_event(filler, program, field)
    if program.enrolment.completed and not program.weights and "attributes" not in doubtful:
        filler.fault(
            "enrolment.completed", "nothing counts for a complete profile",
            "add `profile`, or `required: true` to an attribute",
        )  # fmt: skip
    _check_consents(filler, program)
    _check_choices(filler, program)


def _check_ends(filler: Filler, attribute: Attribute, path: str) -> None:
    ends = {"least": attribute.least, "most": attribute.most}
    said = {name: end for name, end in ends.items() if end is not None}
    if said and attribute.type not in ("integer", "date"):
        filler.fault(f"{path}.{next(iter(said))}", f"a {attribute.type} has no bounds",
                     "take them away, or write `type: integer`")  # fmt: skip
        return
    bare = Attribute(type=attribute.type)
    for name, end in said.items():
        why = bare.fault(end)
        if why:
            filler.fault(f"{path}.{name}", why, "write what the attribute can be")
            return
    for (low, below), (_, above) in combinations(said.items(), 2):
        if below > above:  # type: ignore[operator]  # two numbers or two dates: seen above
            filler.fault(f"{path}.{low}", f"{below} is above {above}", "exchange them")


def _check_event(filler: Filler, program: Program, field: str) -> None:
    """The house posts it by itself: it can fill in no field but `source`."""
    name = str(getattr(program.enrolment, field))
    if not name:
        return
    path, event = f"enrolment.{field}", program.events.get(name)
    if event is None:
        filler.fault(path, f"there is no event {name}", "declare it under `events`")
        return
    for of, why in _unfilled(event):
        filler.fault(path, f"nobody fills in the field {of} of {name}: {why}",
                     "write `required: false` there")  # fmt: skip


def _unfilled(event: EventType) -> Iterator[tuple[str, str]]:
    for of, each in event.fields.items():
        if not each.required:
            continue
        yield of, "who joins may come from no campaign" if of == _GIVEN else "it is the house's own"


def _check_consents(filler: Filler, program: Program) -> None:
    for code, purpose in program.consents.purposes.items():
        path = f"consents.purposes.{code}"
        if "/" in code or not code.isascii():  # it is a part of the address that unsubscribes
            filler.fault(path, "a purpose is named in plain letters, without /", "rename it")
        if purpose.wording not in purpose.wordings:
            filler.fault(f"{path}.wording", f"there is no wording {purpose.wording}",
                         "add it to `wordings`")  # fmt: skip
        for version, texts in purpose.wordings.items():
            if not texts:
                filler.fault(f"{path}.wordings.{version}", "nobody can read it",
                             "write it in a language: en, it, pl, ru or zh")  # fmt: skip
        if len(set(purpose.channels)) < len(purpose.channels):
            filler.fault(f"{path}.channels", "a channel is there twice", "name each once")


def _check_choices(filler: Filler, program: Program) -> None:
    favourite = [code for code, each in program.choices.items() if each.favourites]
    for code in favourite[1:]:
        filler.fault(f"choices.{code}.favourites", f"{favourite[0]} is the favourites already",
                     "keep one of them")  # fmt: skip
    for code, choice in program.choices.items():
        if choice.most > len(choice.options):
            why = f"{choice.most} of {len(choice.options)} options"
            filler.fault(f"choices.{code}.most", why, "write fewer, or add options")
