"""The load: requests signed and laid out beforehand, sent by a process of its own.

`python -m bench.load FILE CONNECTIONS` reads the requests, prints `ready`, waits for a line and
sends them all, each sender its next one as soon as the last is answered. Promise: nothing is built,
signed or encoded while the clock runs, and the process tells its own CPU seconds, so that a load
that were the bottleneck would show. A connection is used again for as long as the server keeps it
(Odoo's prefork workers close theirs after each answer). Weakness: senders wait for answers, so a
slow server gets fewer requests, and its own queue never grows longer than the number of senders.
"""

from __future__ import annotations

import itertools
import json
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from devkit.layout import this_checkout

from .statistics import percentile

LENGTH = struct.Struct(">I")
TIMEOUT = 60


@dataclass(frozen=True)
class Report:
    """What came of a load. `seconds` are of each request, from the connection to the last byte."""

    wall: float
    cpu: float
    statuses: Mapping[str, int]
    seconds: Sequence[float]

    def ms(self, share: float) -> float:
        """A percentile of the answers' times."""
        return 1000 * percentile(self.seconds, share)

    def extras(self) -> dict[str, float]:
        return {
            "p50_ms": self.ms(0.5),
            "p95_ms": self.ms(0.95),
            "p99_ms": self.ms(0.99),
            "load_cpu_share": self.cpu / self.wall,
        }


def post(url: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """The bytes of a POST."""
    parts = urlsplit(url)
    lines = [
        f"POST {parts.path} HTTP/1.1",
        f"Host: {parts.netloc}",
        f"Content-Length: {len(body)}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


@contextmanager
def loaded(requests: Sequence[bytes], address: str, connections: int) -> Iterator[Load]:
    """A process with everything read, waiting for :meth:`Load.go`. `address` is `host:port`."""
    with tempfile.NamedTemporaryFile(prefix="saas_sync-load-") as file:
        file.write(b"".join(LENGTH.pack(len(one)) + one for one in requests))
        file.flush()
        command = [sys.executable, "-m", "bench.load", file.name, address, str(connections)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, cwd=this_checkout().checkout, text=True, **pipes) as process:
            try:
                process.stdout.readline()
                yield Load(process)
            finally:
                process.kill()


class Load:
    """A load that is ready."""

    def __init__(self, process: subprocess.Popen):
        self._process = process

    def go(self) -> Report:
        """Send everything; return when the last answer is here."""
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("The process that sends the load has ended.")
        return Report(**json.loads(answer))


# --- the process ---


class Sender(threading.Thread):
    """Sends its share of the requests one after the other."""

    def __init__(self, address: tuple[str, int], requests: Sequence[bytes], places: Iterator[int]):
        super().__init__(daemon=True)
        self._address, self._requests, self._places = address, requests, places
        self._connection: socket.socket | None = None
        self.statuses: Counter[str] = Counter()
        self.seconds: list[float] = []

    def run(self) -> None:
        for place in self._places:
            if place >= len(self._requests):
                return
            begun = time.perf_counter()
            self.statuses[self._send(self._requests[place])] += 1
            self.seconds.append(time.perf_counter() - begun)

    def _send(self, request: bytes) -> str:
        """The status of the answer, or what went wrong instead."""
        try:
            if self._connection is None:
                self._connection = socket.create_connection(self._address, TIMEOUT)
                self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection.sendall(request)
            status, stays = _answer(self._connection)
        except OSError as error:
            status, stays = type(error).__name__, False
        if not stays and self._connection is not None:
            self._connection.close()
            self._connection = None
        return status


def _answer(connection: socket.socket) -> tuple[str, bool]:
    """The status of one answer, read to its end, and whether the connection stays open."""
    received = b""
    while b"\r\n\r\n" not in received:
        more = connection.recv(65536)
        if not more:
            return "closed", False
        received += more
    head, _blank, body = received.partition(b"\r\n\r\n")
    fields = head.lower().split(b"\r\n")
    length = next((int(f[15:]) for f in fields if f.startswith(b"content-length:")), None)
    stays = length is not None and fields[0].startswith(b"http/1.1")
    stays = stays and b"connection: close" not in fields
    while length is None or len(body) < length:
        more = connection.recv(65536)
        if not more:
            break
        body += more
    return fields[0].split()[1].decode(), stays


def read(path: Path) -> list[bytes]:
    data, found, at = path.read_bytes(), [], 0
    while at < len(data):
        (length,) = LENGTH.unpack_from(data, at)
        found.append(data[at + LENGTH.size : at + LENGTH.size + length])
        at += LENGTH.size + length
    return found


def send(requests: Sequence[bytes], address: tuple[str, int], connections: int) -> dict:
    """Send them all; the fields of a :class:`Report`."""
    places = itertools.count()  # next() of it is atomic: no two senders get the same place
    senders = [Sender(address, requests, places) for _number in range(connections)]
    wall, cpu = time.perf_counter(), time.process_time()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return {
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "statuses": sum((sender.statuses for sender in senders), Counter()),
        "seconds": [one for sender in senders for one in sender.seconds],
    }


def main(path: str, address: str, connections: str) -> None:
    requests = read(Path(path))
    host, _colon, port = address.rpartition(":")
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(send(requests, (host, int(port)), int(connections))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
