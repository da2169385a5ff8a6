"""A TCP proxy on 127.0.0.1 that breaks connections, holds them, or says when so much has passed."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from typing import Self

from tests.servers.tls import ADDRESS

_ABORT = struct.pack("ii", 1, 0)  # SO_LINGER: close with a reset, as a failing network path does


class Proxy:
    """Forwards to `port`. What goes up to the server is counted over all connections in `passed`.

    `break_off(at, times)` cuts the connections over which the byte `at` passes, so often; `when(at, call)` calls once at that
    byte; `silent` forwards nothing.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self.silent = False
        self.passed = 0
        self.cuts = 0
        self._cut_at, self._cuts_left = 0, 0
        self._call_at, self._call = 0, None
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []

    def __enter__(self) -> Self:
        """Listen."""
        self._listening = socket.create_server((ADDRESS, 0), backlog=64)
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop, and break off whatever is open."""
        self._listening.close()
        with self._lock:
            for end in self._open:
                _reset(end)

    def break_off(self, at: int, times: int) -> None:
        """Cut where `at` bytes of one connection have gone up, on so many connections."""
        self._cut_at, self._cuts_left = at, times

    def when(self, at: int, call: Callable[[], None]) -> None:
        """Call once, when `at` bytes in all have gone up from now on."""
        with self._lock:
            self.passed, self._call_at, self._call = 0, at, call

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                with self._lock:
                    self._open.append(client)
                if not self.silent:
                    self._join(client)

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection((ADDRESS, self._to))
        except OSError:
            _reset(client)
            return
        with self._lock:
            self._open.append(server)
        threading.Thread(target=self._up, args=(client, server), daemon=True).start()
        threading.Thread(target=_forward, args=(server, client), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket) -> None:
        sent = 0
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 16):
                sent += len(data)
                if self._cuts_left and sent >= self._cut_at:
                    self._cuts_left -= 1
                    self.cuts += 1
                    server.sendall(data[: len(data) // 2])
                    break
                server.sendall(data)
                self._count(len(data))
        _reset(client)
        _reset(server)

    def _count(self, more: int) -> None:
        with self._lock:
            self.passed += more
            call, due = self._call, self.passed >= self._call_at
            if due:
                self._call = None
        if call is not None and due:
            call()


def _forward(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
    _reset(source)
    _reset(target)


def _reset(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORT)
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
