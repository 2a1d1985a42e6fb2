"""What only the whole program shows: whether what its rules name is there, and fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from tessera.program.core.clocks import check_zone
from tessera.program.core.coupons import check_coupons
from tessera.program.core.partners import check_partners
from tessera.program.core.people import check_people
from tessera.program.core.ways import check_ways
from tessera.rules.core.boards import board_faults
from tessera.rules.core.brand import brand_faults
from tessera.rules.core.budgets import budget_faults
from tessera.rules.core.conditions import Condition, NotSo
from tessera.rules.core.draws import draw_faults
from tessera.rules.core.facts import Given, History
from tessera.rules.core.filling import Filler
from tessera.rules.core.settings import Attribute, Cap, EventType, Field
from tessera.rules.core.tiers import ladder_faults
from tessera.rules.core.words import Mechanic, Program

MAX_HISTORY = 200  # different windows of different goods in one program

_RINGS = 20  # so many are told


def check_whole(
    filler: Filler,
    program: Program,
    rules: Sequence[Mechanic | None],
    known: set[str] | None,
    doubtful: frozenset[str] = frozenset(),
) -> None:
    """Note every fault between the parts of a program.

    rules     in their places, None where one could not be read
    known     what they are called, None if some are not there to be known
    doubtful  settings that have mistakes of their own: what is not in them is no fault
    """
    _check_lanes(filler, program)
    _check_declarations(filler, program)
    for field, why, cure in brand_faults(program.brand):
        filler.fault(f"brand.{field}", why, cure)
    for path, why, cure in budget_faults(program, known):
        filler.fault(path, why, cure)
    if not doubtful & {"events", "currencies", "pending", "expiry"}:
        _check_life(filler, program)
    check_ways(filler, program, doubtful)
    check_people(filler, program, doubtful)
    _check_standings(filler, program, doubtful)
    for name in ("point_caps", "discount_caps"):
        _check_caps(filler, getattr(program, name), name)
    placed = [(f"rules[{i}]", rule) for i, rule in enumerate(rules) if rule is not None]
    _check_names(filler, program, placed, doubtful)
    check_partners(filler, program, placed, doubtful)
    for path, rule in placed:
        _check_dates(filler, rule, path)
        _check_caps(filler, rule.caps, f"{path}.caps")
        if doubtful & {"attributes", "events", "draws"}:
            continue
        for where, (field, why, cure) in _misfits(rule, program, path):
            filler.fault(f"{where}.{field}" if field else where, why, cure)
    check_coupons(filler, program, placed, doubtful)
    _check_asked(filler, placed, known)
    _check_history(filler, placed)


def _check_standings(filler: Filler, program: Program, doubtful: frozenset[str]) -> None:
    """Ladders and boards."""
    if not doubtful & {"tiers", "currencies"}:
        for field, why, cure in ladder_faults(program):
            filler.fault(field, why, cure)
    if not doubtful & {"boards", "currencies", "events"}:
        for field, why, cure in board_faults(program):
            filler.fault(field, why, cure)


def _check_history(filler: Filler, placed: Sequence[tuple[str, Mechanic]]) -> None:
    """A till looks up all of it for every receipt."""
    asked: set[tuple[str, str]] = set()
    for path, rule in placed:
        inside = [need for _, part in placed_conditions(rule, path) for need in part.needs()]
        for need in (*rule.needs(), *inside):
            if isinstance(need, History):
                asked.add((need.scope, need.window))
    if len(asked) > MAX_HISTORY:
        filler.fault(
            "rules", f"they ask for {len(asked)} stretches of history, at most {MAX_HISTORY}",
            "let rules share their windows",
        )  # fmt: skip


def placed_conditions(rule: Mechanic, path: str) -> Iterator[tuple[str, Condition]]:
    """Every condition of a rule with its path; those that its mechanic implies have the rule's."""
    if rule.when is not None:
        yield from _placed(rule.when, f"{path}.when")
    implied = rule.implied()
    if implied is not None:
        yield from ((path, each) for _, each in _placed(implied, path))


def asked_of(rule: Mechanic) -> set[str]:
    """The rules whose giving the conditions of this one look at."""
    found: set[str] = set()
    for _, condition in placed_conditions(rule, ""):
        found |= set(condition.asked_rules())
        found |= {need.rule for need in condition.needs() if isinstance(need, Given)}
    return found


