"""The door of tills and of administration: JSON over HTTP under /v1."""

from tessera.doors.call import Operation
from tessera.doors.till import administration, checkout, program

OPERATIONS: tuple[Operation, ...] = (
    *checkout.OPERATIONS,
    *administration.OPERATIONS,
    *program.OPERATIONS,
)
