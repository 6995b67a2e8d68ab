"""Sends webhooks as SaaS providers do.

Promise: messages go out in batches, several in flight, at least once, in no order; anything but an
accepted answer in time is retried on a schedule with the attempt counted. Messages of different
groups (``group``) never travel together. Options: :class:`Settings`. Weakness: the schedule is
time-compressed and nothing survives the process.
"""

from __future__ import annotations

import heapq
import itertools
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol

import requests

from .clock import Clock, iso


@dataclass
class Settings:
    """How deliveries are made. Times in seconds; ``retry_s`` has one entry a retry."""

    url: str | None = None
    signed_url: str | None = None
    concurrency: int = 10
    timeout_s: float = 5.0
    max_batch: int = 100
    window_s: float = 0.05
    retry_s: tuple[float, ...] = (0.5, 1, 2, 4, 8, 15, 30, 30, 60, 60)
    shuffle: bool = True
    duplicate_rate: float = 0.0
    paused: bool = False
    seed: int = 0


class Format(Protocol):
    """How a provider words a delivery."""

    def render(self, messages: list[dict], attempt: int, url: str) -> tuple[bytes, dict[str, str]]:
        """The body and the headers, signed for ``url``."""

    def accepted(self, status: int, body: bytes) -> bool:
        """Whether the receiver took the delivery."""


@dataclass(order=True)
class Parcel:
    """Messages that travel together; ``raw`` overrides what the format would render."""

    due: float
    n: int
    messages: list[dict] = field(compare=False)
    attempt: int = field(compare=False, default=0)
    raw: tuple[bytes, dict[str, str]] | None = field(compare=False, default=None)