def _placed(condition: Condition, path: str) -> Iterator[tuple[str, Condition]]:
    at = f"{path}.{condition.code}"
    yield at, condition
    for i, part in enumerate(condition.parts()):
        yield from _placed(part, at if isinstance(condition, NotSo) else f"{at}[{i}]")


def _check_lanes(filler: Filler, program: Program) -> None:
    for lane, count in Counter(program.lanes).items():
        if count > 1:
            filler.fault("lanes", f"the lane {lane} comes {count} times", "name each lane once")
    order = {lane: at for at, lane in enumerate(program.lanes)}
    if order.get("payment", len(order)) < order.get("price", -1):
        filler.fault(
            "lanes", "points would pay before prices are lowered: more could be paid than is due",
            "put price before payment",
        )  # fmt: skip


def _check_declarations(filler: Filler, program: Program) -> None:
    for code, draw in program.draws.items():
        for place, why, cure in draw_faults(draw):
            filler.fault(f"draws.{code}.{place}", why, cure)
    for name, attribute in program.attributes.items():
        _check_choice(filler, attribute, f"attributes.{name}")
    for name, event in program.events.items():
        for of, field in event.fields.items():
            path = f"events.{name}.fields.{of}"
            _check_choice(filler, field, path)
            if field.least is not None and field.most is not None and field.least > field.most:
                why = f"least {field.least} is above most {field.most}"
                filler.fault(f"{path}.least", why, "exchange them")


def _check_choice(filler: Filler, declared: Attribute | Field, path: str) -> None:
    if declared.type == "choice" and not declared.values:
        filler.fault(f"{path}.type", "a choice has nothing to choose from", "list its `values`")
    if declared.type != "choice" and declared.values:
        filler.fault(f"{path}.values", "only a choice has values", "write `type: choice`")


def _check_caps(filler: Filler, caps: Sequence[Cap], path: str) -> None:
    for i, cap in enumerate(caps):
        if cap.most is None and cap.times is None:
            filler.fault(f"{path}[{i}]", "this cap limits nothing", "add `most` or `times`")
        if cap.per == "receipt" and cap.times is not None:
            why = "a rule gives once on a receipt as it is"
            filler.fault(f"{path}[{i}].times", why, "use `most`, or a longer period")


def _check_names(
    filler: Filler, program: Program, placed: Sequence[tuple[str, Mechanic]],
    doubtful: frozenset[str],
) -> None:  # fmt: skip
    seen: set[str] = set()
    for path, rule in placed:
        if rule.id in seen:
            filler.fault(f"{path}.id", f"two rules are called {rule.id}", "give each its own id")
        seen.add(rule.id)
        if rule.id.startswith("*"):  # the sums over all rules are counted under such names
            filler.fault(f"{path}.id", "a rule's id does not begin with *", "take it away")
        if rule.lane not in program.lanes and "lanes" not in doubtful:
            filler.fault(
                f"{path}.mechanic", f"the program has no lane {rule.lane}",
                f"add {rule.lane} to the lanes",
            )  # fmt: skip
        if rule.group and rule.group not in program.groups and "groups" not in doubtful:
            filler.fault(f"{path}.group", f"there is no group {rule.group}", "add it to `groups`")
        if rule.earns:
            _check_earns(filler, program, rule, path, doubtful)
        if rule.caps and rule.lane == "payment":
            filler.fault(f"{path}.caps", "a payment has no caps", "use max_percent")


def _check_earns(
    filler: Filler, program: Program, rule: Mechanic, path: str, doubtful: frozenset[str]
) -> None:
    """Points of another currency: it is declared, and the rule gives points of its own."""
    if rule.earns not in program.currencies and "currencies" not in doubtful:
        why = f"there is no currency {rule.earns}"
        filler.fault(f"{path}.earns", why, "add it to `currencies`")
    if rule.lane != "earning" or rule.multiplies:
        why = "only a rule that gives points of its own earns another currency"
        filler.fault(f"{path}.earns", why, "take it away")


