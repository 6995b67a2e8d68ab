"""A threaded Werkzeug server on loopback whose connections can be kept alive, or cut.

Promise: HTTP/1.1 keep-alive as real APIs have it; a cut connection ends with a TCP reset. Options:
host (loopback addresses only) and port (0: any free one). Weakness: a thread a connection.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import struct
import threading
from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import ClientDisconnected
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

IDLE_SECONDS = 75


class Connection:
    """The client's connection, as the application may use it."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    @property
    def client_port(self) -> int:
        """The TCP port at the client's end."""
        return self._handler.client_address[1]

    def close_after_answer(self) -> None:
        """Do not keep the connection for another request."""
        self._handler.close_connection = True

    def cut(self) -> None:
        """Reset the connection without another byte."""
        sock = self._handler.connection
        self.close_after_answer()
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            # The client went first: there is nothing left to cut.
            return
        # A plain close() would wait for the file objects that share the socket.
        os.close(sock.detach())


class Handler(WSGIRequestHandler):
    """Werkzeug's handler with keep-alive, without Nagle's delay and without a log line a call.

    Werkzeug closes every connection after one answer, because an application may leave a part of
    the request unread. Ours read all of it, so the connection can stay.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS

    def setup(self) -> None:
        """Let the server know the connection, so that stopping it can end it."""
        super().setup()
        self.server.connections.add(self.connection)

    def finish(self) -> None:
        """See :meth:`setup`."""
        self.server.connections.discard(self.connection)
        super().finish()

    def make_environ(self) -> dict[str, Any]:
        """Add the connection to what the application gets."""
        return super().make_environ() | {"sandbox.connection": Connection(self)}

    def run_wsgi(self) -> None:
        """Answer one request."""
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        begun: list[Any] = []
        try:
            chunks = self.server.app(self.make_environ(), lambda *start: begun.extend(start))
            self._reply(begun[0], begun[1], b"".join(chunks))
        except (ConnectionError, ClientDisconnected):  # before its answer, or its body, was whole
            self.close_connection = True

    def _reply(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, phrase = status.partition(" ")
        self.send_response(int(code), phrase)
        for name, value in headers:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Nothing: the ledger is the log."""


class LoopbackServer:
    """A server in a thread of its own."""

    def __init__(self, application: Callable, port: int, host: str = "127.0.0.1") -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(
                f"{host} is not a loopback address, and a sandbox listens on no other."
            )
        self._server: BaseWSGIServer = make_server(
            host, port, application, threaded=True, request_handler=Handler
        )
        self._server.connections = set()
        self.host = host
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        """``http://127.0.0.1:<port>``."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and what is connected to it."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._server.connections):
            with contextlib.suppress(OSError):  # gone by itself
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=2)
