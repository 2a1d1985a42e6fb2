"""The door of tills and of administration: JSON over HTTP under /v1."""

from tessera.doors.call import Operation
from tessera.doors.till import administration, checkout, events, program

OPERATIONS: tuple[Operation, ...] = (
    *checkout.OPERATIONS,
    *events.OPERATIONS,
    *administration.OPERATIONS,
    *program.OPERATIONS,
)
