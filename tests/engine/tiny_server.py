"""A web server of a few lines that does what a test tells it, byte by byte.

Each connection is served by the script's next entry: a function that gets the connected socket and
the request as bytes. Used instead of ``http.server`` because the faults that matter (a reset after
the request, half a body, a drip) are below HTTP.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time


class TinyServer:
    """Serves one request a connection. ``requests`` are the raw requests in order."""

    def __init__(self, *script):
        self.script = list(script)
        self.requests: list[bytes] = []
        self._listener = socket.create_server(('127.0.0.1', 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def port(self):
        return self._listener.getsockname()[1]

    @property
    def url(self):
        return f'http://127.0.0.1:{self.port}'

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_error):
        # A thread that waits in accept() is woken by a shutdown, not by a close.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _serve(self):
        while True:
            try:
                connection, _address = self._listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(10)
                self._answer(connection)

    def _answer(self, connection):
        request = received(connection)
        self.requests.append(request)
        step = self.script.pop(0) if self.script else answer(500, b'the script is at its end')
        step(connection, request)

    def header(self, number, name):
        """A header of request ``number``; ``None`` where it was not sent."""
        head = self.requests[number].partition(b'\r\n\r\n')[0].decode('latin-1')
        for line in head.split('\r\n')[1:]:
            key, _, value = line.partition(': ')
            if key.lower() == name.lower():
                return value
        return None

    def body(self, number):
        return self.requests[number].partition(b'\r\n\r\n')[2]


def received(connection):
    """One whole request."""
    data = b''
    while b'\r\n\r\n' not in data:
        data += connection.recv(65536) or _closed()
    head, _, body = data.partition(b'\r\n\r\n')
    lengths = [line for line in head.lower().split(b'\r\n') if line.startswith(b'content-length:')]
    length = int(lengths[0].split(b':')[1]) if lengths else 0
    while len(body) < length:
        body += connection.recv(65536) or _closed()
    return head + b'\r\n\r\n' + body


def _closed():
    raise OSError('closed by the client')


def answer(status, body=b'', length=None, **headers):
    """A whole answer; ``length`` lies about its size."""
    if not isinstance(body, bytes):
        body = json.dumps(body).encode()
    names = {name.replace('_', '-'): value for name, value in headers.items()}
    names['Content-Length'] = str(len(body) if length is None else length)
    names['Connection'] = 'close'
    lines = ''.join(f'{name}: {value}\r\n' for name, value in names.items())
    raw = f'HTTP/1.1 {status} X\r\n{lines}\r\n'.encode('latin-1') + body
    return lambda connection, _request: connection.sendall(raw)


def reset(connection, _request):
    """Break the connection the hard way, after the whole request was read."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def hang_up(_connection, _request):
    """Close without a word."""


def silence(seconds):
    return lambda _connection, _request: time.sleep(seconds)


def drip(pieces, pause):
    """Send piece by piece; stop when the other side has gone."""

    def step(connection, _request):
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(pause)

    return step


def raw(data):
    return lambda connection, _request: connection.sendall(data)