def _check_life(filler: Filler, program: Program) -> None:
    """What points wait for can happen; there is one way in which they expire."""
    if program.expiry is not None and program.expiry_days is not None:
        filler.fault("expiry_days", "expiry says it too", "keep one of them")
    ends = {"expiry": program.expiry} | {
        f"currencies.{code}.expiry": each.expiry for code, each in program.currencies.items()
    }
    for path, expiry in ends.items():
        if expiry is not None and expiry.time_zone:
            check_zone(filler, expiry.time_zone, path)
    waits = {"pending": program.pending} | {
        f"currencies.{code}.pending": each.pending for code, each in program.currencies.items()
    }
    for path, pending in waits.items():
        if pending is None or not pending.event:
            continue
        event = program.events.get(pending.event)
        if event is None:
            why = f"there is no event {pending.event}"
            filler.fault(f"{path}.event", why, "declare it under `events`")
        elif pending.field not in event.fields or event.fields[pending.field].type != "text":
            why = f"the event {pending.event} has no text field {pending.field}"
            filler.fault(f"{path}.field", why, "name the field that holds the receipt's number")


def _check_dates(filler: Filler, rule: Mechanic, path: str) -> None:
    if rule.starts and rule.ends and rule.ends < rule.starts:
        why = f"it ends on {rule.ends}, before it starts on {rule.starts}"
        filler.fault(f"{path}.ends", why, "exchange the dates")
    for i, (step, following) in enumerate(zip(rule.ramp, rule.ramp[1:], strict=False), 1):
        if following.on <= step.on:
            why = f"{following.on} does not come after {step.on}"
            filler.fault(f"{path}.ramp[{i}].on", why, "list the steps by date")


def _misfits(
    rule: Mechanic, program: Program, path: str
) -> Iterator[tuple[str, tuple[str, str, str]]]:
    for misfit in rule.misfits(program):
        yield path, misfit
    for need in rule.needs():
        if isinstance(need, History):
            yield from ((path, each) for each in _no_event(need, program.events))
    for where, condition in placed_conditions(rule, path):
        for misfit in condition.misfits(program):
            yield where, misfit
        for need in condition.needs():
            if isinstance(need, History):
                yield from ((where, each) for each in _no_event(need, program.events))


def _no_event(
    need: History, events: Mapping[str, EventType]
) -> Iterator[tuple[str, str, str]]:  # fmt: skip
    if need.scope.startswith("e:") and need.scope[2:] not in events:
        yield "", f"there is no event {need.scope[2:]}", "declare it under `events`"


def _check_asked(
    filler: Filler, placed: Sequence[tuple[str, Mechanic]], known: set[str] | None
) -> None:  # fmt: skip
    """What rules ask of each other: they are there, and none waits for itself."""
    paths = {rule.id: path for path, rule in reversed(placed)}
    asks = {rule.id: asked_of(rule) for _, rule in placed}
    for path, rule in placed:
        for name in sorted(asks[rule.id]):
            if known is not None and name not in known:
                filler.fault(f"{path}.when", f"there is no rule {name}", "name a rule by its id")
    for ring in islice(_rings(asks), _RINGS):
        why = f"rules that wait for each other: {' -> '.join([*ring, ring[0]])}"
        if len(ring) == 1:
            why = "this rule waits for itself"
        cure = "take one of the conditions away; limits are `caps`"
        filler.fault(f"{paths[ring[0]]}.when", why, cure)


def _rings(asks: Mapping[str, set[str]]) -> Iterator[list[str]]:
    """Rings of rules that wait for each other, no rule in two of them."""
    left = {name: {each for each in asked if each in asks} for name, asked in asks.items()}
    while left:
        done = [name for name, asked in left.items() if not asked]
        if not done:
            ring = _ring(left)
            yield ring
            done = ring
        for name in done:
            del left[name]
        gone = set(done)
        for asked in left.values():
            asked -= gone


def _ring(asks: Mapping[str, set[str]]) -> list[str]:
    """A ring, where every rule asks another one: the way from the first until it meets itself."""
    way = [min(asks)]
    place = {way[0]: 0}
    while True:
        following = min(asks[way[-1]])
        if following in place:
            ring = way[place[following] :]
            first = ring.index(min(ring))
            return ring[first:] + ring[:first]
        place[following] = len(way)
        way.append(following)
