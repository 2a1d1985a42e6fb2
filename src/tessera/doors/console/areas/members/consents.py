"""What a member agrees to, everything that was said, and taking down a yes or a no."""

from __future__ import annotations

from tessera.base.refusal import Refusal
from tessera.doors.console.areas.members.heads import at_field, head
from tessera.doors.console.areas.members.telling import CHANNELS, SAID_BY, STATES, consent_called
from tessera.doors.language.words import N_
from tessera.doors.web.page import Shown, View
from tessera.doors.web.visit import Visit

SAID = N_("It is written down, and holds from now on.")


async def show(visit: Visit) -> Shown:
    """Each purpose on each channel with what holds, and the history."""
    known = await head(visit)
    if not isinstance(known, dict):
        return known
    said = await visit.ask("consent.read", path={"member_id": known["member"].member_id})
    if isinstance(said, Refusal):
        return said
    now = {(each.purpose, each.channel): each for each in said.now}
    asked = [
        (purpose, channel)
        for purpose, each in known["program"].consents.purposes.items()
        for channel in each.channels
    ]
    every = dict.fromkeys([*asked, *now])
    return View("members/consents.html", known | {
        "rows": [(*each, now.get(each), each in asked) for each in every], "history": said.history,
        "states": STATES, "ways": SAID_BY, "channels": CHANNELS,
        "about": lambda purpose, channel: consent_called(visit, purpose, channel),
    })  # fmt: skip


async def say(visit: Visit) -> Shown:
    """A yes, with the number of the paper that proves it, or a no."""
    purpose, _, channel = visit.form.get("about").rpartition("/")
    given = visit.form.get("given") == "yes"
    body = {"consents": [{"purpose": purpose, "channel": channel, "given": given}],
            "proof": visit.form.get("say_proof")}  # fmt: skip
    path = {"member_id": visit.words["member_id"]}
    done = await visit.ask("consent.say", path=path, body=body)
    return visit.done(at_field(done, "say_"), visit.path, SAID)


ACTS = {"say": say}
