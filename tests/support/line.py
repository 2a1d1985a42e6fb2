"""A line between a till and its server that can be cut, or made to lose the answers."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal
from urllib.parse import urlsplit

State = Literal["whole", "cut", "deaf"]


class Line:
    """Forwards connections. cut: they end at once; deaf: what is asked arrives, no answer does."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._to = (parts.hostname or "", parts.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.state: State = "whole"
        self.calls = 0  # connections that were asked for
        self._open: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def become(self, state: State) -> None:
        """From now on; what is open ends."""
        self.state = state
        for each in list(self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                self.calls += 1
                if self.state == "cut":
                    near.close()
                    continue
                far = socket.create_connection(self._to)
                self._open |= {near, far}
                for pair in ((near, far, False), (far, near, True)):
                    thread = threading.Thread(target=self._carry, args=pair, daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _carry(self, of: socket.socket, to: socket.socket, answers: bool) -> None:
        with suppress(OSError):
            while data := of.recv(65536):
                if answers and self.state == "deaf":
                    break
                to.sendall(data)
        for each in (of, to):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Nothing is forwarded any more."""
        self.become("cut")
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)
        for each in self._open:
            each.close()


@contextmanager
def line_to(url: str) -> Iterator[Line]:
    """A whole line to a server; closed in the end."""
    with contextlib.closing(Line(url)) as line:
        yield line
