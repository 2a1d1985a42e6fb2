"""Pages ask what everybody asks: operations of the API, in this process, as who is signed in."""

from __future__ import annotations

from typing import Any

import msgspec

from tessera.base.refusal import Refusal
from tessera.doors.api import Api
from tessera.doors.asked import Inside
from tessera.doors.gate import Pass
from tessera.doors.noting import Proposed
from tessera.doors.problems import JSON, Problem, Reply

_PROBLEM = msgspec.json.Decoder(Problem)
_PROPOSED = msgspec.json.Decoder(Proposed)


class Asking:
    """The operations by their names; answers as structs, a no as a `Refusal`."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._waits = {each.name for each in api.operations if each.four_eyes}
        self._answers = {
            each.name: msgspec.json.Decoder(each.answer) for each in api.operations
        }  # fmt: skip

    async def ask(self, inside: Inside, passed: Pass | None) -> Any:
        """What the operation answers, to whoever is signed in; None: nobody is.

        answer  the operation's struct; `Proposed` where a second person decides; a `Refusal`;
                the `Reply` itself where the answer is no JSON, or of many lines
        errors  KeyError: there is no such operation, our mistake
        """
        reply = await self.api.ask(inside, passed)
        if reply.status >= 400:
            return refusal_of(reply)
        if reply.content_type != JSON:
            return reply
        if reply.status == 202 and inside.operation in self._waits:
            return _PROPOSED.decode(reply.body)
        return self._answers[inside.operation].decode(reply.body)


def refusal_of(reply: Reply) -> Refusal:
    """The refusal that an answer of 400 and above tells."""
    told = _PROBLEM.decode(reply.body)
    return Refusal(told.code, told.field, told.why, told.cure)
