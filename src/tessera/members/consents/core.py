"""What may be agreed to, what is, and what becomes of it when two members turn out to be one."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from tessera.base.refusal import Refusal
from tessera.base.text import Code, Name
from tessera.members.core import Language

Channel = Literal["email", "sms", "call", "post", "push", "use"]
State = Literal["given", "pending", "withdrawn", "unsaid"]
Way = Literal[
    "member", "staff", "till", "web", "import", "link", "code", "merge", "unmerge", "erasure",
]  # fmt: skip
Pair = tuple[str, str]  # purpose, channel
Wording = Annotated[str, Meta(min_length=1, max_length=4000)]

# What must be proved before a channel with double opt-in counts.
CONTACTS: Mapping[str, Literal["email", "phone"]] = {
    "email": "email", "sms": "phone", "call": "phone",
}  # fmt: skip
_STRICT: Mapping[str, int] = {"withdrawn": 0, "pending": 1, "given": 2, "unsaid": 3}
_MAC_BYTES = 16
_TOKEN = 300  # characters, at most


class Purpose(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something people may agree to.

    channels  on which; `use` where nobody is told anything, as for profiling
    wording   the version that is asked now
    wordings  every version that anybody read, by language
    """

    wording: Code
    wordings: Annotated[dict[Code, dict[Language, Wording]], Meta(min_length=1, max_length=100)]
    name: Name = ""
    channels: Annotated[tuple[Channel, ...], Meta(min_length=1, max_length=6)] = ("use",)


