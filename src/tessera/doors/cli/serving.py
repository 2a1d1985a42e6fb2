"""`tessera serve`: all doors that speak HTTP, in one process."""

from __future__ import annotations

from typing import Annotated, Any

import typer
import uvicorn

from tessera.doors.ground import Ground, Settings, ground
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
        with TLS before it. Make a key first: `tessera keys issue --role admin office`.
        """
        base = ground(settings)
        typer.echo(f"serving http://{host}:{port} (API /v1, console /console)")
        if workers > 1:
            several(host, port, workers)
        else:
            listen(base, host, port)


def listen(base: Ground, host: str, port: int) -> None:
    """Serve until the process is told to end; what is queued is settled first."""
    uvicorn.Server(config(base, host, port)).run()


def several(host: str, port: int, workers: int) -> None:
    """Serve from several processes on one port; one that dies is started again."""
    uvicorn.run("tessera.app:site", factory=True, host=host, port=port, workers=workers, **_HOW)


def config(base: Ground, host: str, port: int) -> uvicorn.Config:
    """How uvicorn runs here: no access log (a till is not to be logged twice), fast parsers."""
    return uvicorn.Config(Site(base), host=host, port=port, **_HOW)


_HOW: dict[str, Any] = {
    "loop": "uvloop", "http": "httptools", "ws": "none", "access_log": False,
    "log_level": "warning", "server_header": False, "date_header": False,
    "timeout_keep_alive": 75, "timeout_graceful_shutdown": 10, "backlog": 2048, "lifespan": "on",
}  # fmt: skip
