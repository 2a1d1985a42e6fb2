"""Rows that could not be taken, as whoever mends them is shown them."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

from tessera.doors.till.mending import stories
from tessera.doors.uploads import Rows, Uploads
from tessera.warehouse.loads.db import Aside


class Counted(Uploads):
    """How often a file was read."""

    times = 0

    def aside(self, task_id: UUID) -> Rows:
        self.times += 1
        return super().aside(task_id)


def test_a_file_is_read_once_for_all_its_rows(tmp_path: Path):
    uploads, load, task = Counted(tmp_path), uuid4(), uuid4()
    uploads.folder(task).mkdir(parents=True)
    uploads.keep_aside(task, {row: {"first": f"Ada {row}"} for row in range(100)})
    found = [Aside("club", load, f"n{row}", row, "bad", "first", "why") for row in range(100)]
    told = stories(found, {load: task}, uploads)
    assert [each.rows for each in told] == [[{"first": f"Ada {row}"}] for row in range(100)]
    assert uploads.times == 1


def test_rows_of_the_command_line_are_kept_nowhere(tmp_path: Path):
    lone = Aside("club", uuid4(), "n1", 7, "bad", "first", "why")
    (told,) = stories([lone], {}, Uploads(tmp_path))
    assert told.gone and told.faults == [
        {"row": "7", "code": "bad", "field": "first", "why": "why"}
    ]  # fmt: skip
