"""Staff come and go, people sign in."""

from tessera.access.signing.flows.entering import (
    Enrolled,
    Offer,
    enrol,
    fits_password,
    judge_factor,
    offer_app,
    open_session,
    renew_recovery,
)
from tessera.access.signing.flows.founding import found
from tessera.access.signing.flows.passkeys import (
    Site,
    begin_entry,
    begin_passkey,
    finish_entry,
    finish_passkey,
)
from tessera.access.signing.flows.providing import (
    Begun,
    Remembered,
    begin_provider,
    come_back,
    whom,
)
from tessera.access.signing.flows.staffing import change, end, forget_person, invite, reset, sweep

__all__ = [
    "Begun",
    "Enrolled",
    "Offer",
    "Remembered",
    "Site",
    "begin_entry",
    "begin_passkey",
    "begin_provider",
    "change",
    "come_back",
    "end",
    "enrol",
    "finish_entry",
    "finish_passkey",
    "fits_password",
    "forget_person",
    "found",
    "invite",
    "judge_factor",
    "offer_app",
    "open_session",
    "renew_recovery",
    "reset",
    "sweep",
    "whom",
]
