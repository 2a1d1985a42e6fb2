"""What cannot be started says so in one sentence with its cure, before it says anything else."""

import socket

import psycopg
import pytest
from typer.testing import CliRunner

from tessera.doors.cli.main import build
from tessera.doors.ground import Settings


@pytest.fixture
def busy():
    """A port on which somebody listens."""
    with socket.create_server(("127.0.0.1", 0)) as there:
        yield there.getsockname()[1]


def started(dsn, tmp_path, *words):
    settings = Settings(data_dir=tmp_path, database_url=dsn)
    return CliRunner().invoke(build(settings), [str(word) for word in words])


@pytest.mark.parametrize("words", [("serve",), ("serve", "--workers", 2), ("demo",)])
def test_a_busy_port_is_told_before_anything_is_built_or_promised(dsn, tmp_path, busy, words):
    told = started(dsn, tmp_path, *words, "--port", busy)
    assert told.exit_code == 2
    assert told.stdout == ""
    assert told.stderr == (
        f"cannot listen on 127.0.0.1:{busy}: Address already in use; end what listens there, or"
        " name another with --port\n"
    )
    assert not (tmp_path / "setup-code").exists()


def test_a_demo_where_another_shop_lives_names_the_cure(dsn, tmp_path):
    with psycopg.connect(dsn) as conn:
        conn.execute("INSERT INTO warehouse.store VALUES ('S1', 'Ours', 'Europe/Rome')")
    told = started(dsn, tmp_path, "demo", "--check")
    assert told.exit_code == 2
    assert told.stderr.startswith("another shop lives in this database: `tessera serve` serves it")
    assert "Traceback" not in told.output
