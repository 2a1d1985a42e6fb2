"""The door of tills and of administration: JSON over HTTP under /v1."""

from tessera.doors.call import Operation
from tessera.doors.till import (
    administration,
    allowances,
    bulk,
    checkout,
    events,
    incidents,
    points,
    program,
    reports,
    transfers,
)

OPERATIONS: tuple[Operation, ...] = (
    *checkout.OPERATIONS,
    *bulk.OPERATIONS,
    *allowances.OPERATIONS,
    *events.OPERATIONS,
    *transfers.OPERATIONS,
    *points.OPERATIONS,
    *reports.OPERATIONS,
    *administration.OPERATIONS,
    *program.OPERATIONS,
    *incidents.OPERATIONS,
)