class Postman:
    """A pool of delivery threads with a queue; thread-safe."""

    def __init__(
        self,
        form: Format,
        clock: Clock,
        group: Callable[[dict], Hashable] = lambda _message: None,
    ) -> None:
        self.form = form
        self.group = group
        self.clock = clock
        self.settings = Settings()
        self._changed = threading.Condition()
        self._waiting: deque[tuple[float, dict]] = deque()
        self._parcels: list[Parcel] = []
        self._flying = 0  # messages
        self._in_flight = 0  # requests
        self._generation = 0
        self._numbers = itertools.count(1)
        self._threads: list[threading.Thread] = []
        self._stopped = False
        self._rng = random.Random(0)
        self.log: deque[dict[str, Any]] = deque(maxlen=20_000)
        self._logged = 0
        self.counts = {"messages": 0, "without_target": 0, "given_up": 0}

    def configure(self, settings: Settings) -> None:
        """Use other settings from now on."""
        with self._changed:
            self.settings = settings
            self._rng = random.Random(settings.seed)
            self._changed.notify_all()

    def reset(self) -> None:
        """Drop what waits and forget the log; what flies is not reported any more."""
        with self._changed:
            self._waiting.clear()
            self._parcels.clear()
            self._generation += 1
            self._flying = 0
            self.log.clear()
            self._logged = 0
            self.counts = dict.fromkeys(self.counts, 0)
            self._changed.notify_all()

    def stop(self) -> None:
        """End the threads; nothing more is sent."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def post(self, messages: list[dict]) -> None:
        """Queue messages; without a target they are counted and dropped, as at the SaaS."""
        with self._changed:
            self.counts["messages"] += len(messages)
            if self.settings.url is None:
                self.counts["without_target"] += len(messages)
                return
            now = time.monotonic()
            self._waiting.extend((now, message) for message in messages)
            copies = [m for m in messages if self._rng.random() < self.settings.duplicate_rate]
            for together in self._by_group(copies):
                self._push(Parcel(now + self.settings.window_s, next(self._numbers), together))
            self._work_can_start()

    def post_raw(self, body: bytes, headers: dict[str, str]) -> None:
        """Queue a delivery with exactly these bytes; it is tried once."""
        with self._changed:
            parcel = Parcel(time.monotonic(), next(self._numbers), [], raw=(body, headers))
            self._push(parcel)
            self._work_can_start()

    @property
    def pending(self) -> int:
        """Messages not yet accepted or given up, and raw deliveries not yet tried."""
        with self._changed:
            return self._pending()

    def flush(self, timeout_s: float) -> bool:
        """Make everything due now and wait until nothing is pending; False on time-out."""
        limit = time.monotonic() + timeout_s
        with self._changed:
            while self._pending():
                self._everything_due()
                left = limit - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.2))
        return True

    # -- inside the lock

    def _pending(self) -> int:
        queued = sum(len(parcel.messages) or 1 for parcel in self._parcels)
        return len(self._waiting) + queued + self._flying

    def _push(self, parcel: Parcel) -> None:
        heapq.heappush(self._parcels, parcel)

    def _everything_due(self) -> None:
        for parcel in self._parcels:
            parcel.due = 0.0
        heapq.heapify(self._parcels)
        self._waiting = deque((0.0, message) for _at, message in self._waiting)
        self._changed.notify_all()

    def _work_can_start(self) -> None:
        while len(self._threads) < self.settings.concurrency:
            thread = threading.Thread(target=self._run, daemon=True)
            self._threads.append(thread)
            thread.start()
        self._changed.notify()

    def _next(self) -> Parcel | float | None:
        """A parcel that is due, or seconds until one is, or None when nothing waits."""
        settings, now = self.settings, time.monotonic()
        if settings.paused or settings.url is None or self._in_flight >= settings.concurrency:
            return None
        if self._parcels and self._parcels[0].due <= now:
            return heapq.heappop(self._parcels)
        waits = [self._parcels[0].due - now] if self._parcels else []
        if self._waiting:
            age = now - self._waiting[0][0]
            if age >= settings.window_s or len(self._waiting) >= settings.max_batch:
                return self._packed()
            waits.append(settings.window_s - age)
        return min(waits) if waits else None

    def _packed(self) -> Parcel:
        group = self.group(self._waiting[0][1])
        messages: list[dict] = []
        others: list[tuple[float, dict]] = []
        while self._waiting and len(messages) < self.settings.max_batch:
            at, message = self._waiting.popleft()
            if self.group(message) == group:
                messages.append(message)
            else:
                others.append((at, message))
        self._waiting.extendleft(reversed(others))
        if self.settings.shuffle:
            self._rng.shuffle(messages)
        return Parcel(0.0, next(self._numbers), messages)

    def _by_group(self, messages: list[dict]) -> list[list[dict]]:
        groups: dict[Hashable, list[dict]] = {}
        for message in messages:
            groups.setdefault(self.group(message), []).append(message)
        return list(groups.values())

    # -- the threads

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (taken := self._take()) is not None:
                self._deliver(session, *taken)

    def _take(self) -> tuple[Parcel, int] | None:
        with self._changed:
            while not self._stopped:
                found = self._next()
                if isinstance(found, Parcel):
                    self._flying += len(found.messages) or 1
                    self._in_flight += 1
                    # Somebody else has to watch the clock from here on.
                    self._changed.notify()
                    return found, self._generation
                self._changed.wait(found)
        return None

    def _deliver(self, session: requests.Session, parcel: Parcel, generation: int) -> None:
        settings = self.settings
        url, at = settings.url or "", self.clock.now()
        body, headers = parcel.raw or self.form.render(
            parcel.messages, parcel.attempt, settings.signed_url or url
        )
        begun, status, answer, error = time.perf_counter(), None, b"", None
        try:
            response = session.post(
                url, data=body, headers=headers, timeout=settings.timeout_s, allow_redirects=False
            )
            status, answer = response.status_code, response.content
        except requests.RequestException as problem:
            error = f"{type(problem).__name__}: {problem}"
        ok = status is not None and self.form.accepted(status, answer)
        facts = {"status": status, "accepted": ok, "error": error}
        facts["ms"] = round((time.perf_counter() - begun) * 1000, 1)
        facts["body"] = body.decode("utf-8", "replace")
        with self._changed:
            self._in_flight -= 1
            if generation == self._generation:
                self._land(parcel, {"time": iso(at), "url": url, **facts})
            self._changed.notify_all()

    def _land(self, parcel: Parcel, facts: dict[str, Any]) -> None:
        self._flying -= len(parcel.messages) or 1
        self._logged += 1
        attempt = {"n": self._logged, "attempt": parcel.attempt, "messages": len(parcel.messages)}
        self.log.append(attempt | facts)
        if not facts["accepted"] and parcel.raw is None:
            self._again(parcel)

    def _again(self, parcel: Parcel) -> None:
        if parcel.attempt >= len(self.settings.retry_s):
            self.counts["given_up"] += len(parcel.messages)
            return
        delay = self.settings.retry_s[parcel.attempt] * self._rng.uniform(0.8, 1.2)
        due = time.monotonic() + delay
        self._push(Parcel(due, next(self._numbers), parcel.messages, parcel.attempt + 1))
