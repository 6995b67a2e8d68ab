"""Bytes on a socket, and the answer that comes back.

A connection carries one request, because Odoo's server closes it after each (Werkzeug answers
`Connection: close`). Weakness: no TLS and no proxy in between; what a proxy does with a malformed
request is its own affair.
"""

from __future__ import annotations

import contextlib
import json
import socket
from dataclasses import dataclass

from .delivery import Made

TIMEOUT = 30
#: How a body may be announced other than rightly.
LIES = (
    'too long', 'too short', 'negative', 'words', 'twice', 'both', 'no length', 'bad chunk',
    'half a chunk', 'HTTP/1.0', 'no version', 'folded', 'bare LF', 'absolute', 'no colon',
    'nothing', 'plus', 'huge length', 'chunked twice',
)
#: Answered 500 or 505 before any route is looked at, by Odoo's `http.py` (which needs a Host that
#: Werkzeug can read) and by Python's HTTP server; a proxy in front sends neither. See the test of
#: what Odoo answers by itself.
NOT_OURS = ('no host', 'two hosts', 'HTTP/9')


@dataclass(frozen=True)
class Answer:
    """`status` is 0 where the server closed the connection without a word."""

    status: int
    body: bytes = b''
    head: bytes = b''

    @property
    def counts(self) -> tuple[int, int]:
        """What a 202 says: accepted and duplicates."""
        said = json.loads(self.body)
        return said['accepted'], said['duplicates']


def ask(host: str, port: int, made: Made, extra: tuple[tuple[bytes, bytes], ...] = ()) -> Answer:
    """Send a request over a connection of its own; `extra` headers go with it."""
    with socket.create_connection((host, port), timeout=TIMEOUT) as peer:
        # A server that refuses a body need not read it to its end.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            peer.sendall(written(made, f'{host}:{port}'.encode(), extra))
            peer.shutdown(socket.SHUT_WR)
        return _read(peer)


def _read(peer: socket.socket) -> Answer:
    received = bytearray()
    with contextlib.suppress(ConnectionResetError):
        while part := peer.recv(65536):
            received += part
    head, _blank, body = bytes(received).partition(b'\r\n\r\n')
    words = head.split(b' ', 2)
    if not head.startswith(b'HTTP/') or len(words) < 2 or not words[1].isdigit():
        return Answer(0, bytes(received))
    return Answer(int(words[1]), body, head)


def written(made: Made, host: bytes, extra: tuple[tuple[bytes, bytes], ...] = ()) -> bytes:
    """The request as bytes."""
    names = {name.lower() for name, _value in made.headers}
    lines = [] if b'host' in names or made.framing == 'no host' else [b'Host: ' + host]
    lines += [name + b': ' + value for name, value in (*made.headers, *extra)]
    start, body = made.method + b' ' + made.target + b' HTTP/1.1', made.body
    if made.framing == 'length':
        lines.append(b'Content-Length: %d' % len(body))
    elif made.framing == 'chunked':
        lines.append(b'Transfer-Encoding: chunked')
        body = _chunked(body)
    elif made.framing != 'none':
        start, lines, body = _lying(made, start, lines, body, host)
    end = b'\n' if made.framing == 'bare LF' else b'\r\n'
    return end.join((start, *lines, b'', b'')) + body


def _chunked(body: bytes, size: int = 700) -> bytes:
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    return b''.join(b'%x\r\n%s\r\n' % (len(part), part) for part in parts) + b'0\r\n\r\n'


def _lying(made, start, lines, body, host):
    length, chunked = b'Content-Length: ', b'Transfer-Encoding: chunked'
    right = length + b'%d' % len(body)
    told = {
        'too long': [length + b'%d' % (len(body) + 50)],
        'too short': [length + b'%d' % (len(body) // 2)],
        'negative': [length + b'-5'], 'words': [length + b'ten'], 'twice': [right, length + b'3'],
        'both': [right, chunked], 'no length': [], 'bad chunk': [chunked],
        'half a chunk': [chunked], 'two hosts': [right, b'Host: ' + host], 'plus': [
            length + b'+%d' % len(body)],
        'huge length': [length + b'9' * 400], 'chunked twice': [chunked + b', chunked'],
        'folded': [right, b'X-Folded: a', b' b'], 'no colon': [right, b'NoColonHere'],
    }.get(made.framing, [right])
    if made.framing == 'bad chunk':
        body = b'-1\r\n' + body + b'\r\nzz\r\n'
    elif made.framing == 'half a chunk':
        body = b'ffff\r\n' + body
    elif made.framing in ('HTTP/1.0', 'HTTP/9'):
        start = start.replace(b'HTTP/1.1', {'HTTP/9': b'HTTP/9.9'}.get(made.framing, b'HTTP/1.0'))
    elif made.framing == 'no version':
        start = start.replace(b' HTTP/1.1', b'')
    elif made.framing == 'absolute':
        start = start.replace(b' /', b' http://evil.example/', 1)
    elif made.framing == 'nothing':
        return b'', [], b''
    return start, lines + told, body
