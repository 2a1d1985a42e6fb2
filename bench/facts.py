"""History facts of an account with 1,000 receipts in the window, against one with 20."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from datetime import UTC, date, datetime, timedelta
from itertools import batched  # noqa: F401
from uuid import UUID

from psycopg.conninfo import make_conninfo

from bench.place import Place, place
from bench.result import Result
from tessera.base.ids import new_id
from tessera.base.wire import PipelineConnection
from tessera.checkout.history import flows as history
from tessera.checkout.history.core.contents import Change, Tally
from tessera.checkout.history.core.needs import asked, known
from tessera.rules.core.facts import Given, History

FEW, MANY = 20, 1_000
