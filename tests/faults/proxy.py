"""A TCP proxy with weather: what networks do to connections, between two programs of ours.

Promises: every connection passes through unchanged while no fault is set; a fault holds for all
connections, those already open included, until `clear`. When one end goes, the other end learns it
at once. The proxy runs in a thread of its own and serves both ways of every connection.

==================  ==============================================================================
fault               what happens
==================  ==============================================================================
`latency`           every chunk comes so many seconds later, plus up to `jitter` (both ways)
`bandwidth`         bytes a second, each way of each connection
`down`              new connections are refused, the open ones are reset
`black_hole`        nothing passes and nobody is told; what was sent arrives when it is lifted
`slow_close`        the other end learns of a close so many seconds late
`truncate`          an answer ends after so many bytes, with a close
`drop_answers`      so many requests that fit `match` go through, and instead of the answer their
                    sender gets a reset: commit, then drop
==================  ==============================================================================

Weakness: a chunk is what one read returned; a request that spans chunks is matched by its first.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
import socket
import struct
import threading
from dataclasses import dataclass

CHUNK = 65536
#: SO_LINGER on with a time of zero: a close sends a reset.
RESET = struct.pack("ii", 1, 0)


@dataclass
class Weather:
    """The faults in force; all off by default."""

    latency: float = 0
    jitter: float = 0
    bandwidth: float = 0
    down: bool = False
    black_hole: bool = False
    slow_close: float = 0
    truncate: int = 0
    drop_answers: int = 0
    match: bytes = b""


class Proxy:
    """Listens on `port` of the loopback interface and connects to `target`: the path of a Unix
    socket, or host and port. `dropped` counts the answers that were dropped.
    """

    def __init__(self, target: str | tuple[str, int], seed: int = 0):
        self._target = target
        self._rng = random.Random(seed)
        self._weather = Weather()
        self._pattern = re.compile(b"")
        self._wires: set[_Wire] = set()
        self._loop = asyncio.new_event_loop()
        self._calm = asyncio.Event()
        self.dropped = 0
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.port = self._do(self._listen())

    @property
    def weather(self) -> Weather:
        return self._weather

    def set(self, **faults) -> None:
        """Put these faults in force instead of all others."""
        self._do(self._change(Weather(**faults)))

    def clear(self) -> None:
        self.set()

    def reset(self) -> int:
        """Reset every open connection, both ends; return how many there were."""
        return self._do(self._reset())

    @property
    def open(self) -> int:
        return len(self._wires)

    def close(self) -> None:
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    # --- in the thread ------------------------------------------------------------------------

    def _do(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _listen(self) -> int:
        self._calm.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return self._server.sockets[0].getsockname()[1]

    async def _change(self, weather: Weather) -> None:
        self._weather, self._pattern = weather, re.compile(weather.match)
        if weather.black_hole:
            self._calm.clear()
        else:
            self._calm.set()
        if weather.down:
            await self._reset()

    async def _reset(self) -> int:
        wires = list(self._wires)
        for wire in wires:
            wire.reset()
        return len(wires)

    async def _end(self) -> None:
        self._server.close()
        await self._reset()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept(self, reader, writer) -> None:
        if self._weather.down:
            _abort(writer)
            return
        try:
            far = await self._connect()
        except OSError:
            _abort(writer)
            return
        wire = _Wire(self, (reader, writer), far)
        self._wires.add(wire)
        with contextlib.suppress(asyncio.CancelledError):  # the end of the proxy
            await wire.run()
        self._wires.discard(wire)

    async def _connect(self):
        if isinstance(self._target, str):
            return await asyncio.open_unix_connection(self._target)
        return await asyncio.open_connection(*self._target)

    def takes_answer(self, request: bytes) -> bool:
        """Whether the answer to this request is one that gets lost."""
        weather = self._weather
        if weather.drop_answers and self._pattern.search(request):
            weather.drop_answers -= 1
            return True
        return False

    async def weathered(self, size: int) -> None:
        """Wait as long as a chunk of this size takes now."""
        await self._calm.wait()
        weather = self._weather
        delay = weather.latency + self._rng.uniform(0, weather.jitter)
        if weather.bandwidth:
            delay += size / weather.bandwidth
        if delay:
            await asyncio.sleep(delay)


class _Wire:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, near, far):
        self._proxy, self._near, self._far = proxy, near, far
        self._doomed = False

    async def run(self) -> None:
        """Pump both ways until one end goes."""
        there = asyncio.ensure_future(self._pump(self._near[0], self._far[1], self._request))
        back = asyncio.ensure_future(self._pump(self._far[0], self._near[1], self._answer))
        await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        if self._proxy.weather.slow_close:
            await asyncio.sleep(self._proxy.weather.slow_close)
        for task in (there, back):
            task.cancel()
        await asyncio.gather(there, back, return_exceptions=True)
        for _, writer in (self._near, self._far):
            writer.close()

    def reset(self) -> None:
        for _, writer in (self._near, self._far):
            _abort(writer)

    async def _pump(self, reader, writer, look) -> None:
        try:
            while data := await reader.read(CHUNK):
                await self._proxy.weathered(len(data))
                data, goes_on = look(data)
                writer.write(data)
                await writer.drain()
                if not goes_on:
                    return
        except OSError:
            return

    def _request(self, data: bytes) -> tuple[bytes, bool]:
        self._doomed = self._doomed or self._proxy.takes_answer(data)
        return data, True

    def _answer(self, data: bytes) -> tuple[bytes, bool]:
        if self._doomed:
            self._proxy.dropped += 1
            self.reset()
            return b"", False
        limit = self._proxy.weather.truncate
        return (data[:limit], False) if limit else (data, True)


def _abort(writer) -> None:
    """Close with a reset instead of a farewell."""
    found = writer.get_extra_info("socket")
    is_open = found is not None and found.fileno() != -1  # the other side may have been faster
    if is_open and found.family != socket.AF_UNIX:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
