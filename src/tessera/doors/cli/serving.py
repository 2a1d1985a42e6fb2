"""`tessera serve`: all doors that speak HTTP, in one process."""

from __future__ import annotations

import multiprocessing
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from multiprocessing.context import SpawnProcess
from typing import Annotated, Any

import typer
import uvicorn
from uvicorn.importer import import_from_string

from tessera.doors.ground import Ground, Settings, ground
from tessera.doors.protocol import ShortProtocol
from tessera.doors.setup import NAME, greeting, prepare
from tessera.doors.site import Site


def add_to(app: typer.Typer, settings: Settings) -> None:
    """The command `serve`."""

    @app.command()
    def serve(
        host: Annotated[str, typer.Option(help="address to listen on")] = settings.host,
        port: Annotated[int, typer.Option(help="port to listen on")] = settings.port,
        workers: Annotated[int, typer.Option(help="processes; one per core at most", min=1)] = 1,
    ) -> None:
        """Serve the tills, the administration and the console.

        The API is at /v1, its reference at /openapi.json, the console at /console. Put a proxy
        with TLS before it. Make a key first: `tessera keys issue --role owner office`.
        """
        own = claimed(host, port)
        base = ground(replace(settings, port=port))
        typer.echo(f"serving http://{host}:{port} (API /v1, console /console)")
        begin = greeting(prepare(base.dsn, settings.data_dir / NAME), f"http://{host}:{port}")
        if begin:
            typer.echo(begin)
        if workers > 1:
            own.close()
            several(host, port, workers)
        else:
            listen(base, own)


def claimed(host: str, port: int) -> socket.socket:
    """The port, for this process alone; the command ends here where it cannot be had.

    Who calls meanwhile waits: only a port that is listened on is nobody else's.
    """
    try:
        own = listening(host, port, shared=False)
        own.listen(_HOW["backlog"])
    except OSError as wrong:
        typer.echo(
            f"cannot listen on {host}:{port}: {wrong.strerror}; end what listens there, or name"
            " another with --port", err=True,
        )  # fmt: skip
        raise typer.Exit(2) from wrong
    return own


def listen(base: Ground, own: socket.socket) -> None:
    """Serve on that port until the process is told to end; what is queued is settled first."""
    host, port = own.getsockname()[:2]
    with own:
        uvicorn.Server(config(base, host, port)).run(sockets=[own])


def several(host: str, port: int, workers: int) -> None:
    """Serve from several processes on one port; one that dies is started again.

    Each listens for itself and the kernel spreads the connections over them: behind one shared
    socket the process that happened to be awake took nearly all.
    """
    with listening(host, port):  # says at once if the port is taken
        _keep(lambda: _SPAWN.Process(target=_one, args=(host, port)), workers)


def _keep(start: Callable[[], SpawnProcess], count: int) -> None:
    """Keep that many processes running until this one is told to end; then end them."""
    asked = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: asked.set())
    running: list[SpawnProcess] = []
    while not asked.is_set():
        running = [process for process in running if process.is_alive()]
        for _ in range(count - len(running)):
            running.append(start())
            running[-1].start()
        asked.wait(0.5)
    for process in running:
        process.terminate()
    for process in running:
        process.join(20)


def _one(host: str, port: int) -> None:
    """One of the processes, which reads its settings anew, but for the port."""
    site = partial(import_from_string(_SITE), port)
    how = uvicorn.Config(site, factory=True, host=host, port=port, **_HOW)
    with listening(host, port) as own:
        own.listen(how.backlog)
        uvicorn.Server(how).run(sockets=[own])


def listening(host: str, port: int, shared: bool = True) -> socket.socket:
    """A socket of one process; the protocol is named so that answers leave without delay.

    shared  other processes of this user may listen there too
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    own = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
    try:
        own.bind((host, port))
    except OSError:
        own.close()
        raise
    return own


def config(base: Ground, host: str, port: int) -> uvicorn.Config:
    """How uvicorn runs here: no access log (a till is not to be logged twice), fast parsers."""
    return uvicorn.Config(Site(base), host=host, port=port, **_HOW)


_SITE = "tessera.app:site"
_SPAWN = multiprocessing.get_context("spawn")
_HOW: dict[str, Any] = {
    "loop": "uvloop", "http": ShortProtocol, "ws": "none", "access_log": False,
    "log_config": None, "log_level": "warning", "server_header": False, "date_header": False,
    "timeout_keep_alive": 75, "timeout_graceful_shutdown": 10, "backlog": 2048, "lifespan": "on",
}  # fmt: skip