class Consents(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What members are asked to agree to.

    purposes  by their code
    confirm   channels with double opt-in: they count once the phone or address is proved
    """

    purposes: Annotated[dict[Code, Purpose], Meta(max_length=50)] = {}
    confirm: Annotated[
        tuple[Literal["email", "sms", "call"], ...], Meta(max_length=3)
    ] = ()  # fmt: skip


class Saying(Struct, frozen=True, forbid_unknown_fields=True):
    """Yes or no to one purpose on one channel.

    wording   the version that was read; left out, the one that is asked now
    language  in which it was read
    """

    purpose: Code
    given: bool
    channel: Channel = "use"
    wording: Code | None = None
    language: Language | None = None


class By(Struct, frozen=True):
    """How something was said: the way, who sent it, and what proves it.

    proof  the id of a call or of a code's challenge, or the number of a paper
    """

    way: Way
    at: datetime
    principal_id: UUID | None = None
    proof: str = ""


class Consent(Struct, frozen=True):
    """A line of the history.

    theirs  of a merge: what the other member had said, whichever of the two holds
    """

    purpose: str
    channel: str
    state: State
    wording: str
    language: str
    way: Way
    at: datetime
    proof: str
    principal_id: UUID | None = None
    theirs: State | Literal[""] = ""


class Line(Struct, frozen=True):
    """What is to be written down."""

    purpose: str
    channel: str
    state: State
    wording: str = ""
    language: str = ""
    theirs: State | Literal[""] = ""


def line(
    declared: Consents, saying: Saying, now: State, proved: Collection[str], language: str
) -> Line | Refusal:
    """What a saying comes to.

    now     what was so before
    proved  the kinds of identifiers (email, phone) that this member has proved
    errors  consent_unknown, wording_unknown
    """
    purpose = declared.purposes.get(saying.purpose)
    if not saying.given and now != "unsaid":
        return Line(saying.purpose, saying.channel, "withdrawn", language=language)
    if purpose is None or saying.channel not in purpose.channels:
        return Refusal(
            "consent_unknown", "purpose",
            f"the program asks for no consent to {saying.purpose} by {saying.channel}",
            "declare it in the program's `consents`, or leave it out",
        )  # fmt: skip
    wording = saying.wording or purpose.wording
    if wording not in purpose.wordings:
        return Refusal(
            "wording_unknown", "wording", f"{saying.purpose} has no wording {wording}",
            f"send one of {', '.join(sorted(purpose.wordings))}"[:500],
        )  # fmt: skip
    said = saying.language or language
    if not saying.given:
        return Line(saying.purpose, saying.channel, "withdrawn", wording, said)
    needed = CONTACTS.get(saying.channel) if saying.channel in declared.confirm else None
    state: State = "given" if needed is None or needed in proved else "pending"
    return Line(saying.purpose, saying.channel, state, wording, said)


def confirmed(consents: Iterable[Consent], kind: str) -> list[Line]:
    """What counts from now on, since a phone or an address was proved."""
    return [
        Line(each.purpose, each.channel, "given", each.wording, each.language)
        for each in consents
        if each.state == "pending" and CONTACTS.get(each.channel) == kind
    ]


def unreached(
    declared: Consents, consents: Iterable[Consent], kind: str, *, left: bool, proved: bool
) -> list[Line]:
    """What ends when a phone or an address is taken off: a yes that reaches nobody any more.

    left    the member has another contact of this kind; proved: one that a code has proved
    """
    return [
        Line(each.purpose, each.channel, "withdrawn", each.wording, each.language)
        for each in consents
        if each.state == "given" and CONTACTS.get(each.channel) == kind
        and not (proved if each.channel in declared.confirm else left)
    ]  # fmt: skip


def strictest(mine: Iterable[Consent], theirs: Iterable[Consent]) -> list[Line]:
    """What is written for the one that stays when another member turns out to be the same person.

    Of what both said the stricter holds: withdrawn over pending over given; what only one of them
    said stays as it is. A line for everything the other ever said, so that any merge can be undone.
    """
    held = {(each.purpose, each.channel): each for each in mine}
    found = []
    for other in sorted(theirs, key=lambda each: (each.purpose, each.channel)):
        own = held.get((other.purpose, other.channel))
        if other.state != "unsaid":
            found.append(_line(_stricter([*([own] if own else []), other]), other))
    return found


def restored(history: Iterable[Consent], merge_id: UUID) -> list[Line]:
    """What holds when a merge is undone: what was said before, and what other merges brought.

    history  every line of the one that stays, the oldest first
    shape    a line for each purpose and channel about which nothing was said since
    """
    own: dict[Pair, Consent | None] = {}
    brought: dict[Pair, dict[str, Consent]] = {}
    for each in history:
        pair = each.purpose, each.channel
        merges = brought.setdefault(pair, {})
        if each.way == "merge":
            said = Consent(each.purpose, each.channel, each.theirs or each.state, each.wording,
                           each.language, each.way, each.at, each.proof)  # fmt: skip
            merges[each.proof] = said
        elif each.way == "unmerge":
            merges.pop(each.proof, None)
        else:
            own[pair], brought[pair] = each, {}
    found = []
    for pair, merges in sorted(brought.items()):
        gone = merges.pop(str(merge_id), None)
        if gone is not None:
            was = own.get(pair)
            found.append(_line(_stricter([*([was] if was else []), *merges.values()]), None, pair))
    return found


def withdrawn_since(history: Iterable[Consent], merge_id: UUID, since: datetime) -> list[Consent]:
    """What was withdrawn while two members were one: it holds for both once they are parted.

    history  every line of the one that stayed, the oldest first; since: when they were merged
    shape    the last withdrawal of each purpose and channel, in their order, however it was
             said; what merges brought is none. Where the other one had said something, the line
             of the merge tells what came after it, else the time does.
    """
    merged: set[Pair] = set()
    found: dict[Pair, Consent] = {}
    for each in history:
        pair = each.purpose, each.channel
        if each.way == "merge" and each.proof == str(merge_id):
            merged.add(pair)
        elif each.state != "withdrawn" or each.way in ("merge", "unmerge"):
            continue
        elif pair in merged or each.at >= since:
            found[pair] = each
    return [found[pair] for pair in sorted(found)]


def _stricter(several: Sequence[Consent]) -> Consent | None:
    return min(several, key=lambda each: _STRICT[each.state], default=None)


def _line(held: Consent | None, other: Consent | None, pair: Pair = ("", "")) -> Line:
    if held is None:
        return Line(*pair, "unsaid")
    theirs: State | Literal[""] = other.state if other is not None else ""
    return Line(held.purpose, held.channel, held.state, held.wording, held.language, theirs)


# One click ---------------------------------------------------------------------------------------


def unsubscribe_token(key: bytes, member_id: UUID, purpose: str, channel: str) -> str:
    """What ends one purpose on one channel, for the foot of a message.

    shape   letters, digits, - and _; the member's id is in it, and nothing can be made of it
    source  HMAC-SHA256 with the installation's key, 128 bits of it (RFC 8058 wants no sign-in)
    """
    said = member_id.bytes + f"{channel}/{purpose}".encode()
    return base64.urlsafe_b64encode(said + _mac(key, said)).decode().rstrip("=")


def unsubscribed(key: bytes, token: str) -> tuple[UUID, str, str] | None:
    """(member, purpose, channel) of a token of ours; None for any other."""
    if len(token) > _TOKEN or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
    except ValueError:
        return None
    said, mac = raw[:-_MAC_BYTES], raw[-_MAC_BYTES:]
    if len(said) < 17 or not hmac.compare_digest(mac, _mac(key, said)):
        return None
    channel, _, purpose = said[16:].decode().partition("/")
    return UUID(bytes=said[:16]), purpose, channel


def _mac(key: bytes, said: bytes) -> bytes:
    return hmac.digest(key, b"unsubscribe\n" + said, hashlib.sha256)[:_MAC_BYTES]
